//! The only module that reads the clock.

use lambda_runtime::Context;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch, for one invocation.
///
/// Built with the feature `test-clock`, it adds the offset that the laptop stack hands over with each
/// invocation, so that no test has to wait for a ring to time out. Deployed builds do not have that feature.
#[must_use]
pub fn now_ms(context: &Context) -> i64 {
    system_ms() + offset_ms(context)
}

#[expect(clippy::disallowed_methods, reason = "this is the clock's adapter")]
fn system_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(feature = "test-clock")]
fn offset_ms(context: &Context) -> i64 {
    let custom = context.client_context.as_ref().map(|client| &client.custom);
    custom
        .and_then(|custom| custom.get("clock_offset_ms"))
        .and_then(|offset| offset.parse().ok())
        .unwrap_or(0)
}

#[cfg(not(feature = "test-clock"))]
fn offset_ms(_: &Context) -> i64 {
    0
}
