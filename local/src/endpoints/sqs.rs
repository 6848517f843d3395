//! The SQS endpoint at `/sqs`, in the JSON protocol: the operations that functions call and those that people need to
//! inspect a queue.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Value, json};

use super::access::{Permission, denied, split_caller};
use super::json_protocol::{JSON_1_0, error_body, respond, target, text};
use super::killing::KillableCall;
use crate::aws::{ACCOUNT_ID, arn, random_id};
use crate::instruments::Instruments;
use crate::instruments::faults::{Fault, FaultKind};
use crate::instruments::journal::{Caller, EntryKind};
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

    let SqsEndpoint { functions, instruments, .. } = &endpoint;
    let occasion = format!("queue {operation} {queue}");
    let killable = KillableCall { functions, instruments, caller: &caller, occasion };
    if killable.is_killed_before().await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let action = format!("sqs:{}", operation.trim_end_matches("Batch"));
    let needed = Permission::new(action, arn("sqs", &queue));
    let answer = if let Some(message) = denied(functions, &caller, &[needed]) {
        Err((StatusCode::FORBIDDEN, "AccessDenied", message))
    } else if let Some(fault) = endpoint.inject(FaultKind::FailQueue, &caller, &queue) {
        let (status, code) = error_of(fault.status_or(503));
        Err((status, code, "injected fault".to_owned()))
    } else {
        endpoint.answer(&caller, operation, &queue, &request).await
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
    instruments.record(EntryKind::Queue, &caller, detail);
    killable.kill_after().await;

    let body = match answer {
        Ok(answer) => answer,
        Err((_, code, message)) => error_body(&format!("com.amazonaws.sqs#{code}"), &message),
    };
    respond(status, JSON_1_0, &body)
}

impl SqsEndpoint {
    /// Runs an operation and returns its answer.
    async fn answer(
        &self,
        caller: &Caller,
        operation: &str,
        queue: &str,
        request: &Value,
    ) -> Result<Value, SqsError> {
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
            "SendMessage" => self.send(caller, queue, request),
            "SendMessageBatch" => Ok(self.send_batch(caller, queue, request)),
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

    fn send(&self, caller: &Caller, queue: &str, request: &Value) -> Result<Value, SqsError> {
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
        if self.inject(FaultKind::DropMessage, caller, queue).is_some() {
            return Ok(json!({"MessageId": random_id()}));
        }
        let late = self.inject(FaultKind::DelayMessage, caller, queue).map_or(0, |fault| fault.delay_ms);
        let delay = Duration::from_secs(delay_seconds) + Duration::from_millis(late);
        if self.inject(FaultKind::DuplicateMessage, caller, queue).is_some() {
            self.queues.send_with_attributes(queue, body.to_owned(), attributes.clone(), delay);
        }
        let id = self.queues.send_with_attributes(queue, body.to_owned(), attributes, delay);
        Ok(json!({"MessageId": id}))
    }

    fn send_batch(&self, caller: &Caller, queue: &str, request: &Value) -> Value {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in request.get("Entries").and_then(Value::as_array).into_iter().flatten() {
            let id = text(entry, "Id");
            match self.send(caller, queue, entry) {
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

    fn inject(&self, kind: FaultKind, caller: &Caller, queue: &str) -> Option<Fault> {
        self.instruments.inject_fault(kind, caller, queue, json!({"queue": queue}))
    }

    fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT_ID}/{name}", self.url_prefix)
    }
}

/// Status and code of an injected refusal.
fn error_of(status: u16) -> (StatusCode, &'static str) {
    match status {
        403 => (StatusCode::FORBIDDEN, "AccessDenied"),
        404 => (StatusCode::BAD_REQUEST, "QueueDoesNotExist"),
        429 => (StatusCode::TOO_MANY_REQUESTS, "RequestThrottled"),
        500 => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
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
