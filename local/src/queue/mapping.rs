//! Event source mappings: messages that are due invoke the function whose template entry names their queue.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::warn;

use super::{Message, Queues};
use crate::runtime::{Functions, Invocation, Outcome};
use crate::template::QueueSource;

/// Serves one queue for one function until the stack stops. Batches do not wait for each other.
pub(crate) async fn serve(
    queues: Arc<Queues>,
    functions: Arc<Functions>,
    function: String,
    source: QueueSource,
    region: String,
) {
    loop {
        let messages = queues.receive(&source.queue, source.batch_size);
        if messages.is_empty() {
            queues.due(&source.queue).await;
            continue;
        }
        let (queues, functions) = (Arc::clone(&queues), Arc::clone(&functions));
        let (function, source, region) = (function.clone(), source.clone(), region.clone());
        tokio::spawn(async move {
            let arn = queues.declared(&source.queue).map(|queue| queue.arn.clone()).unwrap_or_default();
            let event = event(&messages, &arn, &region).to_string();
            let invocation = Invocation::new(format!("queue {}", source.queue), event);
            let failed = match functions.invoke(&function, &invocation).await {
                Some(Outcome::Returned(result)) if source.reports_failures => failed_messages(&result),
                Some(Outcome::Returned(_)) => Vec::new(),
                // Nothing is deleted: all of them become visible again after the visibility timeout.
                Some(Outcome::Failed(_)) | None => return,
            };
            for message in messages {
                if failed.contains(&message.id) {
                    warn!("{function} could not handle message {} of {}", message.id, source.queue);
                } else {
                    queues.delete(&source.queue, &message.receipt);
                }
            }
        });
    }
}

/// The event of a batch. <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
pub(crate) fn event(messages: &[Message], arn: &str, region: &str) -> Value {
    let record = |message: &Message| {
        json!({
            "messageId": message.id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": message.receive_count.to_string(),
                "SentTimestamp": message.sent_ms.to_string(),
                "SenderId": "local",
                "ApproximateFirstReceiveTimestamp":
                    message.first_received_ms.unwrap_or(message.sent_ms).to_string(),
            },
            "messageAttributes": attributes_of_event(&message.attributes),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": region,
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

/// Message attributes, whose keys begin with a small letter in events.
fn attributes_of_event(attributes: &Value) -> Value {
    let renamed = |value: &Value| match value {
        Value::Object(fields) => {
            let small = |name: &String| {
                let mut name = name.clone();
                if let Some(first) = name.get_mut(..1) {
                    first.make_ascii_lowercase();
                }
                name
            };
            Value::Object(fields.iter().map(|(name, value)| (small(name), value.clone())).collect())
        }
        other => other.clone(),
    };
    match attributes {
        Value::Object(attributes) => {
            Value::Object(attributes.iter().map(|(name, value)| (name.clone(), renamed(value))).collect())
        }
        _ => json!({}),
    }
}

/// Ids of the messages that a function reports as failed.
pub(super) fn failed_messages(result: &[u8]) -> Vec<String> {
    let result: Value = serde_json::from_slice(result).unwrap_or_default();
    let failures = result.get("batchItemFailures").and_then(Value::as_array);
    let id = |failure: &Value| failure.get("itemIdentifier")?.as_str().map(str::to_owned);
    failures.map(|failures| failures.iter().filter_map(id).collect()).unwrap_or_default()
}
