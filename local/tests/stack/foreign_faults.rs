//! Tests of faults of the RTC service, of its callbacks, of clocks, and of the broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::any;
use local::instruments::journal::EntryKind;
use local::{Stack, StackOptions};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{arm, binaries, count, invoke, journal, post, results, start, template};

/// Starts a stack whose RTC service counts its calls.
async fn with_rtc() -> (Stack, Arc<AtomicUsize>, JoinSet<()>) {
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    let answer = move || {
        count.fetch_add(1, Ordering::SeqCst);
        async { axum::Json(json!({"sid": "RM_1"})) }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let mut server = JoinSet::new();
    let routes = Router::new().fallback(any(answer));
    server.spawn(async move { axum::serve(listener, routes).await.expect("the server runs") });
    let mut options = StackOptions::on_free_ports(template(), binaries());
    options.parameters.insert("RtcApiUrl".to_owned(), url);
    (Stack::start(options).await.expect("the stack starts"), called, server)
}

async fn rtc(stack: &Stack) -> Value {
    invoke(stack, &json!({"do": "rtc"})).await
}

#[tokio::test]
async fn the_rtc_service_is_down_slow_or_wrong() {
    let (stack, called, _server) = with_rtc().await;
    assert_eq!(rtc(&stack).await, json!({"sid": "RM_1"}));
    for (fault, happens) in [
        (json!({"kind": "fail_rtc", "status": 429}), 0),
        (json!({"kind": "garble_rtc"}), 0),
        (json!({"kind": "lose_rtc_answer"}), 1),
        // Longer than the function may take.
        (json!({"kind": "slow_rtc", "delay_ms": 60_000}), 0),
    ] {
        let before = called.load(Ordering::SeqCst);
        arm(&stack, fault.clone()).await;
        let answer = rtc(&stack).await;
        assert!(answer["errorType"].is_string(), "{fault}: {answer}");
        assert_eq!(called.load(Ordering::SeqCst) - before, happens, "{fault}");
    }
    let entries = stack.instruments().journal.after(0);
    let answers: Vec<_> = entries.iter().filter(|entry| entry.kind == EntryKind::Rtc).collect();
    assert_eq!(answers[0].detail, json!({"path": "", "status": 200}));
    assert_eq!(answers[0].function.as_deref(), Some("probe"));
    stack.shutdown().await;
}

#[tokio::test]
async fn a_process_is_killed_at_its_call_of_the_rtc_service() {
    let (stack, called, _server) = with_rtc().await;
    for (kind, happens) in [("kill_before_call", 0), ("kill_after_call", 1)] {
        arm(&stack, json!({"kind": kind, "only": "rtc "})).await;
        assert_eq!(rtc(&stack).await["errorType"], "Runtime.ExitError");
        assert_eq!(called.load(Ordering::SeqCst), happens, "{kind}");
    }
    stack.shutdown().await;
}

#[tokio::test]
async fn a_callback_is_lost_doubled_or_overtaken() {
    let stack = start().await;
    let url = format!("{}/lambda-url/probe/", stack.addresses().http);
    let calls = async |number: usize| {
        journal(&stack, "the callbacks", |entries| results(entries).len() == number).await;
    };
    for (kind, delivered) in [("drop_callback", 0), ("duplicate_callback", 2)] {
        arm(&stack, json!({"kind": kind})).await;
        assert_eq!(post(&url, &json!({"event": kind})).await.0, 200, "{kind}");
        calls(delivered).await;
    }
    arm(&stack, json!({"kind": "delay_callback", "delay_ms": 20_000})).await;
    assert_eq!(post(&url, &json!({"event": "late"})).await.0, 200);
    assert_eq!(post(&url, &json!({"event": "next"})).await.0, 200);
    calls(3).await;
    stack.instruments().clock.advance(20_000);
    calls(4).await;
    assert_eq!(count(&stack.instruments().journal.after(0), EntryKind::Fault), 3);
    stack.shutdown().await;
}

#[tokio::test]
async fn the_clocks_of_broker_and_sfu_are_set_ahead_and_behind() {
    let stack = start().await;
    let clock = format!("{}/local/clock", stack.addresses().http);
    let (status, answer) = post(&clock, &json!({"skew_ms": {"broker": 120_000, "rtc": -120_000}})).await;
    assert_eq!((status, &answer["skew_ms"]), (200, &json!({"broker": 120_000, "rtc": -120_000})));
    assert_eq!(answer["offset_ms"], 0, "the stack's own clock stays");
    let (_, answer) = post(&clock, &json!({"advance_ms": 1_000})).await;
    assert_eq!(answer["skew_ms"]["broker"], 120_000, "moving the clock keeps the skew");
    assert_eq!(post(&clock, &json!({"skew_ms": {"moon": 1}})).await.0, 400);
    stack.shutdown().await;
}

#[tokio::test]
async fn the_broker_restarts_on_request() {
    let stack = start().await;
    let url = format!("{}/local/broker", stack.addresses().http);
    let (status, answer) = post(&url, &json!({"restart": "sessions_kept"})).await;
    assert_eq!((status, answer), (200, json!({"closed": 0})));
    assert_eq!(post(&url, &json!({"restart": "now"})).await.0, 400);
    stack.shutdown().await;
}
