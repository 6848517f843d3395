//! The SQS endpoint at `/sqs`, in the JSON protocol: the operations that functions call and those that people need to
//! inspect a queue.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Value, json};

use super::access::{Permission, denied, split_caller};
use super::json_protocol::{JSON_1_0, error_body, respond, target, text};
use crate::aws::{ACCOUNT_ID, arn};
use crate::instruments::Instruments;
use crate::instruments::faults::FaultKind;
use crate::instruments::journal::EntryKind;
use crate::queue::{QueueMessage, Queues};
use crate::runtime::Functions;

/// Longest delay of a message.
const MAX_DELAY_SECONDS: u64 = 900;

/// State of the endpoint.
#[derive(Clone)]
pub(crate) struct SqsEndpoint {
    pub(crate) queues: Arc<Queues>,
    pub(crate) functions: Arc<Functions>,
    pub(crate) instruments: Arc<Instruments>,
    /// Beginning of queue URLs, without the account.
    pub(crate) url_prefix: String,
}

impl SqsEndpoint {
    /// Routes of the endpoint. The rest of the path is ignored, since the request names the queue.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/sqs", post(call)).route("/sqs/{*path}", post(call)).with_state(self)
    }
}

/// Error of the service: HTTP status, code, message.
type SqsError = (StatusCode, &'static str, String);

async fn call(State(endpoint): State<SqsEndpoint>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let caller = split_caller(uri.path(), "/sqs", &endpoint.functions).0;
    let target = target(&headers);
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or(target);
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let queue = queue_name(&request).unwrap_or_default().to_owned();

    let action = format!("sqs:{}", operation.trim_end_matches("Batch"));
    let needed = Permission::new(action, arn("sqs", &queue));
    let answer = if let Some(message) = denied(&endpoint.functions, &caller, &[needed]) {
        Err((StatusCode::FORBIDDEN, "AccessDenied", message))
    } else if endpoint.instruments.faults.trigger(FaultKind::FailQueue, caller.name(), &queue).is_some() {
        Err((StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "injected fault".to_owned()))
    } else {
        endpoint.answer(operation, &queue, &request).await
    };
    let status = answer.as_ref().map_or_else(|error| error.0, |_| StatusCode::OK);
    let mut detail = json!({"operation": operation, "queue": queue, "status": status.as_u16()});
    if let Some(delay) = request.get("DelaySeconds") {
        detail["delay_seconds"] = delay.clone();
    }
    if let Ok(answer) = &answer
        && let Some(id) = answer.get("MessageId")
    {
        detail["message_id"] = id.clone();
    }
    if let Err((_, code, _)) = &answer {
        detail["error"] = json!(code);
    }
    endpoint.instruments.record(EntryKind::Queue, &caller, detail);

    let body = match answer {
        Ok(answer) => answer,
        Err((_, code, message)) => error_body(&format!("com.amazonaws.sqs#{code}"), &message),
    };
    respond(status, JSON_1_0, &body)
}

impl SqsEndpoint {
    /// Runs an operation and returns its answer.
    async fn answer(&self, operation: &str, queue: &str, request: &Value) -> Result<Value, SqsError> {
        if operation == "ListQueues" {
            let urls: Vec<String> = self.queues.names().map(|name| self.queue_url(name)).collect();
            return Ok(json!({"QueueUrls": urls}));
        }
        let Some(declared) = self.queues.declared(queue) else {
            let problem = "The specified queue does not exist.".to_owned();
            return Err((StatusCode::BAD_REQUEST, "QueueDoesNotExist", problem));
        };
        match operation {
            "GetQueueUrl" => Ok(json!({"QueueUrl": self.queue_url(queue)})),
            "SendMessage" => self.send(queue, request),
            "SendMessageBatch" => Ok(self.send_batch(queue, request)),
            "ReceiveMessage" => Ok(self.receive(queue, request).await),
            "DeleteMessage" => {
                self.queues.delete(queue, text(request, "ReceiptHandle"));
                Ok(json!({}))
            }
            "PurgeQueue" => {
                self.queues.purge(queue);
                Ok(json!({}))
            }
            "GetQueueAttributes" => {
                let depth = self.queues.depth(queue);
                Ok(json!({"Attributes": {
                    "QueueArn": declared.arn,
                    "VisibilityTimeout": declared.visibility_timeout.as_secs().to_string(),
                    "ApproximateNumberOfMessages": depth.visible.to_string(),
                    "ApproximateNumberOfMessagesDelayed": depth.delayed.to_string(),
                    "ApproximateNumberOfMessagesNotVisible": depth.in_flight.to_string(),
                }}))
            }
            _ => {
                let problem = format!("The laptop stack does not support the operation {operation}.");
                Err((StatusCode::BAD_REQUEST, "UnsupportedOperation", problem))
            }
        }
    }

    fn send(&self, queue: &str, request: &Value) -> Result<Value, SqsError> {
        let delay_seconds = match request.get("DelaySeconds") {
            None | Some(Value::Null) => 0,
            Some(delay) => delay.as_u64().filter(|delay| *delay <= MAX_DELAY_SECONDS).ok_or_else(|| {
                let problem = format!(
                    "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= {MAX_DELAY_SECONDS}."
                );
                (StatusCode::BAD_REQUEST, "InvalidParameterValueException", problem)
            })?,
        };
        let body = text(request, "MessageBody");
        if body.is_empty() {
            let problem = "The request must contain the parameter MessageBody.".to_owned();
            return Err((StatusCode::BAD_REQUEST, "MissingRequiredParameterException", problem));
        }
        let attributes = request.get("MessageAttributes").cloned().unwrap_or_default();
        let delay = Duration::from_secs(delay_seconds);
        let id = self.queues.send_with_attributes(queue, body.to_owned(), attributes, delay);
        Ok(json!({"MessageId": id}))
    }

    fn send_batch(&self, queue: &str, request: &Value) -> Value {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in request.get("Entries").and_then(Value::as_array).into_iter().flatten() {
            let id = text(entry, "Id");
            match self.send(queue, entry) {
                Ok(sent) => successful.push(json!({"Id": id, "MessageId": sent["MessageId"]})),
                Err((_, code, message)) => {
                    failed.push(json!({"Id": id, "Code": code, "Message": message, "SenderFault": true}));
                }
            }
        }
        json!({"Successful": successful, "Failed": failed})
    }

    async fn receive(&self, queue: &str, request: &Value) -> Value {
        let max_messages =
            request.get("MaxNumberOfMessages").and_then(Value::as_u64).unwrap_or(1).clamp(1, 10);
        let max_messages = usize::try_from(max_messages).unwrap_or(1);
        let wait = request.get("WaitTimeSeconds").and_then(Value::as_u64).unwrap_or(0).min(20);
        let mut messages = self.queues.receive(queue, max_messages);
        if messages.is_empty() && wait > 0 {
            // The wait uses system time, since the caller waits. The stack's clock applies to messages only.
            let _ =
                tokio::time::timeout(Duration::from_secs(wait), self.queues.wait_until_visible(queue)).await;
            messages = self.queues.receive(queue, max_messages);
        }
        let message = |message: &QueueMessage| {
            json!({
                "MessageId": message.id,
                "ReceiptHandle": message.receipt,
                "Body": message.body,
                "Attributes": {
                    "ApproximateReceiveCount": message.receive_count.to_string(),
                    "SentTimestamp": message.sent_ms.to_string(),
                },
            })
        };
        json!({"Messages": messages.iter().map(message).collect::<Vec<_>>()})
    }

    fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT_ID}/{name}", self.url_prefix)
    }
}

/// Name of the queue of a request: the last part of its URL, or the name itself.
fn queue_name(request: &Value) -> Option<&str> {
    request
        .get("QueueUrl")
        .and_then(Value::as_str)
        .and_then(|url| url.rsplit('/').next())
        .or_else(|| request.get("QueueName").and_then(Value::as_str))
}
