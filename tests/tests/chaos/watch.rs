//! Watches a run: reads the journal of the stack, and notes counts and violations of promises.

use crate::stack::Stack;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use terminal::Uplink;

/// Real time in milliseconds after which an invocation without a fault may fail: the functions wait for a second or two for
/// the table and the data plane, which a machine with too much other work may exceed.
const SLOW_MS: i64 = 900;

/// Counts and violations of a run.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    pub violations: Vec<String>,
    pub requests: u64,
    pub answered: u64,
    pub refused: u64,
    /// Requests without an answer after all retries of their terminal.
    pub given_up: u64,
    /// Requests that ended with their app.
    pub dropped: u64,
    pub gaps: u64,
    pub callbacks: u64,
    pub invocations: u64,
    pub dead_letters: u64,
    /// Failed invocations that no fault has hit and that ran for longer than [`SLOW_MS`].
    pub slow: u64,
    /// Injected faults by their switch's name.
    pub faults: BTreeMap<String, u64>,
    /// Meetings, calls with users in the media, and those that ended as lost or failed.
    pub meetings: [u64; 3],
    /// Seats of apps that restarted and forgot them, while every event that would notify the service of it was lost.
    pub forgotten: u64,
    /// Time of the stack's clock minus that of the system, in milliseconds.
    pub offset_ms: i64,
    /// Devices of which a lifecycle event fell to a fault.
    pub unheard: BTreeSet<String>,
    /// True if an invocation took longer than [`SLOW_MS`].
    is_overloaded: bool,
    last: u64,
    /// Invocations that run.
    running: BTreeMap<String, String>,
    /// Invocations that a fault has hit.
    hit: BTreeSet<String>,
    /// Failed invocations, with their functions and results.
    failed: BTreeMap<String, String>,
}

impl Watch {
    /// Time of the stack, in milliseconds since the epoch.
    pub fn stack_ms(&self) -> i64 {
        crate::user::now_ms() + self.offset_ms
    }

    /// Starts at the end of the journal, whose entries are of earlier runs.
    pub async fn begin(stack: &Stack) -> Self {
        let mut watch = Self { offset_ms: stack.clock_offset_ms().await, ..Self::default() };
        let entries = stack.get("/local/journal").await;
        let last = entries.as_array().and_then(|entries| entries.last()).map(|entry| &entry["seq"]);
        watch.last = last.and_then(Value::as_u64).unwrap_or_default();
        watch
    }

    /// Number of the last entry of the journal that was read.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Takes note of new entries of the journal. Returns whether there were some, or an invocation runs.
    pub fn read(&mut self, entries: &Value) -> bool {
        let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
        for entry in entries {
            self.last = entry["seq"].as_u64().unwrap_or(self.last);
            self.add(entry);
        }
        !entries.is_empty() || !self.running.is_empty()
    }

    fn add(&mut self, entry: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let request = text(&entry["request_id"]);
        let detail = &entry["detail"];
        match entry["kind"].as_str() {
            Some("invoke") => {
                self.invocations += 1;
                self.running.insert(request, text(&entry["function"]));
            }
            Some("result") => {
                self.running.remove(&request);
                self.is_overloaded |= detail["duration_ms"].as_i64().is_some_and(|ms| ms > SLOW_MS);
                if detail["status"] != "returned" {
                    let is_slow = detail["duration_ms"].as_i64().is_some_and(|ms| ms > SLOW_MS);
                    self.slow += u64::from(is_slow && !self.hit.contains(&request));
                    if is_slow {
                        self.hit.insert(request.clone());
                    }
                    self.failed.insert(request, format!("{} {}", text(&entry["function"]), detail));
                }
            }
            Some("fault") => {
                *self.faults.entry(text(&detail["kind"])).or_default() += 1;
                let event = text(&detail["event"]);
                if let Some((_, device)) =
                    event.split_once("presence/").and_then(|(_, rest)| rest.split_once('/'))
                {
                    self.unheard.insert(device.split(' ').next().unwrap_or_default().to_owned());
                }
                self.hit.insert(request);
            }
            _ => {}
        }
    }

    /// Checks a request that its terminal gave up: that may happen only after a fault, or on an overloaded machine.
    pub fn unanswered(&mut self, uplink: &Uplink, is_faulty: bool) {
        self.given_up += 1;
        if !is_faulty && !self.is_overloaded {
            self.violations.push(format!("{} {} has no answer, without a fault", uplink.kind(), uplink.id()));
        }
    }

    /// Checks that each failed invocation was hit by a fault.
    pub fn check_failures(&mut self) {
        self.dead_letters += self.failed.len() as u64;
        let unexplained = self.failed.iter().filter(|(request, _)| !self.hit.contains(*request));
        let words = unexplained.map(|(_, words)| format!("an invocation failed without a fault: {words}"));
        self.violations.extend(words.collect::<Vec<_>>());
        self.failed.clear();
    }

    /// Returns whether the letter of a failed invocation is explained by a fault.
    pub fn explains(&self, request: &str) -> bool {
        self.hit.contains(request)
    }

    /// Number of faults of this kind so far.
    pub fn faults_of(&self, kind: &str) -> u64 {
        self.faults.get(kind).copied().unwrap_or_default()
    }
}
