//! `deny`: refuse users in the lobby.

use super::{Function, LobbyUsers, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};

/// Refuses users who wait in the lobby.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deny {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Users to refuse; `"*"` means all users in the lobby.
    pub users: LobbyUsers,
    /// True to ban the users, who then cannot ask to join again. A user who is refused for the second time is
    /// banned in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ban: Option<bool>,
}

impl Request for Deny {
    const INFO: RequestInfo = RequestInfo {
        kind: "deny",
        function: Function::Moderate,
        answered_by: &["lobby_updated"],
        refusals: &[Code::NotHost],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Alice refuses all users in the lobby",
            sender: sample::ALICE,
            after: Some("attend.join"),
            answer: Some("lobby_updated"),
            message: r#"{"v":1,"type":"deny","id":"sample-deny","meeting_id":"$MEETING","users":"*"}"#,
        },
        more_examples: &[],
    };

    fn check(&self) -> Result<(), Invalid> {
        self.users.check()
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
