//! The stack's own clock: system time plus an offset. Tests move it forward instead of waiting.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// System time plus an offset. All deadlines of the stack use this clock, and every invocation passes the offset to the
/// function.
pub struct Clock {
    offset_ms: watch::Sender<i64>,
    skew: Mutex<ClockSkew>,
}

/// A part of the cloud that has a clock of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockOwner {
    /// The broker: its lifecycle events, `received_ms` of rule events, and the life of sessions and messages.
    Broker,
    /// The embedded SFU: its callbacks, and the life of join tokens.
    Rtc,
}

/// Differences of the clocks of other parts from the stack's clock, in milliseconds: ahead if positive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockSkew {
    /// Skew of the broker.
    pub broker: i64,
    /// Skew of the embedded SFU.
    pub rtc: i64,
}

impl Clock {
    /// Makes a clock that shows the system time.
    #[must_use]
    pub fn new() -> Self {
        Self { offset_ms: watch::Sender::new(0), skew: Mutex::default() }
    }

    /// Time of this clock, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        system_ms().saturating_add(self.offset_ms())
    }

    /// Time of the clock of another part, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_of(&self, owner: ClockOwner) -> i64 {
        let skew = self.skew();
        let skew_ms = match owner {
            ClockOwner::Broker => skew.broker,
            ClockOwner::Rtc => skew.rtc,
        };
        self.now_ms().saturating_add(skew_ms)
    }

    /// Differences of the clocks of other parts from this clock.
    #[must_use]
    pub fn skew(&self) -> ClockSkew {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the differences of the clocks of other parts.
    pub fn set_skew(&self, skew: ClockSkew) {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = skew;
    }

    /// Difference between this clock and the system clock, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        *self.offset_ms.borrow()
    }

    /// Moves the clock forward and wakes every task whose deadline has passed.
    pub fn advance(&self, by_ms: u64) {
        let by_ms = i64::try_from(by_ms).unwrap_or(i64::MAX);
        self.offset_ms.send_modify(|offset| *offset = offset.saturating_add(by_ms));
    }

    /// Waits until the clock shows `at_ms` or later.
    pub async fn wait_until(&self, at_ms: i64) {
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

/// System time in milliseconds since the Unix epoch. The deadline of an invocation is in system time, since the process
/// of a function has no other clock.
#[must_use]
pub fn system_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_waiting_task_is_woken_when_the_clock_is_moved_past_its_deadline() {
        let clock = Arc::new(Clock::new());
        let due_ms = clock.now_ms() + 3_600_000;
        let waiting = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move {
                clock.wait_until(due_ms).await;
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
    async fn a_deadline_in_the_past_does_not_wait() {
        let clock = Clock::new();
        clock.wait_until(clock.now_ms() - 1).await;
    }
}
