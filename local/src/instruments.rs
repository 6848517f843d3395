//! Instruments of a running stack: clock, journal, recent downlinks, fault switches, metrics and the log of the event
//! bus. People and tests read and set them under `/local/`; every part of the stack works with the same set.

pub mod clock;
pub mod downlinks;
pub mod faults;
pub mod journal;
pub mod metrics;
pub mod outcomes;

use serde_json::{Value, json};

use clock::Clock;
use downlinks::Downlinks;
use faults::{Fault, FaultKind, Faults};
use journal::{Caller, EntryKind, Journal};
use metrics::Metrics;
use outcomes::Outcomes;

/// The instruments of one stack.
#[derive(Default)]
pub struct Instruments {
    /// Clock of every deadline in the stack.
    pub clock: Clock,
    /// Invocations and calls, in order.
    pub journal: Journal,
    /// Recent messages to devices, with their bodies.
    pub downlinks: Downlinks,
    /// Faults that are armed.
    pub faults: Faults,
    /// Metrics of all functions.
    pub metrics: Metrics,
    /// Recent events of the event bus.
    pub outcomes: Outcomes,
}

impl Instruments {
    /// Adds a journal entry with the time of the stack's clock.
    pub(crate) fn record(&self, kind: EntryKind, caller: &Caller, detail: Value) {
        self.journal.record(self.clock.now_ms(), kind, caller, detail);
    }

    /// Triggers an armed fault of this kind, if one matches, and records it. `detail` is added to the journal entry;
    /// [`Faults::trigger`] explains `occasion`.
    pub(crate) fn inject_fault(
        &self,
        kind: FaultKind,
        caller: &Caller,
        occasion: &str,
        mut detail: Value,
    ) -> Option<Fault> {
        let fault = self.faults.trigger(kind, caller, occasion)?;
        detail["kind"] = json!(kind);
        detail["occasion"] = json!(occasion);
        detail["event"] = json!(caller.event);
        self.record(EntryKind::Fault, caller, detail);
        Some(fault)
    }
}
