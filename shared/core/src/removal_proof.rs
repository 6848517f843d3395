//! The proof that a removed participant is out of the media: the RTC service was asked to remove the user, and then
//! reported that the user is not in the channel.
//!
//! The proof exists only if the RTC service reports presence. Otherwise nothing is known about a removed
//! participant.

use crate::limits::{GONE_CHECK_MS, MAX_REENTRIES, REENTRY_CHECK_MS, REENTRY_WATCH_MS};
use crate::stamped::Stamped;

/// Knowledge about a removed participant's presence in the media. All times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovalProof {
    /// Time of the removal.
    pub removed_ms: i64,
    /// Time at which the RTC service was last asked to remove the user. The effects of its revision ask the
    /// RTC service.
    pub asked_ms: Stamped<i64>,
    /// Time at which the user was found to be out of the media; `None` while that is unknown, or while the
    /// user is back in the media. Notices about it belong to its revision, which is 0 before the first
    /// result.
    pub gone_ms: Stamped<Option<i64>>,
    /// Number of times that the user was found to be out of the media, at most
    /// [`MAX_REENTRIES`](crate::MAX_REENTRIES) + 1.
    pub times_gone: u32,
    /// Time of the next check, which asks the RTC service for the users in the media.
    pub check_at_ms: Option<i64>,
}

impl RemovalProof {
    /// Creates the proof of a removal at `now_ms` in the revision `rev`, whose effects ask the RTC service to
    /// remove the user.
    pub(crate) const fn new(now_ms: i64, rev: u64) -> Self {
        Self {
            removed_ms: now_ms,
            asked_ms: Stamped::new(now_ms, rev),
            gone_ms: Stamped::new(None, 0),
            times_gone: 0,
            check_at_ms: Some(now_ms + GONE_CHECK_MS),
        }
    }

    /// Returns the number of re-entries after which the user was out of the media again.
    #[must_use]
    pub const fn reentries_stopped(&self) -> u32 {
        self.times_gone.saturating_sub(1)
    }

    /// Returns whether further re-entries are stopped without a count or a report.
    pub(crate) const fn is_full(&self) -> bool {
        self.reentries_stopped() >= MAX_REENTRIES
    }

    /// Records that the user is not in the media. Returns whether the host set must be notified of it.
    pub(crate) fn confirm(&mut self, now_ms: i64, rev: u64) -> bool {
        let is_news = self.gone_ms.is_none();
        if is_news {
            self.gone_ms.set(Some(now_ms), rev);
            self.times_gone += 1;
        }
        is_news
    }

    /// Records that the user is in the media: the effects of `rev` ask the RTC service once more to remove
    /// the user. If the user's absence was confirmed and `is_certain` is true, the user has returned; a
    /// report that may be old only leads to a check.
    pub(crate) fn found(&mut self, is_certain: bool, now_ms: i64, rev: u64) {
        // Each time that the user is still in the media, the time until the next check is twice as long.
        let asked_since_ms = now_ms - *self.asked_ms;
        let mut after_ms = (2 * asked_since_ms).clamp(GONE_CHECK_MS, REENTRY_CHECK_MS);
        if self.gone_ms.is_some() {
            after_ms = GONE_CHECK_MS;
            if is_certain {
                self.gone_ms.set(None, rev);
            }
        }
        self.asked_ms.set(now_ms, rev);
        self.check_at_ms = Some(now_ms + after_ms);
    }

    /// Schedules the next check after a check that found the user out of the media. A join token from before
    /// the removal admits the user until the token expires, so the checks continue until then.
    pub(crate) fn schedule_check(&mut self, now_ms: i64) {
        let next_ms = now_ms + REENTRY_CHECK_MS;
        self.check_at_ms = (next_ms <= self.removed_ms + REENTRY_WATCH_MS).then_some(next_ms);
    }

    /// Schedules a later check because the RTC service did not answer.
    pub(crate) fn postpone_check(&mut self, now_ms: i64) {
        if self.gone_ms.is_some() {
            self.schedule_check(now_ms);
        } else {
            self.check_at_ms = Some(now_ms + REENTRY_CHECK_MS);
        }
    }

    /// Returns whether a check has been due for at least `late_ms` milliseconds.
    pub(crate) fn is_check_due(&self, now_ms: i64, late_ms: i64) -> bool {
        self.check_at_ms.is_some_and(|at_ms| at_ms + late_ms <= now_ms)
    }
}
