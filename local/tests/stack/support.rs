//! Helpers that start stacks, call them and wait for results.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use local::instruments::journal::{Entry, EntryKind};
use local::{Stack, StackOptions};
use serde_json::{Value, json};

/// Time limit for a condition.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Template of these tests.
pub fn template() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/probe.yaml"))
}

/// Directory of the examples, which cargo creates beside the programs.
pub fn binaries() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_local"));
    let examples = program.parent().expect("a directory").join("examples");
    assert!(examples.join("probe").is_file(), "examples/probe.rs is built by `cargo test -p local`");
    examples
}

/// Starts a stack on free ports.
pub async fn start() -> Stack {
    Stack::start(StackOptions::on_free_ports(template(), binaries())).await.expect("the stack starts")
}

/// Sends a JSON body and returns status and answer.
pub async fn post(url: &str, body: &Value) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.post(url).json(body).send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.expect("a body")).unwrap_or_default())
}

/// Arms a fault.
pub async fn arm(stack: &Stack, fault: Value) {
    let (status, answer) = post(&format!("{}/local/faults", stack.addresses().http), &fault).await;
    assert_eq!(status, 200, "{answer}");
}

/// Invokes the probe and waits for its answer.
pub async fn invoke(stack: &Stack, event: &Value) -> Value {
    post(&format!("{}/2015-03-31/functions/probe/invocations", stack.addresses().lambda), event).await.1
}

/// Publishes to the topic of the rule, so that the probe is invoked asynchronously.
pub async fn publish(stack: &Stack, event: &Value) {
    let (status, answer) =
        post(&format!("{}/topics/probe%2Fx?qos=1", stack.addresses().iot_data), event).await;
    assert_eq!(status, 200, "{answer}");
}

/// Waits until the journal fulfils a condition, and returns its entries.
pub async fn journal(stack: &Stack, what: &str, holds: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let entries = stack.instruments().journal.after(0);
        if holds(&entries) {
            return entries;
        }
        assert!(Instant::now() < deadline, "{what} did not happen: {entries:#?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Counts the entries of a kind.
pub fn count(entries: &[Entry], kind: EntryKind) -> usize {
    entries.iter().filter(|entry| entry.kind == kind).count()
}

/// Statuses of the ended invocations, oldest first.
pub fn results(entries: &[Entry]) -> Vec<&str> {
    let results = entries.iter().filter(|entry| entry.kind == EntryKind::Result);
    results.filter_map(|entry| entry.detail["status"].as_str()).collect()
}

/// Calls an operation of SQS.
pub async fn queue(stack: &Stack, operation: &str, request: &Value) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client
        .post(&stack.addresses().sqs)
        .header("x-amz-target", format!("AmazonSQS.{operation}"))
        .body(request.to_string());
    let response = request.send().await.expect("an answer");
    serde_json::from_str(&response.text().await.expect("a body")).expect("JSON")
}

/// Waits for a message in a queue and returns its body.
pub async fn message(stack: &Stack, name: &str) -> Value {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let answer = queue(stack, "ReceiveMessage", &json!({"QueueUrl": name, "WaitTimeSeconds": 1})).await;
        if let Some(body) = answer.pointer("/Messages/0/Body").and_then(Value::as_str) {
            return serde_json::from_str(body).expect("JSON");
        }
        assert!(Instant::now() < deadline, "no message came to {name}");
    }
}
