//! Tests of injected faults.

use local::Stack;
use local::instruments::journal::EntryKind;
use serde_json::{Value, json};

use crate::support::{count, invoke, journal, post, publish, results, start};

async fn arm(stack: &Stack, fault: Value) {
    let (status, answer) = post(&format!("{}/local/faults", stack.addresses().http), &fault).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn an_event_is_delivered_twice() {
    for kind in ["duplicate_invoke", "race_invoke"] {
        let stack = start().await;
        arm(&stack, json!({"function": "probe", "kind": kind})).await;
        publish(&stack, &json!({"do": "pid"})).await;
        let entries = journal(&stack, "both deliveries", |entries| results(entries).len() == 2).await;
        let ids: Vec<_> =
            entries.iter().filter(|entry| entry.kind == EntryKind::Invoke).map(|e| &e.request_id).collect();
        assert_eq!(ids[0], ids[1], "Lambda delivers an event again under its own request id");
        stack.shutdown().await;
    }
}

#[tokio::test]
async fn an_event_is_dropped() {
    let stack = start().await;
    arm(&stack, json!({"function": "probe", "kind": "drop_invoke"})).await;
    publish(&stack, &json!({"do": "pid"})).await;
    publish(&stack, &json!({"do": "fail"})).await;
    let entries = journal(&stack, "the second event", |entries| !results(entries).is_empty()).await;
    assert_eq!(results(&entries), ["failed"]);
    stack.shutdown().await;
}

#[tokio::test]
async fn a_process_is_killed_after_its_first_write() {
    let stack = start().await;
    arm(&stack, json!({"function": "probe", "kind": "kill_after_commit"})).await;
    let answer = invoke(&stack, &json!({"do": "write", "key": "k"})).await;
    assert_eq!(answer["errorType"], "Runtime.ExitError", "{answer}");
    let entries = stack.instruments().journal.after(0);
    let writes: Vec<_> = entries.iter().filter(|entry| entry.kind == EntryKind::Table).collect();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].detail["status"], 200, "the write itself happened");
    assert_eq!(results(&entries), ["exited"]);

    assert!(
        invoke(&stack, &json!({"do": "write", "key": "k"})).await.is_null(),
        "the fault was triggered once"
    );
    stack.shutdown().await;
}

#[tokio::test]
async fn a_process_is_killed_before_its_write() {
    let stack = start().await;
    arm(&stack, json!({"function": "probe", "kind": "kill_before_commit", "skip": 1})).await;
    invoke(&stack, &json!({"do": "write", "key": "k"})).await;
    let entries = stack.instruments().journal.after(0);
    assert_eq!((count(&entries, EntryKind::Table), results(&entries)), (1, vec!["exited"]));
    stack.shutdown().await;
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
async fn the_data_plane_and_the_queue_fail() {
    let stack = start().await;
    arm(&stack, json!({"kind": "fail_publish", "only": "probe/"})).await;
    let url = format!("{}/topics/probe%2Fx", stack.addresses().iot_data);
    assert_eq!(post(&url, &json!({})).await.0, 500);

    arm(&stack, json!({"kind": "fail_direct"})).await;
    let url = format!("{}/connections/GID%40%40%40bob/messages?topic=call-dn", stack.addresses().iot_data);
    assert_eq!(post(&url, &json!({})).await.0, 500);

    arm(&stack, json!({"kind": "fail_queue"})).await;
    let answer = invoke(&stack, &json!({"do": "remind"})).await;
    assert!(answer["errorMessage"].as_str().unwrap_or_default().contains("ServiceUnavailable"), "{answer}");

    let armed = stack.instruments().faults.armed();
    assert_eq!(armed, [], "each fault was triggered once");
    stack.shutdown().await;
}

#[tokio::test]
async fn an_unknown_fault_is_refused() {
    let stack = start().await;
    let (status, _) =
        post(&format!("{}/local/faults", stack.addresses().http), &json!({"kind": "earthquake"})).await;
    assert_eq!(status, 400);
    stack.shutdown().await;
}
