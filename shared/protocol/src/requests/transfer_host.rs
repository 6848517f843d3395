//! `transfer_host`: make another user host.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::address::UserId;
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Makes another user host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TransferHost {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// User who becomes host.
    pub user_id: UserId,
}

impl Request for TransferHost {
    const INFO: RequestInfo = RequestInfo {
        kind: "transfer_host",
        function: Function::Moderate,
        answered_by: &["host_changed"],
        refusals: &[Code::NotHost, Code::UserNotFound],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Alice makes Bob host",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: Some("host_changed"),
            message: r#"{"v":1,"type":"transfer_host","id":"sample-transfer","meeting_id":"$MEETING","user_id":"bob"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
