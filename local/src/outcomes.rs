//! The event bus for outcomes: what a function returns, or puts on the bus by itself, is an event of EventBridge. Here it is
//! logged, kept for whoever looks, and appended to a file if one is named.

pub(crate) mod api;

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tracing::{info, warn};

use crate::clock::iso_8601;
use crate::id::random_id;
use crate::stack::{ACCOUNT_ID, REGION};

/// Most events that are kept; older ones are forgotten, and are in the file if there is one.
const CAPACITY: usize = 1_000;

/// The events of one stack's buses.
#[derive(Default)]
pub struct Outcomes {
    kept: Mutex<VecDeque<Value>>,
    file: Mutex<Option<File>>,
}

/// What is told on a bus.
pub(crate) struct Told<'a> {
    /// Who tells it.
    pub(crate) source: &'a str,
    /// What kind of event it is.
    pub(crate) detail_type: &'a str,
    /// ARNs that it is about.
    pub(crate) resources: Vec<String>,
    /// The event's own contents.
    pub(crate) detail: Value,
    /// When, by the stack's clock.
    pub(crate) at_ms: i64,
}

impl Outcomes {
    /// Appends every further event to a file, one line of JSON each.
    ///
    /// # Errors
    /// The file cannot be opened for writing.
    pub fn append_to(&self, path: &Path) -> std::io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    /// The events that are kept, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Value> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Takes an event; gives its id.
    pub(crate) fn take(&self, told: &Told<'_>) -> String {
        let id = random_id();
        // "Events" in the EventBridge user guide.
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": told.detail_type,
            "source": told.source,
            "account": ACCOUNT_ID,
            "time": iso_8601(told.at_ms).replace(".000Z", "Z"),
            "region": REGION,
            "resources": told.resources,
            "detail": told.detail,
        });
        info!("outcome: {}", event["detail"]["responsePayload"]);
        if let Some(file) = self.file.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
            && let Err(problem) = writeln!(file, "{event}")
        {
            warn!("an outcome could not be written: {problem}");
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == CAPACITY {
            kept.pop_front();
        }
        kept.push_back(event);
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
        std::fs::write(&path, "{\"earlier\":1}\n").expect("it is ours");
        let outcomes = Outcomes::default();
        let told = |rev: u32| Told {
            source: "switchboard",
            detail_type: "Switchboard Outcome",
            resources: Vec::new(),
            detail: json!({"responsePayload": {"rev": rev}}),
            at_ms: 1_795_366_084_000,
        };
        outcomes.take(&told(1));
        outcomes.append_to(&path).expect("it can be written");
        outcomes.take(&told(2));
        let text = std::fs::read_to_string(&path).expect("it is there");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2, "what was there stays, what came before is not written: {text}");
        assert_eq!(lines[1]["detail"]["responsePayload"]["rev"], 2);
        assert_eq!(lines[1]["time"], "2026-11-22T16:48:04Z");
        assert_eq!(outcomes.all().len(), 2);
        assert!(Outcomes::default().append_to(folder.path()).is_err(), "a folder is no file");
    }
}
