//! The JSON protocol that DynamoDB, SQS and EventBridge share: a header names the operation, and the bodies are JSON.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// Content type of version 1.0, which DynamoDB and SQS use.
pub(super) const JSON_1_0: &str = "application/x-amz-json-1.0";
/// Content type of version 1.1, which EventBridge uses.
pub(super) const JSON_1_1: &str = "application/x-amz-json-1.1";

/// Value of the header `x-amz-target`, as `AmazonSQS.SendMessage`; empty if the header is missing.
pub(super) fn target(headers: &HeaderMap) -> &str {
    headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default()
}

/// Text of a field; empty if the field is missing or not a text.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Makes the body of an error. `code` may have the namespace of the service, as `com.amazonaws.sqs#AccessDenied`.
pub(super) fn error_body(code: &str, message: &str) -> Value {
    json!({"__type": code, "message": message})
}

/// Makes an answer.
pub(super) fn respond(status: StatusCode, content_type: &'static str, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], body.to_string()).into_response()
}
