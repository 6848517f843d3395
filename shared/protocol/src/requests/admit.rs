//! `admit`: admit users from the lobby.

use super::{Function, LobbyUsers, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};

/// Admits users who wait in the lobby.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Admit {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Users to admit; `"*"` means all users in the lobby.
    pub users: LobbyUsers,
}

impl Request for Admit {
    const INFO: RequestInfo = RequestInfo {
        kind: "admit",
        function: Function::Moderate,
        answered_by: &["lobby_updated"],
        refusals: &[Code::NotHost, Code::MeetingFull],
        note: "`meeting_full`: no seat was free for any of the users; otherwise the answer lists the result for each user.",
        out_of_turn: false,
        sample: Sample {
            about: "Alice admits Dave",
            sender: sample::ALICE,
            after: Some("attend.join"),
            answer: Some("lobby_updated"),
            message: r#"{"v":1,"type":"admit","id":"sample-admit","meeting_id":"$MEETING","users":["dave"]}"#,
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
