//! Unix time, and a sleep until an optional time.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Returns the Unix time in seconds.
pub fn now_seconds() -> i64 {
    now_ms().div_euclid(1000)
}

/// Returns the Unix time in milliseconds.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// Returns at `time`, or never for `None`.
pub async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
