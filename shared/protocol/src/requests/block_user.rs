//! `block_user`: refuse the calls of a user.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::address::UserId;
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Blocks a user, whose calls and invitations no longer reach the sender. The blocked user gets the same
/// notices as a caller whose callee has do-not-disturb.
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
        note: "Blocking a blocked user changes nothing. `too_many`: 1000 users are blocked.",
        out_of_turn: false,
        sample: Sample {
            about: "Bob blocks the calls of Dave",
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
