//! `cancel_invite`: cancel invitations.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::address::UserId;
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};

/// Cancels pending invitations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CancelInvite {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Invitees; if absent, all invitees with a pending invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_INVITEES), extend("uniqueItems" = true)))]
    pub invitees: Option<Vec<UserId>>,
}

impl Request for CancelInvite {
    const INFO: RequestInfo = RequestInfo {
        kind: "cancel_invite",
        function: Function::Invite,
        answered_by: &["invitation_result"],
        refusals: &[Code::Forbidden, Code::AlreadyAnswered],
        note: "`already_answered`: no named user has a pending invitation.",
        out_of_turn: true,
        sample: Sample {
            about: "Alice cancels the call before Bob answers",
            sender: sample::ALICE,
            after: Some("create-meeting"),
            answer: Some("invitation_result"),
            message: r#"{"v":1,"type":"cancel_invite","id":"sample-cancel","meeting_id":"$MEETING"}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"cancel_invite","id":"v2","meeting_id":"$MEETING","invitees":["dave"]}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        self.invitees.as_deref().map_or(Ok(()), check::invited)
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
