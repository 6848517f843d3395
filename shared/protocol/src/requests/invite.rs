//! `invite`: invite more users.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::address::UserId;
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use crate::limits::RING_SECONDS;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Invites more users during a call; a direct meeting becomes a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invite {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Users to invite, without duplicates and without the sender.
    #[cfg_attr(
        feature = "schema",
        schemars(length(min = 1, max = crate::limits::MAX_INVITEES), extend("uniqueItems" = true))
    )]
    pub invitees: Vec<UserId>,
    /// Seconds that the invitations ring; if absent, the value of the create request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = *RING_SECONDS.start(), max = *RING_SECONDS.end())))]
    pub ring_seconds: Option<u32>,
    /// Object of the app, at most 2 KB as JSON. The offers contain it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

impl Request for Invite {
    const INFO: RequestInfo = RequestInfo {
        kind: "invite",
        function: Function::Invite,
        answered_by: &["invitation_result"],
        refusals: &[Code::Forbidden, Code::MeetingFull, Code::Locked, Code::TooManyInvitees],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Alice adds Carol, who has no device, to the call",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: Some("invitation_result"),
            message: r#"{"v":1,"type":"invite","id":"sample-invite","meeting_id":"$MEETING","invitees":["carol"]}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"invite","id":"v1","meeting_id":"$MEETING","invitees":["dave"],"ring_seconds":30,"ext":{"ticket":"A-17"}}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        if self.invitees.is_empty() {
            return Err(Invalid::new("invitees", "name at least one invitee"));
        }
        check::invitees(&self.invitees)?;
        check::range("ring_seconds", self.ring_seconds, &RING_SECONDS)?;
        check::ext(self.ext.as_ref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
