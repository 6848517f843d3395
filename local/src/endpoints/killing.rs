//! Faults that kill the process of a function when it makes a call, before the call happens or after it.

use serde_json::json;

use crate::instruments::Instruments;
use crate::instruments::faults::FaultKind;
use crate::instruments::journal::Caller;
use crate::runtime::Functions;

/// A call of a function process to an endpoint.
pub(super) struct KillableCall<'a> {
    pub(super) functions: &'a Functions,
    pub(super) instruments: &'a Instruments,
    pub(super) caller: &'a Caller,
    /// Text that a fault's `only` is searched in: the service, and the operation, topic, queue or path.
    pub(super) occasion: String,
}

impl KillableCall<'_> {
    /// Kills the process if it is to die before the call. The caller then must not carry the call out.
    pub(super) async fn is_killed_before(&self) -> bool {
        self.kill(FaultKind::KillBeforeCall).await
    }

    /// Kills the process if it is to die after the call.
    pub(super) async fn kill_after(&self) {
        self.kill(FaultKind::KillAfterCall).await;
    }

    /// Kills the process if a fault of this kind is armed, and returns whether it did.
    async fn kill(&self, kind: FaultKind) -> bool {
        // A call that no process makes has nobody to kill.
        if self.caller.process.is_none() {
            return false;
        }
        let detail = json!({"call": self.occasion});
        let fault = self.instruments.inject_fault(kind, self.caller, &self.occasion, detail);
        if fault.is_some() {
            self.functions.kill(self.caller).await;
        }
        fault.is_some()
    }
}
