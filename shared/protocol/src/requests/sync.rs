//! `sync`: get the present state.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Requests the present state of one meeting, or of all live meetings of the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncState {
    /// Meeting; if absent, all live meetings that the user is in or invited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
}

impl Request for SyncState {
    const INFO: RequestInfo = RequestInfo {
        kind: "sync",
        function: Function::Sync,
        answered_by: &["state"],
        refusals: &[],
        note: "The answer comes on the bulk topic, an error on the control topic.",
        out_of_turn: false,
        sample: Sample {
            about: "Bob's phone requests the present state; the answer comes on the bulk topic",
            sender: sample::BOB,
            after: Some("create-meeting"),
            answer: Some("state"),
            message: r#"{"v":1,"type":"sync","id":"sample-sync"}"#,
        },
        more_examples: &[r#"{"v":1,"type":"sync","id":"y1","meeting_id":"$MEETING"}"#],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        self.meeting_id.as_ref()
    }
}
