//! `unmute_self`: unmute after a soft mute.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Ends a soft mute of the sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnmuteSelf {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
}

impl Request for UnmuteSelf {
    const INFO: RequestInfo = RequestInfo {
        kind: "unmute_self",
        function: Function::Attend,
        answered_by: &["speech_changed"],
        refusals: &[Code::SpeechBlocked, Code::NotAdmitted, Code::Banned],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Bob unmutes after a soft mute",
            sender: sample::BOB,
            after: Some("answer.accept"),
            answer: Some("speech_changed"),
            message: r#"{"v":1,"type":"unmute_self","id":"sample-unmute","meeting_id":"$MEETING"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
