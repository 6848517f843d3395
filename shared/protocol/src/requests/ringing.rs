//! `ringing`: report that a device rings.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::{InviteId, MeetingId};
use serde::{Deserialize, Serialize};

/// Reports that this device rings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ringing {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Invitation that the offer named.
    pub invite_id: InviteId,
}

impl Request for Ringing {
    const INFO: RequestInfo = RequestInfo {
        kind: "ringing",
        function: Function::Answer,
        answered_by: &[],
        refusals: &[
            Code::InvitationNotFound,
            Code::AlreadyAnswered,
            Code::InvitationCancelled,
            Code::InvitationExpired,
            Code::Banned,
        ],
        note: "The device stops ringing after any error.",
        out_of_turn: false,
        sample: Sample {
            about: "Bob's phone reports that it rings",
            sender: sample::BOB,
            after: Some("create-meeting"),
            answer: None,
            message: r#"{"v":1,"type":"ringing","id":"sample-ringing","meeting_id":"$MEETING","invite_id":"$INVITE"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
