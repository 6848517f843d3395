//! `lower_hand`: lower a hand.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Lowers the hand of the sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LowerHand {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
}

impl Request for LowerHand {
    const INFO: RequestInfo = RequestInfo {
        kind: "lower_hand",
        function: Function::Attend,
        answered_by: &["hand_changed"],
        refusals: &[Code::NotAdmitted, Code::Banned],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Bob lowers his hand",
            sender: sample::BOB,
            after: Some("attend.raise_hand"),
            answer: Some("hand_changed"),
            message: r#"{"v":1,"type":"lower_hand","id":"sample-lower","meeting_id":"$MEETING"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
