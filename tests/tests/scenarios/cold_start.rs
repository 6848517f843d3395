//! A function with a missing or wrong setting does not start. Its error names the setting and never its value.

use crate::device::DEADLINE;
use crate::stack::binaries;
use std::process::Stdio;
use tokio::process::Command;
use tokio::time::timeout;

/// All settings of a function, for an account at Agora, which checks the form of both halves of its key.
const COMPLETE: [(&str, &str); 11] = [
    ("AWS_REGION", "eu-west-1"),
    ("TABLE_NAME", "table"),
    ("ID_KEY", "0123456789abcdef"),
    ("CALL_DOWN_PARENT", "call-dn"),
    ("BULK_DOWN_PARENT", "bulk-dn"),
    ("CHANNEL_PREFIX", "sb"),
    ("WAKE_QUEUE_URL", "http://127.0.0.1:9/wake"),
    ("AWS_ENDPOINT_URL_IOT_DATA_PLANE", "http://127.0.0.1:9"),
    ("RTC_PROVIDER", "agora"),
    ("RTC_KEY_ID", "0123456789abcdef0123456789abcdef"),
    ("RTC_KEY_SECRET", "fedcba9876543210fedcba9876543210"),
];
/// A value that is wrong for every setting.
const WRONG: &str = "xyzzy";

/// The error output of a function with one setting changed; the function must end by itself, with a failure.
async fn error_output(function: &str, name: &str, value: &str) -> String {
    let settings = COMPLETE.into_iter().filter(|(known, _)| *known != name).chain([(name, value)]);
    let started = Command::new(binaries().join(function))
        .env_clear()
        .envs(settings)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(DEADLINE, started).await.expect("it ends by itself").expect("it can be run");
    assert!(!output.status.success(), "{function} with {name}={value:?}");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_setting_that_is_missing_or_wrong_stops_the_cold_start_and_is_named_but_not_shown() {
    for function in ["create-meeting", "rtc-webhook"] {
        for name in ["RTC_PROVIDER", "RTC_KEY_ID", "RTC_KEY_SECRET", "TABLE_NAME"] {
            let said = error_output(function, name, "").await;
            assert!(said.contains(&format!("Missing(\"{name}\")")), "{function}: {said}");
        }
        for name in ["RTC_PROVIDER", "RTC_KEY_ID", "RTC_KEY_SECRET", "RTC_MODE", "RTC_URL", "RTC_API_URL"] {
            let said = error_output(function, name, WRONG).await;
            assert!(
                said.contains(&format!("name: \"{name}\"")) && !said.contains(WRONG),
                "{function}: {said}"
            );
        }
    }
}
