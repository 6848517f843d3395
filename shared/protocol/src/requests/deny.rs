//! `deny`: turn users away from the lobby.

use super::{Function, LobbyUsers, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};

/// Turns users away who wait in the lobby.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deny {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Users to turn away; `"*"` means all who wait in the lobby.
    pub users: LobbyUsers,
    /// True for a ban: they may not knock once more. A user who is turned away for the second time is banned in any case.
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
            about: "Alice turns away all who wait",
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
