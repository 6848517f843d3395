//! `refresh_token`: get a fresh join token.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Requests a fresh join token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshToken {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
}

impl Request for RefreshToken {
    const INFO: RequestInfo = RequestInfo {
        kind: "refresh_token",
        function: Function::Attend,
        answered_by: &["token"],
        refusals: &[Code::NotAdmitted, Code::Banned],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Alice's phone gets a fresh join token",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: Some("token"),
            message: r#"{"v":1,"type":"refresh_token","id":"sample-token","meeting_id":"$MEETING"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
