//! Fault switches: failures of the cloud on demand, so that tests can show how the service reacts.
//!
//! `POST /local/faults` with `{"function":"create-meeting","kind":"kill_after_commit","times":1}` arms a fault; see
//! [`Fault`] for the other fields and [`FaultKind`] for the kinds. `GET` lists the armed faults, `DELETE` disarms all.
//! `docs/reliability.md` lists the kinds with their tests.

mod draw;
mod kind;

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::journal::Caller;
use draw::{Draws, Odds};
pub use kind::FaultKind;

/// An armed fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Name of the function; `*` (the default) matches every function.
    #[serde(default = "any")]
    pub function: String,
    /// Kind of the fault.
    pub kind: FaultKind,
    /// Number of times that the fault is triggered; 1 by default. Not used with a rate.
    #[serde(default = "once")]
    pub times: u32,
    /// Number of matching occasions to let pass first. Not used with a rate.
    #[serde(default)]
    pub skip: u32,
    /// Text that the occasion must contain: a part of the name of the table operation, of the topic, of the queue name,
    /// of the path of an RTC call, or of the source, topic or client ID of an invocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Text that the source, topic or client ID of the invocation that makes the call must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// HTTP status of `fail_publish`, `fail_direct`, `fail_connection`, `fail_queue` and `fail_rtc`: 403, 404, 429, 500 or
    /// 503.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Delay in milliseconds: of the stack's clock for events, downlinks, messages and callbacks, which are late; of system
    /// time for calls, which are slow.
    #[serde(default)]
    pub delay_ms: u64,
    /// Makes the fault random: it is triggered on so many of 10 000 occasions, until it is disarmed. Which ones depends on
    /// `seed`, the kind, and the occasion with its number among its like, and not on other occasions. Each delay is then a
    /// random time up to `delay_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Seed of a random fault.
    #[serde(default)]
    pub seed: u64,
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
    armed: Mutex<Vec<Armed>>,
}

/// An armed fault, with the occasions that it has seen.
struct Armed {
    fault: Fault,
    draws: Draws,
}

impl Faults {
    /// Arms a fault, beside those that are armed already.
    pub fn arm(&self, fault: Fault) {
        let armed = Armed { fault, draws: Draws::default() };
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).push(armed);
    }

    /// Lists the faults that are still armed.
    #[must_use]
    pub fn armed(&self) -> Vec<Fault> {
        let armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        armed.iter().map(|armed| armed.fault.clone()).collect()
    }

    /// Disarms all faults.
    pub fn clear(&self) {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Triggers the first armed fault of this kind that matches the caller, and counts it down. `occasion` is the text
    /// that the fault's `only` is searched in.
    pub(crate) fn trigger(&self, kind: FaultKind, caller: &Caller, occasion: &str) -> Option<Fault> {
        let mut all = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        // Several random faults of a kind are independent; of the others, the first one counts.
        let mut struck = None;
        for (index, armed) in all.iter_mut().enumerate() {
            if !armed.fault.matches(kind, caller, occasion) {
                continue;
            }
            match armed.fault.rate {
                Some(rate) => {
                    let odds = Odds { kind, seed: armed.fault.seed, rate };
                    if let Some(number) = armed.draws.draw(odds, caller, occasion) {
                        let delay_ms = number.checked_rem(armed.fault.delay_ms).map_or(0, |ms| ms + 1);
                        return Some(Fault { delay_ms, ..armed.fault.clone() });
                    }
                }
                None if armed.fault.skip > 0 => {
                    armed.fault.skip -= 1;
                    return None;
                }
                None => {
                    struck = Some(index);
                    break;
                }
            }
        }
        let index = struck?;
        let fault = &mut all[index].fault;
        let triggered = fault.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            all.remove(index);
        }
        Some(triggered)
    }
}

impl Fault {
    fn matches(&self, kind: FaultKind, caller: &Caller, occasion: &str) -> bool {
        let has = |text: &Option<String>, within: &str| {
            text.as_ref().is_none_or(|text| within.contains(text.as_str()))
        };
        self.kind == kind
            && (self.function == "*" || self.function == caller.name())
            && has(&self.only, occasion)
            && has(&self.of, &caller.event)
    }

    /// HTTP status of a refusal: the fault's own, or `default`.
    pub(crate) fn status_or(&self, default: u16) -> u16 {
        self.status.unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).expect("a fault")
    }

    fn caller(function: &str, event: &str) -> Caller {
        Caller { function: Some(function.to_owned()), event: event.to_owned(), ..Caller::default() }
    }

    #[test]
    fn a_fault_is_triggered_for_its_function_and_as_often_as_armed() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"function":"answer","kind":"throttle_table","times":2,"skip":1}"#));
        let triggers =
            |function| faults.trigger(FaultKind::ThrottleTable, &caller(function, ""), "GetItem").is_some();
        assert!(!triggers("attend"));
        assert_eq!([(); 4].map(|()| triggers("answer")), [false, true, true, false]);
        assert_eq!(faults.armed(), []);
    }

    #[test]
    fn a_fault_can_be_limited_to_an_operation_or_a_topic() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"kind":"fail_publish","only":"@@@bob."}"#));
        let triggers = |topic| faults.trigger(FaultKind::FailPublish, &caller("answer", ""), topic).is_some();
        assert!(!triggers("call-dn/p2p/GID@@@alice.phone"));
        assert!(triggers("call-dn/p2p/GID@@@bob.phone"));
    }

    #[test]
    fn a_fault_can_be_limited_to_the_invocations_of_a_device() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"kind":"slow_table","of":"@@@bob."}"#));
        let triggers =
            |event| faults.trigger(FaultKind::SlowTable, &caller("answer", event), "GetItem").is_some();
        assert!(!triggers("rule AnswerRule call-up/answer GID@@@alice.phone"));
        assert!(triggers("rule AnswerRule call-up/answer GID@@@bob.phone"));
    }

    #[test]
    fn a_random_fault_strikes_at_its_rate_and_at_the_same_occasions_whatever_happens_between_them() {
        let armed = r#"{"kind":"fail_publish","rate":2500,"seed":7}"#;
        let strikes = |others: u32| {
            let faults = Faults::default();
            faults.arm(fault(armed));
            let triggers = |event, topic: &str| {
                faults.trigger(FaultKind::FailPublish, &caller("answer", event), topic).is_some()
            };
            let mut struck = Vec::new();
            for _ in 0..400 {
                for _ in 0..others {
                    triggers("GID@@@carol.phone", "call-dn/p2p/GID@@@dave.phone");
                }
                struck.push(triggers("GID@@@bob.phone", "call-dn/p2p/GID@@@alice.phone"));
            }
            struck
        };
        let struck = strikes(0);
        let count = struck.iter().filter(|struck| **struck).count();
        assert!((60..=140).contains(&count), "a quarter of 400: {count}");
        assert_eq!(struck, strikes(3), "other calls do not change which ones are struck");
    }

    #[test]
    fn an_unknown_kind_or_field_is_refused() {
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"earthquake"}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"fail_direct","time":3}"#).is_err());
    }
}
