//! `settings`: read the own settings.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Requests the sender's settings: blocked users, who may call, and whether calls ring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadSettings {}

impl Request for ReadSettings {
    const INFO: RequestInfo = RequestInfo {
        kind: "settings",
        function: Function::Settings,
        answered_by: &["settings"],
        refusals: &[],
        note: "Lists that do not fit into one message come in pages.",
        out_of_turn: false,
        sample: Sample {
            about: "Bob's settings",
            sender: sample::BOB,
            after: Some("settings.block_user"),
            answer: Some("settings"),
            message: r#"{"v":1,"type":"settings","id":"sample-settings"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}
