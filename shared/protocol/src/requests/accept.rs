//! `accept`: accept an invitation.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::{InviteId, MeetingId};
use crate::object::Media;
use serde::{Deserialize, Serialize};

/// Accepts an invitation on this device, which gets the user's seat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Accept {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Invitation that the offer named.
    pub invite_id: InviteId,
    /// Media that the device will send at first. `participant.media` shows it until the device reports its
    /// media.
    pub media: Media,
}

impl Request for Accept {
    const INFO: RequestInfo = RequestInfo {
        kind: "accept",
        function: Function::Answer,
        answered_by: &["invitation_accepted"],
        refusals: &[
            Code::InvitationNotFound,
            Code::AlreadyAnswered,
            Code::InvitationCancelled,
            Code::InvitationExpired,
            Code::MeetingFull,
            Code::Banned,
        ],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Bob accepts the call",
            sender: sample::BOB,
            after: Some("create-meeting"),
            answer: Some("invitation_accepted"),
            message: r#"{"v":1,"type":"accept","id":"sample-accept","meeting_id":"$MEETING","invite_id":"$INVITE","media":"audio"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
