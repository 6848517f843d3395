//! The log of a test.

use crate::run::logs;
use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::subscriber::DefaultGuard;

/// The lines that this thread logs while the value lives.
pub struct FakeLog {
    written: Written,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl FakeLog {
    /// Begins to record, at the level of warnings.
    #[must_use]
    pub fn start() -> Self {
        let written = Written::default();
        let writer = written.clone();
        let log = logs(tracing::Level::WARN, move || writer.clone());
        Self { written, _guard: tracing::subscriber::set_default(log) }
    }

    /// Takes the lines with this level, oldest first, and forgets all others.
    ///
    /// # Panics
    /// If a line is not JSON.
    #[must_use]
    pub fn take(&self, level: &str) -> Vec<Value> {
        let bytes = std::mem::take(&mut *self.written.0.lock().unwrap_or_else(PoisonError::into_inner));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        lines.filter(|line| line["level"] == level).collect()
    }
}
