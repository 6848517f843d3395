//! The right to speak (T34–T38). A soft mute asks the user to mute. A hard mute takes away the right to
//! publish audio, at the RTC service and in every later token, until a host returns the right or the mute
//! expires.

use crate::stamped::Stamped;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{SpeechMode, SpeechView};

/// The right of one participant to speak.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Speech {
    /// Not muted, muted softly or blocked.
    pub mode: Stamped<SpeechMode>,
    /// Time at which a block ends, in milliseconds since the epoch.
    pub until_ms: Option<i64>,
    /// Account of the user who set the mode; `None` stands for the host.
    pub by: Option<UserId>,
    /// Latest revision in which the right to publish audio was taken away or returned.
    pub right_rev: u64,
}

impl Speech {
    /// Returns whether the participant may publish audio.
    #[must_use]
    pub fn has_right(&self) -> bool {
        *self.mode != SpeechMode::Hard
    }

    /// Returns the object of the wire, at `now_ms`.
    #[must_use]
    pub fn view(&self, now_ms: i64) -> SpeechView {
        SpeechView { mode: *self.mode, until_in_ms: self.until_in_ms(now_ms) }
    }

    /// Returns the milliseconds from `now_ms` to the end of the block; `None` if the block has no end.
    pub(crate) fn until_in_ms(&self, now_ms: i64) -> Option<i64> {
        self.until_ms.map(|until_ms| (until_ms - now_ms).max(0))
    }
}
