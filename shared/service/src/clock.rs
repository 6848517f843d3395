//! The only module that reads the clock.

use crate::config::{ConfigError, Variables, is_on_aws};
use lambda_runtime::Context;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the time of an invocation, in milliseconds since the epoch.
///
/// In a build with the feature `test-clock`, adds the offset that the laptop stack passes with each
/// invocation, so that no test has to wait until a ring expires. Deployed builds do not have that feature: a
/// build with it does not start on AWS Lambda.
#[must_use]
pub fn now_ms(context: &Context) -> i64 {
    system_ms() + offset_ms(context)
}

/// Returns the system's time, for the signatures of calls.
#[expect(clippy::disallowed_methods, reason = "this is the clock's adapter")]
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Waits for `time`. A test may replace the wait by one in its own virtual time.
pub(crate) async fn wait(time: Duration) {
    #[cfg(any(test, feature = "fake"))]
    if let Some(wait) = crate::fake::waits::replaced(time) {
        return wait.await;
    }
    tokio::time::sleep(time).await;
}

fn system_ms() -> i64 {
    let since_epoch = system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
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

/// Refuses to start on AWS Lambda with the feature `test-clock`.
pub(crate) fn require_real_clock(variables: &impl Variables) -> Result<(), ConfigError> {
    if cfg!(feature = "test-clock") { refuse_on_aws(variables) } else { Ok(()) }
}

fn refuse_on_aws(variables: &impl Variables) -> Result<(), ConfigError> {
    if is_on_aws(variables) { Err(ConfigError::TestClock) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_with_the_test_clock_does_not_start_on_aws_lambda() {
        let with = |set: &'static str| {
            refuse_on_aws(&move |name: &'static str| (name == set).then(|| "set".to_owned())).is_err()
        };
        assert!(with("AWS_EXECUTION_ENV"));
        assert!(with("LAMBDA_TASK_ROOT"));
        assert!(!with("AWS_LAMBDA_FUNCTION_NAME"), "the laptop stack sets it too");
        let on_aws = |name: &'static str| (name == "LAMBDA_TASK_ROOT").then(|| "/var/task".to_owned());
        assert_eq!(require_real_clock(&on_aws).is_err(), cfg!(feature = "test-clock"));
    }
}
