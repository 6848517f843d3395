//! Warnings before the end of a meeting (T44).

use crate::change::Change;
use crate::limits::WARNINGS_MS;
use crate::meeting::{Meeting, Phase};
use crate::stamped::Stamped;

impl Change {
    /// T44: gives the latest due warning, and skips the earlier ones.
    pub(crate) fn warn(&mut self) {
        let now_ms = self.now.ms;
        let ends_at_ms = self.meeting.settings.ends_at_ms;
        let due = self.meeting.warnings_left().filter(|before_ms| ends_at_ms - before_ms <= now_ms);
        if let Some(before_ms) = due.min().filter(|_| self.meeting.phase == Phase::Active) {
            self.meeting.warning_before_ms = Some(Stamped::new(before_ms, self.rev));
            self.is_changed = true;
        }
    }

    /// Schedules the warnings of an extended meeting anew, if their time has not passed.
    pub(crate) fn replan_warnings(&mut self) {
        let left_ms = self.meeting.settings.ends_at_ms - self.now.ms;
        let passed = WARNINGS_MS.into_iter().filter(|before_ms| *before_ms >= left_ms);
        self.meeting.warning_before_ms = passed.min().map(|before_ms| Stamped::new(before_ms, 0));
    }
}

impl Meeting {
    /// Returns the milliseconds before the end of the warnings that are still due. A meeting that is shorter
    /// than such a time from the start does not get that warning.
    fn warnings_left(&self) -> impl Iterator<Item = i64> {
        let given_ms = self.warning_before_ms.map_or(i64::MAX, |before_ms| *before_ms);
        let whole_ms = self.settings.ends_at_ms - self.created_ms;
        WARNINGS_MS.into_iter().filter(move |before_ms| *before_ms < given_ms && *before_ms < whole_ms)
    }

    /// Returns the time of the next warning, in milliseconds since the epoch.
    pub(crate) fn next_warning_ms(&self) -> Option<i64> {
        let next = self.warnings_left().max().filter(|_| self.phase == Phase::Active);
        next.map(|before_ms| self.settings.ends_at_ms - before_ms)
    }
}
