//! What people and tests look at and turn while the stack runs: clock, journal, last downlinks, outcomes and fault switches.

use crate::clock::Clock;
use crate::downlinks::Downlinks;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::outcomes::Outcomes;

/// Clock, journal, last downlinks and fault switches of one stack; every part of it works by the same ones.
#[derive(Default)]
pub struct Instruments {
    /// What time it is.
    pub clock: Clock,
    /// What happened.
    pub journal: Journal,
    /// What was said last.
    pub downlinks: Downlinks,
    /// What shall go wrong.
    pub faults: Faults,
    /// What was told on the event bus.
    pub outcomes: Outcomes,
}

impl Instruments {
    /// Writes into the journal, with the time of the clock.
    pub(crate) fn record(
        &self,
        kind: crate::journal::Kind,
        caller: &crate::journal::Caller,
        detail: serde_json::Value,
    ) {
        self.journal.record(self.clock.now_ms(), kind, caller, detail);
    }
}
