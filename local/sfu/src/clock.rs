//! The clock of tokens and channels.

use std::sync::Arc;

/// Function that returns the current time in milliseconds since the Unix epoch. Tokens and empty channels expire by
/// this clock; connections use real time.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
