//! `raise_hand`: raise a hand.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Raises the hand of the sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RaiseHand {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
}

impl Request for RaiseHand {
    const INFO: RequestInfo = RequestInfo {
        kind: "raise_hand",
        function: Function::Attend,
        answered_by: &["hand_changed"],
        refusals: &[Code::NotAdmitted, Code::Banned],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Bob raises a hand",
            sender: sample::BOB,
            after: Some("answer.accept"),
            answer: Some("hand_changed"),
            message: r#"{"v":1,"type":"raise_hand","id":"sample-raise","meeting_id":"$MEETING"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
