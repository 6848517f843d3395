//! The one call of EventBridge that the functions make, `PutEvents`, in its JSON protocol.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Value, json};

use super::Told;
use crate::access::{Wish, denied};
use crate::caller::caller_of;
use crate::instruments::Instruments;
use crate::runtime::Functions;
use crate::stack::{ACCOUNT_ID, REGION};

/// What the API works with.
#[derive(Clone)]
pub(crate) struct BusApi {
    pub(crate) functions: Arc<Functions>,
    pub(crate) instruments: Arc<Instruments>,
    /// Names of the buses that the template declares.
    pub(crate) buses: Vec<String>,
}

impl BusApi {
    /// The API, at `/events`.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/events", post(call))
            .route("/events/", post(call))
            .route("/events/{*path}", post(call))
            .with_state(self)
    }
}

async fn call(State(api): State<BusApi>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let caller = caller_of(uri.path(), "/events", &api.functions).0;
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    if target != "AWSEvents.PutEvents" {
        return refused("UnknownOperationException", &format!("The laptop stack does not know {target}."));
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let entries = request.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    if entries.is_empty() || entries.len() > 10 {
        return refused("ValidationException", "A request has 1 to 10 entries.");
    }
    let bus = |entry: &Value| text(entry, "EventBusName").to_owned();
    let arn = |bus: &str| format!("arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/{bus}");
    let wishes: Vec<Wish> =
        entries.iter().map(|entry| Wish::new("events:PutEvents", arn(&bus(entry)))).collect();
    if let Some(message) = denied(&api.functions, &caller, &wishes) {
        return refused("AccessDeniedException", &message);
    }
    let results: Vec<Value> = entries.iter().map(|entry| api.put(entry, &bus(entry))).collect();
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    let answer = json!({"FailedEntryCount": failed, "Entries": results}).to_string();
    (StatusCode::OK, [("content-type", "application/x-amz-json-1.1")], answer).into_response()
}

impl BusApi {
    fn put(&self, entry: &Value, bus: &str) -> Value {
        if !self.buses.iter().any(|known| known == bus) {
            return json!({"ErrorCode": "ResourceNotFoundException", "ErrorMessage": "no such event bus"});
        }
        let Ok(detail @ Value::Object(_)) = serde_json::from_str(text(entry, "Detail")) else {
            return json!({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."});
        };
        let event_id = self.instruments.outcomes.take(&Told {
            source: text(entry, "Source"),
            detail_type: text(entry, "DetailType"),
            resources: Vec::new(),
            detail,
            at_ms: self.instruments.clock.now_ms(),
        });
        json!({"EventId": event_id})
    }
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn refused(code: &str, message: &str) -> Response {
    let body = json!({"__type": code, "message": message}).to_string();
    (StatusCode::BAD_REQUEST, [("content-type", "application/x-amz-json-1.1")], body).into_response()
}
