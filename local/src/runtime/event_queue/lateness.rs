//! Events that a fault makes late: by a time of the stack's clock, or behind a later event.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::instruments::clock::Clock;

/// Numbers of the events of one function, in the order in which they were accepted, and the highest that is finished.
pub(super) struct Finished {
    accepted: AtomicU64,
    highest: watch::Sender<u64>,
}

/// Lateness of one event.
pub(super) struct Late {
    /// Time by which the event is late, in milliseconds of the stack's clock.
    pub(super) delay_ms: Option<u64>,
    /// Set if the event waits until a later one is finished: for so many milliseconds of the stack's clock at most, or for
    /// as long as it takes with 0.
    pub(super) behind: Option<u64>,
}

impl Default for Finished {
    fn default() -> Self {
        Self { accepted: AtomicU64::new(0), highest: watch::Sender::new(0) }
    }
}

impl Finished {
    /// Returns the number of the next event.
    pub(super) fn next(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes note that an event is finished.
    pub(super) fn finish(&self, number: u64) {
        self.highest.send_modify(|highest| *highest = number.max(*highest));
    }

    /// Waits until an event that was accepted later is finished.
    async fn overtaken(&self, number: u64) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.highest.subscribe().wait_for(|highest| *highest > number).await;
    }
}

impl Late {
    /// Waits until the event with this number is to be delivered.
    pub(super) async fn wait(&self, clock: &Clock, finished: &Finished, number: u64) {
        let after = |ms: u64| clock.now_ms().saturating_add_unsigned(ms);
        if let Some(delay_ms) = self.delay_ms {
            clock.wait_until(after(delay_ms)).await;
        }
        match self.behind {
            None => {}
            Some(0) => finished.overtaken(number).await,
            Some(at_most_ms) => tokio::select! {
                () = finished.overtaken(number) => {}
                () = clock.wait_until(after(at_most_ms)) => {}
            },
        }
    }
}
