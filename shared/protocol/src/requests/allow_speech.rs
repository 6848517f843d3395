//! `allow_speech`: return the right to speak.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use crate::object::UserOrAll;
use serde::{Deserialize, Serialize};

/// Returns the right to speak to one user, or to all users in the meeting except the host and the sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AllowSpeech {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// User who may speak again; `"*"` means all users in the meeting except the host and the sender.
    pub user_id: UserOrAll,
}

impl Request for AllowSpeech {
    const INFO: RequestInfo = RequestInfo {
        kind: "allow_speech",
        function: Function::Moderate,
        answered_by: &["speech_changed"],
        refusals: &[Code::NotHost, Code::UserNotFound, Code::SpeechBlocked],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Alice lets all users speak again",
            sender: sample::ALICE,
            after: Some("moderate.mute"),
            answer: Some("speech_changed"),
            message: r#"{"v":1,"type":"allow_speech","id":"sample-allow","meeting_id":"$MEETING","user_id":"*"}"#,
        },
        more_examples: &[],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
