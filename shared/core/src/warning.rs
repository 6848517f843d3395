//! Warnings before a meeting's time is over (T44).

use super::change::Change;
use super::{Meeting, Phase, WARNINGS_MS};
use serde::{Deserialize, Serialize};

/// A warning that was given, or that nobody needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// How long before the end it was due.
    pub before_ms: i64,
    /// The revision in which it was given; 0 if its time was over before it could be.
    pub rev: u64,
}

impl Change {
    /// T44: the latest warning that is due; earlier ones say nothing more than it.
    pub(super) fn warn(&mut self) {
        let now_ms = self.now.ms;
        let due =
            self.meeting.warnings_left().filter(|before_ms| self.meeting.ends_at_ms - before_ms <= now_ms);
        if let Some(before_ms) = due.min().filter(|_| self.meeting.phase == Phase::Active) {
            self.meeting.warning = Some(Warning { before_ms, rev: self.rev });
            self.changed = true;
        }
    }

    /// The end was put off: members are warned of the new one, as far as that still lies ahead.
    pub(super) fn forget_warnings(&mut self) {
        let left_ms = self.meeting.ends_at_ms - self.now.ms;
        let passed = WARNINGS_MS.into_iter().filter(|before_ms| *before_ms >= left_ms);
        self.meeting.warning = passed.min().map(|before_ms| Warning { before_ms, rev: 0 });
    }
}

impl Meeting {
    /// How long before the end warnings are still to be given. A meeting that was shorter from the start gets none
    /// with its beginning.
    fn warnings_left(&self) -> impl Iterator<Item = i64> {
        let given_ms = self.warning.map_or(i64::MAX, |warning| warning.before_ms);
        let whole_ms = self.ends_at_ms - self.created_ms;
        WARNINGS_MS.into_iter().filter(move |before_ms| *before_ms < given_ms && *before_ms < whole_ms)
    }

    /// When members are warned next, in milliseconds since the epoch.
    pub(super) fn next_warning_ms(&self) -> Option<i64> {
        let next = self.warnings_left().max().filter(|_| self.phase == Phase::Active);
        next.map(|before_ms| self.ends_at_ms - before_ms)
    }
}
