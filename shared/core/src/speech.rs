//! The right to speak (T34–T38). A soft mute asks for silence; a hard one takes the right to publish audio, at the RTC
//! service and in every later token, until a host gives it back or its time is over.

use crate::stamped::Stamped;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{SpeechMode, SpeechView};

/// The right of one participant to speak.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Speech {
    /// Free, muted softly or blocked.
    pub mode: Stamped<SpeechMode>,
    /// Time at which a block ends, in milliseconds since the epoch.
    pub until_ms: Option<i64>,
    /// Account of the user who set the mode; `None` means the host.
    pub by: Option<UserId>,
    /// Revision in which the right to publish audio was taken, given back, or taken again.
    pub right_rev: u64,
}

impl Speech {
    /// Returns whether the participant may publish audio.
    #[must_use]
    pub fn has_right(&self) -> bool {
        *self.mode != SpeechMode::Hard
    }

    /// The object of the wire, at `now_ms`.
    #[must_use]
    pub fn view(&self, now_ms: i64) -> SpeechView {
        SpeechView { mode: *self.mode, until_in_ms: self.until_in_ms(now_ms) }
    }

    /// Milliseconds from `now_ms` to the end of the block; `None` without an end.
    pub(crate) fn until_in_ms(&self, now_ms: i64) -> Option<i64> {
        self.until_ms.map(|until_ms| (until_ms - now_ms).max(0))
    }
}
