//! The stack's own clock: the system's time plus an offset that tests move, so that nobody waits for a ring to end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// System time plus an offset. Everything in the stack that is due at some time is due by this clock, and the
/// functions are told its offset with every invocation.
pub struct Clock {
    offset_ms: watch::Sender<i64>,
}

impl Clock {
    /// A clock that shows the system's time.
    #[must_use]
    pub fn new() -> Self {
        Self { offset_ms: watch::Sender::new(0) }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        system_ms().saturating_add(self.offset_ms())
    }

    /// How far the clock is ahead of the system's, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        *self.offset_ms.borrow()
    }

    /// Moves the clock forward and wakes everything that has become due.
    pub fn advance(&self, by_ms: u64) {
        let by_ms = i64::try_from(by_ms).unwrap_or(i64::MAX);
        self.offset_ms.send_modify(|offset| *offset = offset.saturating_add(by_ms));
    }

    /// Returns once the clock shows `at_ms` or later.
    pub async fn reached(&self, at_ms: i64) {
        let mut moved = self.offset_ms.subscribe();
        loop {
            moved.borrow_and_update();
            let Ok(left) = u64::try_from(at_ms - self.now_ms()) else {
                return;
            };
            if left == 0 {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                _ = moved.changed() => {}
            }
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// Real time in milliseconds since the epoch; deadlines of processes are real ones, whatever the stack's clock shows.
#[must_use]
pub fn system_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// A time of the stack's clock as AWS writes it in events: `2026-11-22T18:00:00.000Z`.
pub(crate) fn iso_8601(at_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at_ms)
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn what_waits_is_woken_when_the_clock_is_moved_past_it() {
        let clock = Arc::new(Clock::new());
        let due_ms = clock.now_ms() + 3_600_000;
        let waiting = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move {
                clock.reached(due_ms).await;
                clock.now_ms()
            }
        });

        clock.advance(1_000);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "an hour is not over after a second");

        clock.advance(3_600_000);
        assert!(waiting.await.expect("the task ends") >= due_ms);
        assert_eq!(clock.offset_ms(), 3_601_000);
    }

    #[tokio::test]
    async fn what_is_overdue_does_not_wait() {
        let clock = Clock::new();
        clock.reached(clock.now_ms() - 1).await;
    }

    #[test]
    fn times_are_written_as_aws_writes_them() {
        assert_eq!(iso_8601(1_795_366_084_000), "2026-11-22T16:48:04.000Z");
    }
}
