//! The journal: every invocation and every call that a function made, in order. Tests count round trips with it, and
//! people read it to find the cause of a problem. It never contains the body of a request.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

/// Number of entries that are kept; older entries are dropped.
const CAPACITY: usize = 50_000;

/// Kind of a journal entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A process took an event. `detail`: `source`, `topic` and `client_id` of a rule's event.
    Invoke,
    /// The invocation ended. `detail`: `status` (`returned`, `failed`, `timed_out`, `exited`), `duration_ms`.
    Result,
    /// A call to the table was answered. `detail`: `operation`, `status`, `items` of batches and transactions,
    /// `error`, `conditional_failed`.
    Table,
    /// A publish at the data plane was answered. `detail`: `topic`, `client_id`, `status`, `error`.
    Publish,
    /// A direct message at the data plane was answered. `detail`: `topic`, `client_id`, `status`, `error`.
    Direct,
    /// Another call to the data plane was answered. `detail`: `method`, `client_id`, `status`, `error`.
    Connection,
    /// A call to a queue was answered. `detail`: `operation`, `queue`, `delay_seconds`, `message_id`, `status`.
    Queue,
    /// A management call to the RTC service was answered. `detail`: `path`, `status`.
    Rtc,
    /// A fault was injected. `detail`: `kind`, `occasion`, and the `event` of the invocation.
    Fault,
}

/// Source of a call: a function, its process and the current invocation, as far as known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Name of the function; `None` if the call does not come from a function.
    pub function: Option<String>,
    /// Label of the process, as `create-meeting.3`.
    pub process: Option<String>,
    /// Request id of the invocation.
    pub request_id: Option<String>,
    /// Event of the invocation: its source, topic and client ID, as far as it has them. Not a part of journal entries.
    pub event: String,
}

impl Caller {
    /// Name of the function, or an empty text.
    #[must_use]
    pub fn name(&self) -> &str {
        self.function.as_deref().unwrap_or_default()
    }
}

/// Entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Sequence number, counted from 1.
    pub seq: u64,
    /// Time of the stack's clock, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Kind of the entry; it determines the fields of `detail`.
    pub kind: EntryKind,
    /// Function that was invoked or made the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Process of the function, as `create-meeting.3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// Request id of the invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Details; see [`EntryKind`].
    pub detail: Value,
}

/// The entries since the stack started, at most 50 000.
#[derive(Default)]
pub struct Journal {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    last: u64,
    kept: VecDeque<Entry>,
}

impl Journal {
    pub(crate) fn record(&self, at_ms: i64, kind: EntryKind, caller: &Caller, detail: Value) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.last += 1;
        let entry = Entry {
            seq: entries.last,
            at_ms,
            kind,
            function: caller.function.clone(),
            process: caller.process.clone(),
            request_id: caller.request_id.clone(),
            detail,
        };
        if entries.kept.len() == CAPACITY {
            entries.kept.pop_front();
        }
        entries.kept.push_back(entry);
    }

    /// Entries with a sequence number above `seq`, oldest first.
    #[must_use]
    pub fn after(&self, seq: u64) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let first = entries.kept.partition_point(|entry| entry.seq <= seq);
        entries.kept.range(first..).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_are_numbered_and_can_be_read_from_any_number_on() {
        let journal = Journal::default();
        let caller = Caller { function: Some("answer".to_owned()), ..Caller::default() };
        for operation in ["GetItem", "UpdateItem", "Query"] {
            journal.record(7, EntryKind::Table, &caller, json!({"operation": operation}));
        }
        let rest = journal.after(1);
        assert_eq!(rest.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(
            serde_json::to_value(&rest[0]).expect("JSON"),
            json!({"seq": 2, "at_ms": 7, "kind": "table", "function": "answer", "detail": {"operation": "UpdateItem"}})
        );
        assert_eq!(journal.after(3), []);
    }

    #[test]
    fn the_oldest_entries_are_dropped_first() {
        let journal = Journal::default();
        for _ in 0..=CAPACITY {
            journal.record(0, EntryKind::Queue, &Caller::default(), Value::Null);
        }
        let kept = journal.after(0);
        assert_eq!((kept.len(), kept[0].seq), (CAPACITY, 2));
    }
}
