//! `leave`: hang up.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Leaves the meeting. A direct meeting ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Leave {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
}

impl Request for Leave {
    const INFO: RequestInfo = RequestInfo {
        kind: "leave",
        function: Function::Attend,
        answered_by: &["ok"],
        refusals: &[],
        note: "",
        out_of_turn: true,
        sample: Sample {
            about: "Alice hangs up, which ends the direct call",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: Some("ok"),
            message: r#"{"v":1,"type":"leave","id":"sample-leave","meeting_id":"$MEETING"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
