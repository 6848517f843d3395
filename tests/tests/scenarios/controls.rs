//! The controls of a test over its stack: invocations, clock, injected faults, and items of the table.

use crate::device::DEADLINE;
use crate::journal::{self, Invocation};
use crate::stack::{Stack, client};
use serde_json::{Value, json};
use std::time::Duration;

impl Stack {
    /// The answer to a plain GET of this path.
    pub async fn get(&self, path: &str) -> Value {
        let response = client().get(format!("{}{path}", self.http)).send().await.expect("the stack answers");
        response.json().await.expect("JSON")
    }

    /// Posts a body to this path and returns the answer.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let response =
            client().post(format!("{}{path}", self.http)).json(body).send().await.expect("the stack answers");
        assert!(response.status().is_success(), "{path} {body}: {response:?}");
        response.json().await.expect("JSON")
    }

    /// Invokes a function with an event, as a rule does, and returns its result.
    pub async fn invoke(&self, function: &str, event: &Value) -> Value {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.http);
        let response = client().post(url).json(event).send().await.expect("the stack answers");
        let failure = response.headers().get("x-amz-function-error").cloned();
        let (status, result) = (response.status(), response.text().await.expect("text"));
        assert!(status.is_success() && failure.is_none(), "{function}: {result}");
        serde_json::from_str(&result).expect("functions return JSON")
    }

    /// Invokes a function that may be killed meanwhile.
    pub async fn invoke_unanswered(&self, function: &str, event: &Value) {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.http);
        drop(client().post(url).json(event).send().await);
    }

    /// Waits until all functions are idle, then moves the clock forward; deadlines that expire by it are applied.
    pub async fn advance_clock_when_idle(&self, by: Duration) {
        self.until_idle().await;
        self.advance_clock(by).await;
    }

    /// Waits until every invocation has ended.
    pub async fn until_idle(&self) {
        until("the functions have nothing to do", async || {
            let done = |invocations: &[Invocation]| invocations.iter().all(|one| one.status().is_some());
            journal::inspect(self, done).await
        })
        .await;
    }

    /// Moves the clock forward while functions may be running.
    pub async fn advance_clock(&self, by: Duration) {
        self.post("/local/clock", &json!({"advance_ms": by.as_millis()})).await;
    }

    /// The time of the stack, in milliseconds since the epoch.
    pub async fn now_ms(&self) -> i64 {
        self.get("/local/clock").await["now_ms"].as_i64().expect("milliseconds")
    }

    /// The time by which the stack's clock is ahead of that of the system, in milliseconds.
    pub async fn clock_offset_ms(&self) -> i64 {
        self.get("/local/clock").await["offset_ms"].as_i64().expect("milliseconds")
    }

    /// Disarms all faults.
    pub async fn remove_faults(&self) {
        let removed = client().delete(format!("{}/local/faults", self.http)).send().await;
        assert!(removed.expect("the stack answers").status().is_success());
    }

    /// Injects a fault, which is triggered once unless the fault names another count.
    pub async fn inject_fault(&self, fault: Value) {
        self.post("/local/faults", &fault).await;
    }

    /// Waits until every injected fault was triggered as often as it names.
    pub async fn until_faults_struck(&self) {
        until("all faults were triggered", async || self.get("/local/faults").await == json!([])).await;
    }

    /// Wakes a meeting, as a nudge from the delay queue does, and waits until `wake` is done.
    pub async fn wake_meeting(&self, meeting_id: &str) {
        let result = self.invoke("wake", &nudges(&[nudge(meeting_id)])).await;
        assert_eq!(result, json!({"batchItemFailures": []}));
        self.until_wake_done().await;
    }

    /// Starts the sweep that runs each minute, and waits until `wake` is done.
    pub async fn sweep(&self) {
        self.invoke("wake", &sweep_event()).await;
        self.until_wake_done().await;
    }

    /// Waits until every invocation of `wake` that has begun by now is done. The stack's own timer may have invoked
    /// `wake` first: then the test's invocation finds nothing to do while the other invocation still publishes.
    async fn until_wake_done(&self) {
        let begun = journal::inspect(self, |invocations| invocations.len()).await;
        until("`wake` has done its work", async || {
            let is_done = |one: &Invocation| one.function != "wake" || one.status().is_some();
            journal::inspect(self, |invocations| invocations[..begun].iter().all(is_done)).await
        })
        .await;
    }

    /// Number of events of this type (`connected`, `disconnected`) of a device that the function `presence` has handled.
    pub async fn presence_events(&self, event_type: &str, client_id: &str) -> usize {
        let topic = format!("$aws/events/presence/{event_type}/{client_id}");
        let is_handled = |one: &&Invocation| one.topic() == Some(&topic) && one.status().is_some();
        journal::inspect(self, |invocations| invocations.iter().filter(is_handled).count()).await
    }

    /// Waits until `presence` has handled more than `before` events of this type of a device.
    pub async fn until_presence_event(&self, event_type: &str, client_id: &str, before: usize) {
        until(&format!("{client_id} is {event_type}"), async || {
            self.presence_events(event_type, client_id).await > before
        })
        .await;
    }

    /// Number of messages that `function` has sent directly to a device.
    pub async fn direct_messages(&self, function: &str, client_id: &str) -> usize {
        self.messages("direct", function, client_id).await
    }

    /// Number of messages that `function` has published for a device.
    pub async fn published(&self, function: &str, client_id: &str) -> usize {
        self.messages("publish", function, client_id).await
    }

    async fn messages(&self, kind: &str, function: &str, client_id: &str) -> usize {
        let to_device = |message: &&Value| message["detail"]["client_id"] == client_id;
        let count = |invocations: &[Invocation]| {
            let of_function = invocations.iter().filter(|one| one.function == function);
            of_function.flat_map(|one| one.of_kind(kind)).filter(to_device).count()
        };
        journal::inspect(self, count).await
    }

    /// An item of the table in DynamoDB JSON; `null` if it does not exist.
    pub async fn item(&self, pk: &str, sk: &str) -> Value {
        let key = json!({"pk": {"S": pk}, "sk": {"S": sk}});
        let answer = self.table("GetItem", json!({"Key": key, "ConsistentRead": true})).await;
        answer["Item"].clone()
    }

    /// The keys of all items of the table.
    pub async fn items(&self) -> Vec<(String, String)> {
        let mut keys = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut scan = json!({"ProjectionExpression": "pk, sk", "ConsistentRead": true});
            if !start.is_null() {
                scan["ExclusiveStartKey"] = start;
            }
            let page = self.table("Scan", scan).await;
            let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            let items = page["Items"].as_array().expect("a list").iter();
            keys.extend(items.map(|item| (text(item, "pk"), text(item, "sk"))));
            start = page["LastEvaluatedKey"].clone();
            if start.is_null() {
                return keys;
            }
        }
    }

    /// Writes an item in DynamoDB JSON, replacing any other.
    pub async fn writes_item(&self, item: &Value) {
        self.table("PutItem", json!({"Item": item})).await;
    }

    async fn table(&self, operation: &str, mut request: Value) -> Value {
        request["TableName"] = json!(self.table);
        // The embedded table parses the signature but does not verify it.
        let credential = "AWS4-HMAC-SHA256 Credential=tests/20261122/us-east-1/dynamodb/aws4_request, \
                          SignedHeaders=host, Signature=0";
        let response = client()
            .post(format!("{}/dynamodb", self.http))
            .header("authorization", credential)
            .header("x-amz-date", "20261122T000000Z")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .body(request.to_string())
            .send()
            .await
            .expect("the stack answers");
        let answer = response.text().await.expect("text");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert!(answer.is_object() && answer["__type"].is_null(), "{answer}");
        answer
    }
}

/// The event of a batch of messages from the delay queue.
pub fn nudges(bodies: &[String]) -> Value {
    let record = |(at, body): (usize, &String)| {
        json!({
            "messageId": at.to_string(),
            "receiptHandle": "r",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "awsRegion": "us-east-1",
        })
    };
    json!({"Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// A message of the delay queue that wakes a meeting.
pub fn nudge(meeting_id: &str) -> String {
    json!({"meeting_id": meeting_id}).to_string()
}

/// The event of the sweep.
pub fn sweep_event() -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": "2026-11-22T18:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/sweep"],
        "detail": {},
    })
}

/// Waits until `condition` is true.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "timed out waiting until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
