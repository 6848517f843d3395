//! `reject`: decline an invitation.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::code::Code;
use crate::id::{InviteId, MeetingId};
use crate::invalid::Invalid;
use crate::object::RejectReason;
use serde::{Deserialize, Serialize};

/// Declines an invitation for all devices of the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reject {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Invitation that the offer named.
    pub invite_id: InviteId,
    /// Reason. The inviter and the members of the meeting receive it.
    pub reason: RejectReason,
    /// Text of the user. The inviter and the members of the meeting receive it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::shown::optional")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub text: Option<String>,
}

impl Request for Reject {
    const INFO: RequestInfo = RequestInfo {
        kind: "reject",
        function: Function::Answer,
        answered_by: &["ok"],
        refusals: &[
            Code::InvitationNotFound,
            Code::AlreadyAnswered,
            Code::InvitationCancelled,
            Code::InvitationExpired,
            Code::Banned,
        ],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Bob declines",
            sender: sample::BOB,
            after: Some("create-meeting"),
            answer: Some("ok"),
            message: r#"{"v":1,"type":"reject","id":"sample-reject","meeting_id":"$MEETING","invite_id":"$INVITE","reason":"declined","text":"In a meeting"}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"reject","id":"x1","meeting_id":"$MEETING","invite_id":"$INVITE","reason":"do_not_disturb"}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        check::text("text", self.text.as_deref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
