//! `silence`: stop the ring of one device.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::{InviteId, MeetingId};
use serde::{Deserialize, Serialize};

/// Stops the ring of this device. The other devices of the user continue to ring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Silence {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Invitation that the offer named.
    pub invite_id: InviteId,
}

impl Request for Silence {
    const INFO: RequestInfo = RequestInfo {
        kind: "silence",
        function: Function::Answer,
        answered_by: &["ok"],
        refusals: &[Code::InvitationNotFound],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Bob silences this phone; his other devices continue to ring",
            sender: sample::BOB,
            after: Some("create-meeting"),
            answer: Some("ok"),
            message: r#"{"v":1,"type":"silence","id":"sample-silence","meeting_id":"$MEETING","invite_id":"$INVITE"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
