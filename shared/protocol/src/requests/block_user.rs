//! `block_user`: take no more calls of a user.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::address::UserId;
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Blocks a user, whose calls and invitations do not reach the sender from then on. The blocked user gets the notices of a
/// caller whose callee sleeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BlockUser {
    /// User to block.
    pub user_id: UserId,
}

impl Request for BlockUser {
    const INFO: RequestInfo = RequestInfo {
        kind: "block_user",
        function: Function::Settings,
        answered_by: &["settings"],
        refusals: &[Code::TooMany],
        note: "A user who is blocked already stays blocked. `too_many`: 1000 users are blocked.",
        out_of_turn: false,
        sample: Sample {
            about: "Bob takes no more calls of Dave",
            sender: sample::BOB,
            after: None,
            answer: Some("settings"),
            message: r#"{"v":1,"type":"block_user","id":"sample-block","user_id":"dave"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}
