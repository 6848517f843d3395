//! Fault switches: what the cloud does to functions on a bad day, done on demand, so that tests can show what happens.
//!
//! `POST /local/faults` with `{"function":"create-meeting","kind":"kill_after_commit","times":1}`; see [`Fault`] for the
//! other fields and [`Kind`] for what can go wrong. `GET` lists what is still armed, `DELETE` disarms everything.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An asynchronous event is delivered a second time, after the first delivery has been handled.
    DuplicateInvoke,
    /// An asynchronous event is delivered twice at once.
    RaceInvoke,
    /// An asynchronous event is lost.
    DropInvoke,
    /// The process dies when it calls a table write; the write does not happen.
    KillBeforeCommit,
    /// The process dies when a table write has succeeded, before it learns of it.
    KillAfterCommit,
    /// A table call is refused with `ProvisionedThroughputExceededException`.
    ThrottleTable,
    /// A table call fails with `InternalServerError`, HTTP 500.
    FailTable,
    /// A table write is refused with `TransactionConflictException`; in a transaction, as its cancellation reason.
    ConflictTable,
    /// A table write is refused as if its condition had failed; without the old item.
    ConditionTable,
    /// A direct message fails with `InternalFailureException`, HTTP 500.
    FailDirect,
    /// A direct message is refused with `ThrottlingException`, HTTP 429.
    ThrottleDirect,
    /// A publish fails with `InternalFailureException`, HTTP 500.
    FailPublish,
    /// A publish takes `delay_ms` longer.
    SlowPublish,
    /// A queue call fails with `ServiceUnavailable`, HTTP 503.
    FailQueue,
}

/// A fault that waits to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The function it happens to; `*` (or absent): any.
    #[serde(default = "any")]
    pub function: String,
    /// What goes wrong.
    pub kind: Kind,
    /// How often.
    #[serde(default = "once")]
    pub times: u32,
    /// How many occasions pass first.
    #[serde(default)]
    pub skip: u32,
    /// Only on these occasions: the name of the table operation, or a part of the topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Real milliseconds, for what is slow.
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
    /// Arms a fault.
    pub fn arm(&self, fault: Fault) {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// What is still armed.
    #[must_use]
    pub fn armed(&self) -> Vec<Fault> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Disarms everything.
    pub fn clear(&self) {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether a fault of this kind happens to this function now; `occasion` is what a fault's `only` is compared with.
    pub(crate) fn strikes(&self, kind: Kind, function: &str, occasion: &str) -> Option<Fault> {
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
        let striking = fault.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            armed.remove(index);
        }
        Some(striking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).expect("a fault")
    }

    #[test]
    fn a_fault_strikes_its_function_as_often_as_it_says() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"function":"answer","kind":"throttle_table","times":2,"skip":1}"#));
        let strikes = |function| faults.strikes(Kind::ThrottleTable, function, "GetItem").is_some();
        assert!(!strikes("attend"));
        assert_eq!([(); 4].map(|()| strikes("answer")), [false, true, true, false]);
        assert_eq!(faults.armed(), []);
    }

    #[test]
    fn a_fault_can_wait_for_an_operation_or_a_topic() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"kind":"fail_publish","only":"@@@bob."}"#));
        assert!(faults.strikes(Kind::FailPublish, "answer", "call-dn/p2p/GID@@@alice.phone").is_none());
        assert!(faults.strikes(Kind::FailPublish, "answer", "call-dn/p2p/GID@@@bob.phone").is_some());
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"earthquake"}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"fail_direct","time":3}"#).is_err());
    }
}
