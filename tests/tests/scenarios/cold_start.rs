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
    ("ID_KEY", "0123456789abcdef0123456789abcdef"),
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
    let output = timeout(DEADLINE, started)
        .await
        .expect("the program ends by itself")
        .expect("the program can be run");
    assert!(!output.status.success(), "{function} with {name}={value:?}");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_setting_that_is_missing_or_wrong_stops_the_cold_start_and_is_named_but_not_shown() {
    for function in ["create-meeting", "rtc-webhook"] {
        for name in ["RTC_PROVIDER", "RTC_KEY_ID", "RTC_KEY_SECRET", "TABLE_NAME"] {
            let said = error_output(function, name, "").await;
            assert!(
                said.contains(&format!("the environment variable {name} is missing")),
                "{function}: {said}"
            );
        }
        for name in ["RTC_PROVIDER", "RTC_KEY_ID", "RTC_KEY_SECRET", "RTC_MODE", "RTC_URL", "RTC_API_URL"] {
            let said = error_output(function, name, WRONG).await;
            let named = format!("the environment variable {name} is malformed: ");
            assert!(said.contains(&named) && !said.contains(WRONG), "{function}: {said}");
        }
    }
}

/// The error output of `local up` with these parameters; it must end by itself, with a failure, and announce nothing.
async fn refusal_of_the_stack(parameters: &[&str]) -> String {
    let started = Command::new(binaries().join("local"))
        .args(["up", "--no-build", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0"])
        .args(parameters.iter().flat_map(|parameter| ["--parameter", parameter]))
        .env_remove("RTC_PROVIDER")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(DEADLINE, started)
        .await
        .expect("the program ends by itself")
        .expect("the program can be run");
    assert!(!output.status.success() && output.stdout.is_empty(), "{parameters:?}: {output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

// Case: settings-stop-the-start
#[tokio::test]
async fn settings_that_stop_a_function_stop_the_start_of_the_stack_and_are_named() {
    for (parameters, name) in [
        // The template's pattern takes any number of five digits as a port.
        (&["TurnUrls=turn:turn.example.com:99999", "TurnSecret=xyzzy"][..], "TURN_URLS"),
        (&["TurnUrls=turn:turn.example.com"][..], "TURN_SECRET"),
        (&["RtcProvider=agora", "RtcKeyId=xyzzy"][..], "RTC_KEY_ID"),
        (&["RtcMode=xyzzy"][..], "RTC_MODE"),
        (&["RtcApiUrl=https://rtc.example.com", "RtcApiKeyId=xyzzy"][..], "RTC_API_KEY_SECRET"),
    ] {
        let said = refusal_of_the_stack(parameters).await;
        let named = format!("does not start: Error: the environment variable {name} is ");
        assert!(said.contains(&named) && !said.contains("xyzzy"), "{said}");
    }
}

// Cases: parents-that-meet, turn-addresses
#[tokio::test]
async fn parameters_that_a_deployment_refuses_stop_the_start_of_the_stack() {
    for (parameter, name) in [
        ("CallDownParent=call-up", "ParentsDiffer"),
        ("BulkDownParent=bulk-up", "ParentsDiffer"),
        ("TurnUrls=turn://turn.example.com:3478", "TurnUrls"),
        ("CallUpParent=a/b", "CallUpParent"),
        ("IdKey=short", "IdKey"),
        ("RtcProvider=xyzzy", "RtcProvider"),
    ] {
        let said = refusal_of_the_stack(&[parameter]).await;
        assert!(said.contains(name), "{parameter}: {said}");
    }
}
