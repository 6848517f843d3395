//! Event source mappings: messages of a queue invoke the function that the template maps to the queue.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::warn;

use crate::aws::REGION;
use crate::invocation::{Invocation, InvocationResult, Invoker};
use crate::queue::{QueueMessage, Queues};
use crate::template::QueueSource;

/// Invokes a function with the messages of one queue until the task ends. Batches run concurrently.
pub(crate) async fn run(
    queues: Arc<Queues>,
    invoker: Arc<dyn Invoker>,
    function: String,
    source: QueueSource,
) {
    loop {
        let messages = queues.receive(&source.queue, source.batch_size);
        if messages.is_empty() {
            queues.wait_until_visible(&source.queue).await;
            continue;
        }
        let (queues, invoker) = (Arc::clone(&queues), Arc::clone(&invoker));
        let (function, source) = (function.clone(), source.clone());
        tokio::spawn(async move {
            handle_batch(&queues, invoker.as_ref(), &function, &source, messages).await;
        });
    }
}

/// Invokes the function with a batch and deletes the messages that it handled.
async fn handle_batch(
    queues: &Queues,
    invoker: &dyn Invoker,
    function: &str,
    source: &QueueSource,
    messages: Vec<QueueMessage>,
) {
    let arn = queues.declared(&source.queue).map(|queue| queue.arn.clone()).unwrap_or_default();
    let event = event(&messages, &arn).to_string();
    let invocation = Invocation::new(format!("queue {}", source.queue), event);
    let failed = match invoker.invoke(function, &invocation).await {
        Some(InvocationResult::Returned(result)) if source.reports_failures => failed_messages(&result),
        Some(InvocationResult::Returned(_)) => Vec::new(),
        // Without a delete, all messages become visible again after the visibility timeout.
        Some(InvocationResult::Failed(_)) | None => return,
    };
    for message in messages {
        if failed.contains(&message.id) {
            warn!(
                "{function} reports message {} of queue {} as failed; will retry after the visibility timeout",
                message.id, source.queue
            );
        } else {
            queues.delete(&source.queue, &message.receipt);
        }
    }
}

/// Makes the event of a batch. <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
pub(crate) fn event(messages: &[QueueMessage], arn: &str) -> Value {
    let record = |message: &QueueMessage| {
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
            "messageAttributes": event_attributes(&message.attributes),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": REGION,
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

/// Converts message attributes of the API to those of an event, whose keys begin with a small letter.
fn event_attributes(attributes: &Value) -> Value {
    let renamed = |value: &Value| match value {
        Value::Object(fields) => {
            let lower_camel = |name: &String| {
                let mut name = name.clone();
                if let Some(first) = name.get_mut(..1) {
                    first.make_ascii_lowercase();
                }
                name
            };
            Value::Object(fields.iter().map(|(name, value)| (lower_camel(name), value.clone())).collect())
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

/// Ids of the messages that the function reports as failed.
fn failed_messages(result: &[u8]) -> Vec<String> {
    let result: Value = serde_json::from_slice(result).unwrap_or_default();
    let failures = result.get("batchItemFailures").and_then(Value::as_array);
    let id = |failure: &Value| failure.get("itemIdentifier")?.as_str().map(str::to_owned);
    failures.map(|failures| failures.iter().filter_map(id).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::fake::FakeInvoker;
    use super::*;
    use crate::instruments::Instruments;
    use crate::template;

    #[test]
    fn a_function_gets_the_event_of_sqs() {
        let message = QueueMessage {
            id: "m1".to_owned(),
            body: "{}".to_owned(),
            attributes: json!({"kind": {"StringValue": "ring", "DataType": "String"}}),
            sent_ms: 1000,
            first_received_ms: Some(2000),
            receive_count: 1,
            receipt: "r1".to_owned(),
            visible_ms: 0,
        };
        assert_eq!(
            event(&[message], "arn:aws:sqs:us-east-1:000000000000:timers"),
            json!({"Records": [{
                "messageId": "m1",
                "receiptHandle": "r1",
                "body": "{}",
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1000",
                    "SenderId": "local",
                    "ApproximateFirstReceiveTimestamp": "2000",
                },
                "messageAttributes": {"kind": {"stringValue": "ring", "dataType": "String"}},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:timers",
                "awsRegion": "us-east-1",
            }]})
        );
    }

    #[test]
    fn only_the_reported_messages_have_failed() {
        assert_eq!(failed_messages(br#"{"batchItemFailures":[{"itemIdentifier":"m2"}]}"#), ["m2"]);
        assert_eq!(failed_messages(b"null"), Vec::<String>::new());
    }

    #[tokio::test]
    async fn handled_messages_are_deleted_and_reported_ones_stay() {
        let queue = template::Queue {
            name: "timers".to_owned(),
            arn: "arn:aws:sqs:us-east-1:000000000000:timers".to_owned(),
            visibility_timeout: Duration::from_mins(1),
            redrive: None,
        };
        let queues = Queues::new(&[queue], Arc::new(Instruments::default()));
        let sent = ["handled", "failed"].map(|body| queues.send("timers", body.to_owned(), Duration::ZERO));
        let report = json!({"batchItemFailures": [{"itemIdentifier": sent[1]}]}).to_string();
        let invoker = FakeInvoker::returning(report);

        let source = QueueSource { queue: "timers".to_owned(), batch_size: 10, reports_failures: true };
        let messages = queues.receive("timers", 10);
        handle_batch(&queues, &invoker, "wake", &source, messages).await;
        assert_eq!(invoker.invoked(), [("wake".to_owned(), "queue timers".to_owned())]);
        assert_eq!(queues.depth("timers").in_flight, 1, "only the reported message is left");
    }
}
