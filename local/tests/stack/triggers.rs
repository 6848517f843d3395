//! Tests of triggers (rules, queues and schedules), and of the journal and the table store.

use local::instruments::journal::EntryKind;
use local::table::TableStore;
use local::{Stack, StackOptions};
use serde_json::json;

use crate::support::{binaries, count, invoke, journal, post, publish, results, start, template};

#[tokio::test]
async fn a_message_invokes_the_function_of_the_matching_rule() {
    let stack = start().await;
    publish(&stack, &json!({"do": "pid"})).await;
    let other =
        post(&format!("{}/topics/other%2Fx", stack.addresses().iot_data), &json!({"do": "pid"})).await;
    assert_eq!(other.0, 200);
    publish(&stack, &json!({"do": "pid"})).await;

    let entries = journal(&stack, "two invocations", |entries| results(entries).len() == 2).await;
    let invocations: Vec<_> = entries.iter().filter(|entry| entry.kind == EntryKind::Invoke).collect();
    assert_eq!(invocations.len(), 2);
    assert_eq!(invocations[0].detail["source"], "rule switchboard-ProbeRule");
    assert_eq!(invocations[0].detail["topic"], "probe/x");
    stack.shutdown().await;
}

#[tokio::test]
async fn a_delayed_message_invokes_its_function_when_the_clock_is_moved() {
    let stack = start().await;
    let sent = invoke(&stack, &json!({"do": "remind"})).await;
    assert!(sent["MessageId"].is_string(), "{sent}");

    let clock = format!("{}/local/clock", stack.addresses().http);
    // The margin of ten seconds allows for a slow machine, since the clock also advances by itself.
    assert_eq!(post(&clock, &json!({"advance_ms": 35_000})).await.0, 200);
    assert_eq!(results(&stack.instruments().journal.after(0)), ["returned"], "35 seconds are not enough");
    post(&clock, &json!({"advance_ms": 10_000})).await;

    let entries = journal(&stack, "the reminder", |entries| results(entries).len() == 2).await;
    let reminder = entries.iter().rfind(|entry| entry.kind == EntryKind::Invoke).expect("an invocation");
    assert_eq!(reminder.detail["source"], "queue switchboard-Reminders");
    let call = entries.iter().find(|entry| entry.kind == EntryKind::Queue).expect("a call");
    assert_eq!(call.function.as_deref(), Some("probe"));
    assert_eq!(call.detail["delay_seconds"], 45);
    stack.shutdown().await;
}

#[tokio::test]
async fn a_schedule_follows_the_clock_of_the_stack() {
    let stack = start().await;
    for minute in 1..=2 {
        stack.instruments().clock.advance(60_000);
        let entries = journal(&stack, "the sweep", |entries| results(entries).len() == minute).await;
        assert!(entries.iter().all(|entry| entry.function.as_deref() == Some("probe")));
    }
    stack.shutdown().await;
}

#[tokio::test]
async fn the_journal_attributes_table_calls_to_function_process_and_invocation() {
    let stack = start().await;
    invoke(&stack, &json!({"do": "write", "key": "k"})).await;
    invoke(&stack, &json!({"do": "transact", "key": "t"})).await;
    let entries = stack.instruments().journal.after(0);
    assert_eq!(count(&entries, EntryKind::Table), 3);

    let (first, last) = (&entries[0], &entries[1]);
    assert_eq!((first.kind, last.kind), (EntryKind::Invoke, EntryKind::Table));
    assert_eq!(last.detail, json!({"operation": "PutItem", "status": 200}));
    assert_eq!(last.request_id, first.request_id);
    assert_eq!(last.process.as_deref(), Some("probe.1"));
    let transaction = entries.iter().rfind(|entry| entry.kind == EntryKind::Table).expect("a call");
    assert_eq!(transaction.detail, json!({"operation": "TransactWriteItems", "status": 200, "items": 2}));
    stack.shutdown().await;
}

#[tokio::test]
async fn a_stack_can_use_an_external_table_store() {
    let server = start().await;
    let mut options = StackOptions::on_free_ports(template(), binaries());
    options.store = TableStore::External(server.addresses().dynamodb.clone());
    options.stack_name = "other".to_owned();
    let stack = Stack::start(options).await.expect("the stack starts");
    assert_eq!(stack.addresses().table, "other-Table");

    assert!(invoke(&stack, &json!({"do": "write", "key": "k"})).await.is_null());
    let calls = |stack: &Stack| {
        let calls =
            stack.instruments().journal.after(0).into_iter().filter(|entry| entry.kind == EntryKind::Table);
        calls.filter_map(|entry| entry.detail["operation"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(calls(&stack), ["PutItem", "PutItem"]);
    assert_eq!(calls(&server), ["CreateTable", "DescribeTable", "PutItem", "PutItem"]);
    stack.shutdown().await;
    server.shutdown().await;
}
