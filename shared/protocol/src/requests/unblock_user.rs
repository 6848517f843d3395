//! `unblock_user`: end the block of a user.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::address::UserId;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Ends the block of a user. Calls that the user made before the end stay silent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnblockUser {
    /// Blocked user.
    pub user_id: UserId,
}

impl Request for UnblockUser {
    const INFO: RequestInfo = RequestInfo {
        kind: "unblock_user",
        function: Function::Settings,
        answered_by: &["settings"],
        refusals: &[],
        note: "Unblocking a user who is not blocked changes nothing.",
        out_of_turn: false,
        sample: Sample {
            about: "Bob unblocks Dave",
            sender: sample::BOB,
            after: Some("settings.block_user"),
            answer: Some("settings"),
            message: r#"{"v":1,"type":"unblock_user","id":"sample-unblock","user_id":"dave"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}
