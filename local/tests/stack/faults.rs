//! Tests of faults of events and processes.

use local::instruments::journal::EntryKind;
use serde_json::json;

use crate::support::{arm, count, invoke, journal, post, publish, results, start};

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
async fn an_event_is_late_by_the_clock_of_the_stack() {
    let stack = start().await;
    arm(&stack, json!({"function": "probe", "kind": "delay_invoke", "delay_ms": 30_000})).await;
    publish(&stack, &json!({"do": "pid"})).await;
    publish(&stack, &json!({"do": "fail"})).await;
    journal(&stack, "the second event", |entries| results(entries) == ["failed"]).await;
    stack.instruments().clock.advance(30_000);
    journal(&stack, "the first event", |entries| results(entries) == ["failed", "returned"]).await;
    stack.shutdown().await;
}

#[tokio::test]
async fn an_event_is_overtaken_by_the_next_one() {
    let stack = start().await;
    arm(&stack, json!({"kind": "reorder_invoke", "only": "probe/x"})).await;
    publish(&stack, &json!({"do": "fail"})).await;
    publish(&stack, &json!({"do": "pid"})).await;
    journal(&stack, "both events", |entries| results(entries) == ["returned", "failed"]).await;

    arm(&stack, json!({"kind": "reorder_invoke", "delay_ms": 5_000})).await;
    publish(&stack, &json!({"do": "pid"})).await;
    journal(&stack, "the fault", |entries| count(entries, EntryKind::Fault) == 2).await;
    stack.instruments().clock.advance(5_000);
    journal(&stack, "an event that no other one overtakes", |entries| results(entries).len() == 3).await;
    stack.shutdown().await;
}

#[tokio::test]
async fn a_process_is_killed_at_each_of_its_calls_one_after_the_other() {
    for (kind, written) in [("kill_before_call", [0, 1]), ("kill_after_call", [1, 2])] {
        let stack = start().await;
        for (skip, written) in written.into_iter().enumerate() {
            let before = stack.instruments().journal.after(0);
            arm(&stack, json!({"function": "probe", "kind": kind, "skip": skip})).await;
            let answer = invoke(&stack, &json!({"do": "write", "key": "k"})).await;
            assert_eq!(answer["errorType"], "Runtime.ExitError", "{kind} {skip}: {answer}");
            let after = stack.instruments().journal.after(0);
            assert_eq!(
                count(&after, EntryKind::Table) - count(&before, EntryKind::Table),
                written,
                "{kind} {skip}"
            );
        }
        arm(&stack, json!({"function": "probe", "kind": kind, "skip": 2})).await;
        assert!(
            invoke(&stack, &json!({"do": "write", "key": "k"})).await.is_null(),
            "there is no third call"
        );
        assert_eq!(stack.instruments().faults.armed().len(), 1, "so the enumeration ends");
        stack.shutdown().await;
    }
}

#[tokio::test]
async fn a_random_fault_strikes_until_it_is_disarmed() {
    let stack = start().await;
    arm(&stack, json!({"function": "probe", "kind": "drop_invoke", "rate": 10_000})).await;
    for _ in 0..3 {
        publish(&stack, &json!({"do": "pid"})).await;
    }
    journal(&stack, "three faults", |entries| count(entries, EntryKind::Fault) == 3).await;
    stack.instruments().faults.clear();
    publish(&stack, &json!({"do": "fail"})).await;
    let entries = journal(&stack, "the fourth event", |entries| !results(entries).is_empty()).await;
    assert_eq!(results(&entries), ["failed"]);
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
