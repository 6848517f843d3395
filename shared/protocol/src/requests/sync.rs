//! `sync`: get the present state.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::id::MeetingId;
use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};

/// Requests the present state of one meeting, or of all live meetings of the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncState {
    /// Meeting; if absent, all live meetings that the user is in or invited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// Also requests the calls that the user missed since this time, in milliseconds since the epoch by the
    /// service's clock. Use the `server_ms` of the last `state` that listed missed calls, or 0. Not allowed
    /// together with `meeting_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub missed_since_ms: Option<i64>,
}

impl Request for SyncState {
    const INFO: RequestInfo = RequestInfo {
        kind: "sync",
        function: Function::Sync,
        answered_by: &["state"],
        refusals: &[],
        note: "The answer is published to the bulk topic, an error to the control topic.",
        out_of_turn: false,
        sample: Sample {
            about: "Bob's phone requests the present state; the answer is published to the bulk topic",
            sender: sample::BOB,
            after: Some("create-meeting"),
            answer: Some("state"),
            message: r#"{"v":1,"type":"sync","id":"sample-sync"}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"sync","id":"y1","meeting_id":"$MEETING"}"#,
            r#"{"v":1,"type":"sync","id":"y2","missed_since_ms":1795366084000}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        match (self.missed_since_ms, &self.meeting_id) {
            (Some(..0), _) => Err(Invalid::new("missed_since_ms", "send a time of 0 or more")),
            (Some(_), Some(_)) => Err(Invalid::new(
                "missed_since_ms",
                "omit `meeting_id` to list the missed calls of all meetings",
            )),
            _ => Ok(()),
        }
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        self.meeting_id.as_ref()
    }
}
