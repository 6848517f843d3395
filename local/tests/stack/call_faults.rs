//! Tests of faults of table, data plane and queues.

use std::time::Duration;

use local::Stack;
use local::instruments::journal::{Entry, EntryKind};
use reqwest::Method;
use serde_json::json;

use crate::support::{arm, count, invoke, journal, post, results, start};

/// A delay that no caller waits for.
const HOUR_MS: u64 = 3_600_000;

/// Publishes a message for a device.
async fn downlink(stack: &Stack) -> u16 {
    post(&format!("{}/topics/probe%2Fx?qos=1", stack.addresses().iot_data), &json!({"do": "pid"})).await.0
}

/// Sends a direct message to a device that is not connected, for which the broker answers 404.
async fn direct(stack: &Stack) -> u16 {
    let url = format!("{}/connections/GID%40%40%40bob/messages?topic=call-dn", stack.addresses().iot_data);
    post(&url, &json!({})).await.0
}

/// Looks up a connection that is unknown, for which the broker answers 404.
async fn look_up(stack: &Stack) -> u16 {
    let url = format!("{}/connections/GID%40%40%40bob", stack.addresses().iot_data);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    client.get(url).send().await.expect("an answer").status().as_u16()
}

/// Number of events that the rule has passed to the probe, and that it has served.
async fn served(stack: &Stack, what: &str, number: usize) {
    journal(stack, what, |entries| results(entries).len() == number).await;
}

#[tokio::test]
async fn the_answer_to_a_write_that_was_stored_gets_lost() {
    let stack = start().await;
    arm(&stack, json!({"kind": "lose_table_answer", "only": "PutItem"})).await;
    let answer = invoke(&stack, &json!({"do": "write", "key": "k"})).await;
    assert!(answer["errorMessage"].as_str().unwrap_or_default().contains("InternalServerError"), "{answer}");
    let entries = stack.instruments().journal.after(0);
    let writes: Vec<_> = entries.iter().filter(|entry| entry.kind == EntryKind::Table).collect();
    assert_eq!((writes.len(), &writes[0].detail["status"]), (1, &json!(200)), "the write itself happened");
    stack.shutdown().await;
}

#[tokio::test]
async fn table_calls_are_refused_as_in_dynamodb() {
    let stack = start().await;
    for (kind, act, code) in [
        ("throttle_table", "write", "ProvisionedThroughputExceededException"),
        ("fail_table", "write", "InternalServerError"),
        ("conflict_table", "write", "TransactionConflictException"),
        ("condition_table", "write", "ConditionalCheckFailedException"),
        ("conflict_table", "transact", "[TransactionConflict, None]"),
        ("condition_table", "transact", "[ConditionalCheckFailed, None]"),
    ] {
        arm(&stack, json!({"kind": kind})).await;
        let answer = invoke(&stack, &json!({"do": act, "key": "k"})).await;
        assert!(answer["errorMessage"].as_str().unwrap_or_default().contains(code), "{kind}: {answer}");
        let entries = stack.instruments().journal.after(0);
        let refused = entries.iter().rfind(|entry| entry.kind == EntryKind::Table).expect("a call");
        assert_eq!(refused.detail["conditional_failed"], kind == "condition_table", "{kind} {act}");
        assert_eq!(refused.detail["injected"], true);
    }
    stack.shutdown().await;
}

#[tokio::test]
async fn a_table_call_is_slow_or_hangs() {
    let stack = start().await;
    arm(&stack, json!({"kind": "slow_table", "delay_ms": 1})).await;
    assert!(invoke(&stack, &json!({"do": "write", "key": "k"})).await.is_null());
    assert_eq!(count(&stack.instruments().journal.after(0), EntryKind::Table), 2);
    arm(&stack, json!({"kind": "slow_table", "delay_ms": HOUR_MS})).await;
    let answer = invoke(&stack, &json!({"do": "write", "key": "k"})).await;
    assert_eq!(answer["errorType"], "Sandbox.Timedout", "{answer}");
    assert_eq!(count(&stack.instruments().journal.after(0), EntryKind::Table), 2, "the call did not happen");
    stack.shutdown().await;
}

