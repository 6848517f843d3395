//! Fault switches: failures of the cloud on demand, so that tests can show how the service reacts.
//!
//! `POST /local/faults` with `{"function":"create-meeting","kind":"kill_after_commit","times":1}` arms a fault; see
//! [`Fault`] for the other fields and [`FaultKind`] for the kinds. `GET` lists the armed faults, `DELETE` disarms all.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An asynchronous event is delivered a second time, after the first delivery is finished.
    DuplicateInvoke,
    /// An asynchronous event is delivered twice at the same time.
    RaceInvoke,
    /// An asynchronous event is lost.
    DropInvoke,
    /// The process is killed when it requests a table write; the write does not happen.
    KillBeforeCommit,
    /// The process is killed after a table write has succeeded, before it gets the answer.
    KillAfterCommit,
    /// A table call is refused with `ProvisionedThroughputExceededException`.
    ThrottleTable,
    /// A table call fails with `InternalServerError`, HTTP 500.
    FailTable,
    /// A table write succeeds, and its answer gets lost: the function sees HTTP 500 or, with `delay_ms`, the true answer so
    /// much later that the SDK has given up waiting.
    LoseTableAnswer,
    /// A table write is refused with `TransactionConflictException`; in a transaction, as its cancellation reason.
    ConflictTable,
    /// A table write is refused as if its condition had failed; the answer does not contain the old item.
    ConditionTable,
    /// A direct message fails with `InternalFailureException`, HTTP 500.
    FailDirect,
    /// A direct message is refused with `ThrottlingException`, HTTP 429.
    ThrottleDirect,
    /// A lookup of a connection is refused with `ThrottlingException`, HTTP 429.
    ThrottleConnection,
    /// A publish fails with `InternalFailureException`, HTTP 500.
    FailPublish,
    /// A publish is delayed by `delay_ms`.
    SlowPublish,
    /// A queue call fails with `ServiceUnavailable`, HTTP 503.
    FailQueue,
}

/// An armed fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Name of the function; `*` (the default) matches every function.
    #[serde(default = "any")]
    pub function: String,
    /// Kind of the fault.
    pub kind: FaultKind,
    /// Number of times that the fault is triggered; 1 by default.
    #[serde(default = "once")]
    pub times: u32,
    /// Number of matching occasions to let pass first.
    #[serde(default)]
    pub skip: u32,
    /// Text that the occasion must contain: a part of the name of the table operation, of the topic, of the queue name
    /// or of the source of an invocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Delay of `slow_publish` and `lose_table_answer`, in milliseconds of system time.
    #[serde(default)]
    pub delay_ms: u64,
}

fn any() -> String {
    "*".to_owned()
}

fn once() -> u32 {
    1
}

/// The faults that are armed.
#[derive(Default)]
pub struct Faults {
    armed: Mutex<Vec<Fault>>,
}

impl Faults {
    /// Arms a fault, beside those that are armed already.
    pub fn arm(&self, fault: Fault) {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Lists the faults that are still armed.
    #[must_use]
    pub fn armed(&self) -> Vec<Fault> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Disarms all faults.
    pub fn clear(&self) {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Triggers the first armed fault of this kind that matches the function, and counts it down. A fault with `only`
    /// matches if `occasion` contains that text.
    pub(crate) fn trigger(&self, kind: FaultKind, function: &str, occasion: &str) -> Option<Fault> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let index = armed.iter().position(|fault| {
            fault.kind == kind
                && (fault.function == "*" || fault.function == function)
                && fault.only.as_ref().is_none_or(|only| occasion.contains(only.as_str()))
        })?;
        let fault = &mut armed[index];
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        let triggered = fault.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            armed.remove(index);
        }
        Some(triggered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).expect("a fault")
    }

    #[test]
    fn a_fault_is_triggered_for_its_function_and_as_often_as_armed() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"function":"answer","kind":"throttle_table","times":2,"skip":1}"#));
        let triggers = |function| faults.trigger(FaultKind::ThrottleTable, function, "GetItem").is_some();
        assert!(!triggers("attend"));
        assert_eq!([(); 4].map(|()| triggers("answer")), [false, true, true, false]);
        assert_eq!(faults.armed(), []);
    }

    #[test]
    fn a_fault_can_be_limited_to_an_operation_or_a_topic() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"kind":"fail_publish","only":"@@@bob."}"#));
        assert!(faults.trigger(FaultKind::FailPublish, "answer", "call-dn/p2p/GID@@@alice.phone").is_none());
        assert!(faults.trigger(FaultKind::FailPublish, "answer", "call-dn/p2p/GID@@@bob.phone").is_some());
    }

    #[test]
    fn an_unknown_kind_or_field_is_refused() {
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"earthquake"}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"fail_direct","time":3}"#).is_err());
    }
}
