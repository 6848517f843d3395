//! `settings`: read the sender's settings.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Requests the sender's settings: blocked users, users who may call, and do-not-disturb.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadSettings {}

impl Request for ReadSettings {
    const INFO: RequestInfo = RequestInfo {
        kind: "settings",
        function: Function::Settings,
        answered_by: &["settings"],
        refusals: &[],
        note: "If the lists do not fit into one message, the answer comes in pages.",
        out_of_turn: false,
        sample: Sample {
            about: "Bob reads his settings",
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
