//! `set_role`: make a user cohost or member.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::address::UserId;
use crate::code::Code;
use crate::id::MeetingId;
use crate::object::Role;
use serde::{Deserialize, Serialize};

/// Role that a host can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GivenRole {
    /// Helps the host.
    Cohost,
    /// Has no moderation rights.
    Member,
}

impl From<GivenRole> for Role {
    fn from(role: GivenRole) -> Self {
        match role {
            GivenRole::Cohost => Self::Cohost,
            GivenRole::Member => Self::Member,
        }
    }
}

/// Makes a user a cohost, or a member again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetRole {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// User whose role changes.
    pub user_id: UserId,
    /// New role. Use `transfer_host` to make a user host.
    pub role: GivenRole,
}

impl Request for SetRole {
    const INFO: RequestInfo = RequestInfo {
        kind: "set_role",
        function: Function::Moderate,
        answered_by: &["participant_updated"],
        refusals: &[Code::NotHost, Code::UserNotFound, Code::StateConflict],
        note: "`state_conflict`: the user is the host; use `transfer_host` first.",
        out_of_turn: false,
        sample: Sample {
            about: "Alice makes Bob a cohost",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: Some("participant_updated"),
            message: r#"{"v":1,"type":"set_role","id":"sample-role","meeting_id":"$MEETING","user_id":"bob","role":"cohost"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
