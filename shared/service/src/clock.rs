//! The only module that reads the clock.

use lambda_runtime::Context;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the time of an invocation, in milliseconds since the epoch.
///
/// Built with the feature `test-clock`, it adds the offset that the laptop stack passes with each invocation, so that no test
/// has to wait for a ring to time out. Deployed builds do not have that feature; on AWS Lambda a build that has it ignores the
/// offset.
#[must_use]
pub fn now_ms(context: &Context) -> i64 {
    system_ms() + offset_ms(context)
}

/// Returns the time of the system, for the signatures of calls.
#[expect(clippy::disallowed_methods, reason = "this is the clock's adapter")]
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Waits for `time`. A test may replace the wait by one in its own time.
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
    if is_refused_on_aws(&crate::config::environment) {
        return 0;
    }
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

/// Returns whether the process runs on AWS Lambda, where the offset is ignored. Logs that once.
#[cfg(any(test, feature = "test-clock"))]
fn is_refused_on_aws(environment: &impl crate::config::Variables) -> bool {
    static LOGGED: std::sync::Once = std::sync::Once::new();
    // AWS sets the second one for every runtime, the first one not for OS-only runtimes. The laptop stack sets neither.
    let is_on_aws =
        ["AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT"].into_iter().any(|name| environment(name).is_some());
    if is_on_aws {
        LOGGED.call_once(|| {
            tracing::error!(
                "function built with the feature test-clock on AWS Lambda: clock offset ignored; deploy a build without it"
            );
        });
    }
    is_on_aws
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_clock_is_refused_on_aws_lambda() {
        let with = |set: &'static str| {
            is_refused_on_aws(&move |name: &'static str| (name == set).then(|| "set".to_owned()))
        };
        assert!(with("AWS_EXECUTION_ENV"));
        assert!(with("LAMBDA_TASK_ROOT"));
        assert!(!with("AWS_LAMBDA_FUNCTION_NAME"), "the laptop stack sets it too");
    }
}
