//! Tests of invocations: the environment of functions, and functions that fail, crash or hang.

use local::instruments::journal::EntryKind;
use serde_json::json;

use crate::support::{count, invoke, journal, message, post, publish, results, start};

#[tokio::test]
async fn a_function_is_run_with_its_event_its_variables_and_the_clock() {
    let stack = start().await;
    stack.instruments().clock.advance(5000);
    let answer = invoke(&stack, &json!({"hello": "world"})).await;
    assert_eq!(answer["event"], json!({"hello": "world"}));
    assert_eq!(answer["clock_offset_ms"], "5000");

    let variables: Vec<&str> =
        answer["variables"].as_array().expect("names").iter().filter_map(|name| name.as_str()).collect();
    assert!(variables.contains(&"TABLE_NAME"), "{variables:?}");
    assert!(!variables.contains(&"HOME"), "no variable of this machine: {variables:?}");
    stack.shutdown().await;
}

#[tokio::test]
async fn one_process_serves_consecutive_invocations() {
    let stack = start().await;
    let first = invoke(&stack, &json!({"do": "pid"})).await;
    assert_eq!(invoke(&stack, &json!({"do": "pid"})).await, first);
    stack.shutdown().await;
}

#[tokio::test]
async fn concurrent_invocations_get_processes_of_their_own() {
    let stack = start().await;
    let hanging = json!({"do": "hang"});
    let (_, pid) = tokio::join!(invoke(&stack, &hanging), async {
        journal(&stack, "the invocation that hangs", |entries| count(entries, EntryKind::Invoke) == 1).await;
        invoke(&stack, &json!({"do": "pid"})).await
    });
    assert!(pid.is_number(), "{pid}");
    stack.shutdown().await;
}

#[tokio::test]
async fn an_invocation_continues_when_its_caller_disconnects() {
    let (stack, hanging) = (start().await, json!({"do": "hang"}));
    tokio::select! {
        answer = invoke(&stack, &hanging) => panic!("the invocation ended too early: {answer}"),
        _ = journal(&stack, "the invocation that hangs", |entries| count(entries, EntryKind::Invoke) == 1) => {}
    }
    let entries = journal(&stack, "its end", |entries| !results(entries).is_empty()).await;
    assert_eq!(results(&entries), ["timed_out"]);
    stack.shutdown().await;
}

#[tokio::test]
async fn failures_are_reported_and_the_next_invocation_works() {
    let stack = start().await;
    for (act, error_type, message) in [
        ("fail", "", "as ordered"),
        ("panic", "", "as ordered"),
        ("exit", "Runtime.ExitError", "exit status: 3"),
        ("hang", "Sandbox.Timedout", "longer than 2 s"),
    ] {
        let answer = invoke(&stack, &json!({"do": act})).await;
        let text = answer["errorMessage"].as_str().unwrap_or_default();
        assert!(text.contains(message), "{act}: {answer}");
        assert!(answer["errorType"].as_str().unwrap_or_default().contains(error_type), "{act}: {answer}");
        assert!(invoke(&stack, &json!({"do": "pid"})).await.is_number(), "after {act}");
    }
    let entries = stack.instruments().journal.after(0);
    let statuses =
        ["failed", "returned", "failed", "returned", "exited", "returned", "timed_out", "returned"];
    assert_eq!(results(&entries), statuses);
    stack.shutdown().await;
}

#[tokio::test]
async fn a_failed_event_is_kept_with_its_error_and_not_retried() {
    let stack = start().await;
    publish(&stack, &json!({"do": "fail"})).await;
    let record = message(&stack, "switchboard-FailedEventsQueue").await;
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(record["requestPayload"]["topic"], "probe/x");
    assert_eq!(record["responsePayload"]["errorMessage"], "as ordered");
    assert_eq!(results(&stack.instruments().journal.after(0)), ["failed"]);
    stack.shutdown().await;
}

#[tokio::test]
async fn functions_are_found_by_all_their_names_and_others_are_refused() {
    let stack = start().await;
    let url = |name: &str| format!("{}/2015-03-31/functions/{name}/invocations", stack.addresses().lambda);
    for name in [
        "probe",
        "switchboard-Probe",
        "switchboard-Probe:$LATEST",
        "arn:aws:lambda:us-east-1:000000000000:function:switchboard-Probe",
    ] {
        let (status, answer) = post(&url(name), &json!({"do": "pid"})).await;
        assert_eq!(status, 200, "{name}");
        assert!(answer.is_number(), "{name}: {answer}");
    }
    assert_eq!(post(&url("unknown"), &json!({})).await.0, 404);
    stack.shutdown().await;
}

// Proves: separate-topics
#[tokio::test]
async fn a_function_may_do_only_what_its_role_allows() {
    let stack = start().await;
    let allowed = invoke(&stack, &json!({"do": "write", "key": "k"})).await;
    assert!(allowed.is_null(), "{allowed}");

    let denied = invoke(&stack, &json!({"do": "delete", "key": "k"})).await;
    let message = denied["errorMessage"].as_str().unwrap_or_default();
    assert!(message.contains("AccessDeniedException"), "{denied}");
    assert!(
        message.contains("switchboard-Probe is not authorized to perform: dynamodb:DeleteItem"),
        "{denied}"
    );

    // The data plane requires `iot:Publish`, which this role does not have. Calls without a function may publish.
    let publish = |endpoint: &str| format!("{}{endpoint}/topics/probe%2Fx", stack.addresses().iot_data);
    assert_eq!(post(&publish("/fn/probe"), &json!({})).await.0, 403);
    assert_eq!(post(&publish(""), &json!({})).await.0, 200);
    stack.shutdown().await;
}
