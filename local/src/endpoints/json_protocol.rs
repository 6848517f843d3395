//! The JSON protocol that DynamoDB, SQS and EventBridge share: the operation is in a header, the request in the body.

use axum::http::HeaderMap;
use serde_json::Value;

/// Value of the header `x-amz-target`, as `AmazonSQS.SendMessage`; empty if the header is missing.
pub(super) fn target(headers: &HeaderMap) -> &str {
    headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default()
}

/// Text of a field; empty if the field is missing or not a text.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
