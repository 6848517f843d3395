//! The EventBridge endpoint at `/events`, in the JSON protocol. It supports `PutEvents`, the only operation that
//! functions call.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Value, json};

use super::access::{Permission, denied, split_caller};
use super::json_protocol::{JSON_1_1, error_body, respond, target, text};
use super::killing::KillableCall;
use crate::aws::arn;
use crate::instruments::Instruments;
use crate::instruments::outcomes::BusEvent;
use crate::runtime::Functions;

/// Number of events that one request may contain.
const MAX_ENTRIES: usize = 10;

/// State of the endpoint.
#[derive(Clone)]
pub(crate) struct EventBusEndpoint {
    pub(crate) functions: Arc<Functions>,
    pub(crate) instruments: Arc<Instruments>,
    /// Names of the buses that the template declares.
    pub(crate) buses: Vec<String>,
}

impl EventBusEndpoint {
    /// Routes of the endpoint.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/events", post(call))
            .route("/events/", post(call))
            .route("/events/{*path}", post(call))
            .with_state(self)
    }
}

async fn call(
    State(endpoint): State<EventBusEndpoint>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let caller = split_caller(uri.path(), "/events", &endpoint.functions).0;
    let target = target(&headers);
    if target != "AWSEvents.PutEvents" {
        return refused("UnknownOperationException", &format!("The laptop stack does not support {target}."));
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let entries = request.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return refused("ValidationException", "A request must have 1 to 10 entries.");
    }
    let bus = |entry: &Value| text(entry, "EventBusName").to_owned();
    let arn = |bus: &str| arn("events", &format!("event-bus/{bus}"));
    let needed: Vec<Permission> =
        entries.iter().map(|entry| Permission::new("events:PutEvents", arn(&bus(entry)))).collect();
    if let Some(message) = denied(&endpoint.functions, &caller, &needed) {
        return refused("AccessDeniedException", &message);
    }
    let EventBusEndpoint { functions, instruments, .. } = &endpoint;
    let killable = KillableCall { functions, instruments, caller: &caller, occasion: "event bus".to_owned() };
    if killable.is_killed_before().await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let results: Vec<Value> = entries.iter().map(|entry| endpoint.put(entry, &bus(entry))).collect();
    killable.kill_after().await;
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    respond(StatusCode::OK, JSON_1_1, &json!({"FailedEntryCount": failed, "Entries": results}))
}

impl EventBusEndpoint {
    /// Publishes an entry and returns its part of the answer.
    fn put(&self, entry: &Value, bus: &str) -> Value {
        if !self.buses.iter().any(|known| known == bus) {
            return json!({"ErrorCode": "ResourceNotFoundException", "ErrorMessage": "no such event bus"});
        }
        let Ok(detail @ Value::Object(_)) = serde_json::from_str(text(entry, "Detail")) else {
            return json!({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."});
        };
        let event_id = self.instruments.outcomes.publish(&BusEvent {
            source: text(entry, "Source"),
            detail_type: text(entry, "DetailType"),
            resources: Vec::new(),
            detail,
            at_ms: self.instruments.clock.now_ms(),
        });
        json!({"EventId": event_id})
    }
}

fn refused(code: &str, message: &str) -> Response {
    respond(StatusCode::BAD_REQUEST, JSON_1_1, &error_body(code, message))
}
