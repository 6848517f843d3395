//! `mute`: mute users.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use crate::limits::FOR_SECONDS;
use crate::object::{SpeechMode, UserOrAll};
use serde::{Deserialize, Serialize};

/// Strength of a mute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MuteMode {
    /// Asks the user to mute; the user may unmute.
    Soft,
    /// Takes away the right to publish audio.
    Hard,
}

impl From<MuteMode> for SpeechMode {
    fn from(mode: MuteMode) -> Self {
        match mode {
            MuteMode::Soft => Self::Soft,
            MuteMode::Hard => Self::Hard,
        }
    }
}

/// Mutes one user, or all users in the meeting except the host and the sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mute {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// User to mute; `"*"` means all users in the meeting except the host and the sender.
    pub user_id: UserOrAll,
    /// Soft or hard.
    pub mode: MuteMode,
    /// Seconds after which a hard mute ends; if absent, it lasts until `allow_speech`. Not allowed with a
    /// soft mute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = *FOR_SECONDS.start(), max = *FOR_SECONDS.end())))]
    pub for_seconds: Option<u32>,
}

impl Request for Mute {
    const INFO: RequestInfo = RequestInfo {
        kind: "mute",
        function: Function::Moderate,
        answered_by: &["speech_changed"],
        refusals: &[Code::NotHost, Code::UserNotFound, Code::Forbidden, Code::SpeechBlocked],
        note: "`forbidden`: the request is a hard mute of the host.",
        out_of_turn: false,
        sample: Sample {
            about: "Alice takes the right to speak from Bob for a minute",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: Some("speech_changed"),
            message: r#"{"v":1,"type":"mute","id":"sample-mute","meeting_id":"$MEETING","user_id":"bob","mode":"hard","for_seconds":60}"#,
        },
        more_examples: &[],
    };

    fn check(&self) -> Result<(), Invalid> {
        if self.mode == MuteMode::Soft && self.for_seconds.is_some() {
            return Err(Invalid::new("for_seconds", "omit for_seconds: only a hard mute has an end time"));
        }
        check::range("for_seconds", self.for_seconds, &FOR_SECONDS)
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
