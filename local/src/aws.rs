//! The AWS account that the stack imitates: account, region and stack name, ARNs, random ids and timestamps.

use chrono::{DateTime, SecondsFormat};

/// Account id in ARNs and queue URLs.
pub const ACCOUNT_ID: &str = "000000000000";
/// Region in ARNs, events and the environment of functions.
pub const REGION: &str = "us-east-1";
/// Default name of the CloudFormation stack.
pub const STACK_NAME: &str = "switchboard";

/// Makes an ARN in the stack's account and region.
pub(crate) fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}")
}

/// Makes an id for an invocation, a message or an event. In AWS, the services make these ids. No decision of a function
/// depends on such an id.
pub(crate) fn random_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Formats a time as AWS writes it in events: `2026-11-22T18:00:00.000Z`.
pub(crate) fn iso_8601(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Formats a time in whole seconds, as EventBridge writes it: `2026-11-22T18:00:00Z`.
pub(crate) fn iso_8601_seconds(at_ms: i64) -> String {
    iso_8601(at_ms).replace(".000Z", "Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_writes_them() {
        assert_eq!(iso_8601(1_795_366_084_000), "2026-11-22T16:48:04.000Z");
        assert_eq!(iso_8601_seconds(1_795_366_084_000), "2026-11-22T16:48:04Z");
    }
}