#[tokio::test]
async fn the_data_plane_refuses_with_each_status() {
    let stack = start().await;
    for status in [403, 404, 429, 500, 503] {
        arm(&stack, json!({"kind": "fail_publish", "only": "probe/", "status": status})).await;
        assert_eq!(downlink(&stack).await, status);
        arm(&stack, json!({"kind": "fail_direct", "status": status})).await;
        assert_eq!(direct(&stack).await, status);
        arm(&stack, json!({"kind": "fail_connection", "only": "@@@bob", "status": status})).await;
        assert_eq!(look_up(&stack).await, status);
    }
    assert_eq!(stack.instruments().faults.armed(), [], "each fault was triggered once");
    assert_eq!((downlink(&stack).await, direct(&stack).await, look_up(&stack).await), (200, 404, 404));
    stack.shutdown().await;
}

#[tokio::test]
async fn the_data_plane_is_slow_or_hangs() {
    let stack = start().await;
    let iot = &stack.addresses().iot_data;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for (kind, method, path, status) in [
        ("slow_publish", Method::POST, "topics/probe%2Fx?qos=1", 200),
        ("slow_direct", Method::POST, "connections/GID%40%40%40bob/messages?topic=call-dn", 404),
        ("slow_connection", Method::GET, "connections/GID%40%40%40bob", 404),
    ] {
        let request = || client.request(method.clone(), format!("{iot}/{path}")).body(r#"{"do": "pid"}"#);
        arm(&stack, json!({"kind": kind, "delay_ms": 1})).await;
        assert_eq!(request().send().await.expect("an answer").status(), status, "{kind}");
        arm(&stack, json!({"kind": kind, "delay_ms": HOUR_MS})).await;
        let hangs = request().timeout(Duration::from_millis(300)).send().await;
        assert!(hangs.is_err_and(|error| error.is_timeout()), "{kind}");
    }
    served(&stack, "the downlink that was slow", 1).await;
    stack.shutdown().await;
}

#[tokio::test]
async fn a_publish_happens_and_its_answer_is_lost() {
    let stack = start().await;
    arm(&stack, json!({"kind": "lose_publish_answer"})).await;
    assert_eq!(downlink(&stack).await, 500);
    served(&stack, "the publish", 1).await;
    stack.shutdown().await;
}

#[tokio::test]
async fn a_downlink_is_lost_doubled_or_overtaken() {
    let stack = start().await;
    arm(&stack, json!({"kind": "drop_publish"})).await;
    assert_eq!((downlink(&stack).await, downlink(&stack).await), (200, 200));
    served(&stack, "the second one", 1).await;
    arm(&stack, json!({"kind": "duplicate_publish"})).await;
    assert_eq!(downlink(&stack).await, 200);
    served(&stack, "both copies", 3).await;
    arm(&stack, json!({"kind": "delay_publish", "delay_ms": 60_000, "only": "probe/x"})).await;
    assert_eq!((downlink(&stack).await, downlink(&stack).await), (200, 200));
    served(&stack, "the one that overtakes", 4).await;
    stack.instruments().clock.advance(60_000);
    // The sweep of the minute is the other one.
    served(&stack, "the late one", 6).await;
    stack.shutdown().await;
}

#[tokio::test]
async fn a_queue_fails_loses_doubles_or_delays_a_message() {
    let stack = start().await;
    for (status, code) in [(429, "RequestThrottled"), (503, "ServiceUnavailable")] {
        arm(&stack, json!({"kind": "fail_queue", "status": status})).await;
        let answer = invoke(&stack, &json!({"do": "remind"})).await;
        assert!(answer["errorMessage"].as_str().unwrap_or_default().contains(code), "{answer}");
    }
    let reminders = |entries: &[Entry]| {
        let of_queue = |entry: &&Entry| {
            entry.kind == EntryKind::Invoke && entry.detail["source"] == "queue switchboard-Reminders"
        };
        entries.iter().filter(of_queue).count()
    };
    for (kind, expected) in [("drop_message", 0), ("duplicate_message", 2), ("delay_message", 3)] {
        arm(&stack, json!({"kind": kind, "delay_ms": 30_000})).await;
        let sent = invoke(&stack, &json!({"do": "remind"})).await;
        assert!(sent["MessageId"].is_string(), "{kind}: {sent}");
        let late_ms = if kind == "delay_message" { 30_000 } else { 0 };
        stack.instruments().clock.advance(45_000 + late_ms);
        journal(&stack, kind, |entries| reminders(entries) == expected).await;
    }
    assert!(count(&stack.instruments().journal.after(0), EntryKind::Fault) == 5);
    stack.shutdown().await;
}
