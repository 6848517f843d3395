//! `rejoin`: return to a seat.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Returns to a seat after the device lost the media or the connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rejoin {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
}

impl Request for Rejoin {
    const INFO: RequestInfo = RequestInfo {
        kind: "rejoin",
        function: Function::Attend,
        answered_by: &["joined"],
        refusals: &[Code::NotAdmitted, Code::Banned],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Bob's phone returns to its seat",
            sender: sample::BOB,
            after: Some("answer.accept"),
            answer: Some("joined"),
            message: r#"{"v":1,"type":"rejoin","id":"sample-rejoin","meeting_id":"$MEETING"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
