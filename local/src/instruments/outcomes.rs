//! The event bus for outcomes. Lambda publishes the result of an asynchronous invocation on the bus, and some functions
//! publish their reports themselves. The stack logs these events, keeps the recent ones for `GET /local/outcomes`, and
//! appends them to a file if `--outcomes` names one.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tracing::{info, warn};

use crate::aws::{ACCOUNT_ID, REGION, iso_8601_seconds, random_id};

/// Number of events that are kept; older events are dropped here, but not from the file.
const CAPACITY: usize = 1_000;

/// Recent events of all event buses of one stack.
#[derive(Default)]
pub struct Outcomes {
    kept: Mutex<VecDeque<Value>>,
    file: Mutex<Option<File>>,
}

/// An event to publish on a bus.
pub(crate) struct BusEvent<'a> {
    /// Field `source`: `lambda`, or the name that the publisher gives.
    pub(crate) source: &'a str,
    /// Field `detail-type`.
    pub(crate) detail_type: &'a str,
    /// ARNs that the event concerns.
    pub(crate) resources: Vec<String>,
    /// Field `detail`: the content of the event.
    pub(crate) detail: Value,
    /// Time of the stack's clock, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
}

impl Outcomes {
    /// Appends every event from now on to a file, one line of JSON each.
    ///
    /// # Errors
    /// The file cannot be opened for writing.
    pub fn append_to(&self, path: &Path) -> std::io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    /// The recent events, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Value> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Publishes an event and returns its id.
    pub(crate) fn publish(&self, event: &BusEvent<'_>) -> String {
        let id = random_id();
        // Format: "Events" in the EventBridge user guide.
        let document = json!({
            "version": "0",
            "id": id,
            "detail-type": event.detail_type,
            "source": event.source,
            "account": ACCOUNT_ID,
            "time": iso_8601_seconds(event.at_ms),
            "region": REGION,
            "resources": event.resources,
            "detail": event.detail,
        });
        info!("outcome published: {}", document["detail"]["responsePayload"]);
        if let Some(file) = self.file.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
            && let Err(problem) = writeln!(file, "{document}")
        {
            warn!("outcome {id} not written to the outcomes file: {problem}");
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == CAPACITY {
            kept.pop_front();
        }
        kept.push_back(document);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_kept_and_appended_to_the_file_line_by_line() {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let path = folder.path().join("outcomes.jsonl");
        std::fs::write(&path, "{\"earlier\":1}\n").expect("the file can be written");
        let outcomes = Outcomes::default();
        let event = |rev: u32| BusEvent {
            source: "switchboard",
            detail_type: "Switchboard Outcome",
            resources: Vec::new(),
            detail: json!({"responsePayload": {"rev": rev}}),
            at_ms: 1_795_366_084_000,
        };
        outcomes.publish(&event(1));
        outcomes.append_to(&path).expect("the file can be opened");
        outcomes.publish(&event(2));
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(
            lines.len(),
            2,
            "the old line stays, and the event before `append_to` is not written: {text}"
        );
        assert_eq!(lines[1]["detail"]["responsePayload"]["rev"], 2);
        assert_eq!(lines[1]["time"], "2026-11-22T16:48:04Z");
        assert_eq!(outcomes.all().len(), 2);
        assert!(Outcomes::default().append_to(folder.path()).is_err(), "a folder is not a file");
    }
}
