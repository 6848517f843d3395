//! The IoT data-plane endpoint at `/iot-data`: checks permissions, injects faults, forwards the request to the broker
//! and records it in the journal.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tower::ServiceExt as _;

use super::access::{Permission, denied, split_caller};
use crate::aws::arn;
use crate::instruments::Instruments;
use crate::instruments::faults::FaultKind;
use crate::instruments::journal::{Caller, EntryKind};
use crate::runtime::Functions;

/// Size limit of a body, far above the limit of the broker, which answers with an error of its own.
const MAX_BODY_BYTES: usize = 1 << 20;

/// State of the endpoint.
#[derive(Clone)]
pub(crate) struct IotDataEndpoint {
    /// Data plane of the broker: `/topics/…` and `/connections/…`.
    pub(crate) broker: Router,
    pub(crate) functions: Arc<Functions>,
    pub(crate) instruments: Arc<Instruments>,
}

impl IotDataEndpoint {
    /// Routes of the endpoint.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/iot-data/{*path}", any(call)).with_state(self)
    }
}

/// Kind, topic and receiver of a request; empty if the request has none.
struct DataPlaneCall {
    kind: EntryKind,
    topic: String,
    client_id: String,
}

async fn call(State(endpoint): State<IotDataEndpoint>, mut request: Request) -> Response {
    let uri = request.uri().clone();
    let (caller, path) = split_caller(uri.path(), "/iot-data", &endpoint.functions);
    let query = uri.query().unwrap_or_default();
    let call = DataPlaneCall::read(path, query);

    // The path stays percent-encoded: the slashes of a topic must not become levels of the path.
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let Ok(target) = target.parse::<Uri>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = target;
    // Path arguments of this router would count as path arguments of the broker's router.
    request.extensions_mut().clear();
    let (head, body) = request.into_parts();
    let Ok(payload) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            "the message is too large",
        );
    };
    let request = Request::from_parts(head, Body::from(payload.clone()));

    let mut detail =
        json!({"topic": call.topic, "client_id": call.client_id, "method": request.method().as_str()});
    let response = if let Some(message) =
        denied(&endpoint.functions, &caller, &call.permissions(request.method(), query))
    {
        refusal(StatusCode::FORBIDDEN, "ForbiddenException", &message)
    } else if let Some((status, code)) = endpoint.injected(&call, &caller) {
        detail["injected"] = json!(true);
        refusal(status, code, "injected fault")
    } else {
        endpoint.slow_down(&call, &caller).await;
        // The error type of a router is `Infallible`: it answers every request.
        endpoint.broker.clone().oneshot(request).await.into_response()
    };
    detail["status"] = json!(response.status().as_u16());
    if let Some(error) = response.headers().get("x-amzn-errortype").and_then(|error| error.to_str().ok()) {
        detail["error"] = json!(error);
    }
    if matches!(call.kind, EntryKind::Publish | EntryKind::Direct) {
        let Instruments { downlinks, clock, .. } = endpoint.instruments.as_ref();
        let status = response.status().as_u16();
        downlinks.add(clock.now_ms(), &caller, call.kind, &call.topic, status, payload);
    }
    endpoint.instruments.record(call.kind, &caller, detail);
    response
}

fn refusal(status: StatusCode, code: &'static str, message: &str) -> Response {
    let body = axum::Json(json!({"message": message, "traceId": "0"}));
    (status, [("x-amzn-errortype", code)], body).into_response()
}

impl DataPlaneCall {
    fn read(path: &str, query: &str) -> Self {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        if let Some(topic) = path.strip_prefix("/topics/") {
            let topic = decoded(topic);
            let client_id = topic.split_once("/p2p/").map(|(_, client_id)| client_id.to_owned());
            return Self { kind: EntryKind::Publish, client_id: client_id.unwrap_or_default(), topic };
        }
        let connection = path.strip_prefix("/connections/").unwrap_or_default();
        match connection.strip_suffix("/messages") {
            Some(client_id) => {
                let topic = query.split('&').find_map(|pair| pair.strip_prefix("topic="));
                let topic = decoded(&topic.unwrap_or_default().replace('+', " "));
                Self { kind: EntryKind::Direct, topic, client_id: decoded(client_id) }
            }
            None => {
                Self { kind: EntryKind::Connection, topic: String::new(), client_id: decoded(connection) }
            }
        }
    }

    /// Permissions that the call needs.
    fn permissions(&self, method: &Method, query: &str) -> Vec<Permission> {
        let client = arn("iot", &format!("client/{}", self.client_id));
        let topic = arn("iot", &format!("topic/{}", self.topic));
        match self.kind {
            EntryKind::Publish if query.split('&').any(|pair| pair == "retain=true") => {
                vec![
                    Permission::new("iot:Publish", topic.clone()),
                    Permission::new("iot:RetainPublish", topic),
                ]
            }
            EntryKind::Publish => vec![Permission::new("iot:Publish", topic)],
            EntryKind::Direct => {
                let mut direct = Permission::new("iot:SendDirectMessage", client);
                direct.context = vec![("iot:Topic", self.topic.clone())];
                vec![direct]
            }
            _ if method == Method::DELETE => vec![Permission::new("iot:DeleteConnection", client)],
            _ => vec![Permission::new("iot:GetConnection", client)],
        }
    }
}

impl IotDataEndpoint {
    /// Status and code of an injected fault, if one is armed.
    fn injected(&self, call: &DataPlaneCall, caller: &Caller) -> Option<(StatusCode, &'static str)> {
        let failure = (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailureException");
        let throttled = (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException");
        let possible: &[_] = match call.kind {
            EntryKind::Publish => &[(FaultKind::FailPublish, failure)],
            EntryKind::Direct => &[(FaultKind::FailDirect, failure), (FaultKind::ThrottleDirect, throttled)],
            EntryKind::Connection => &[(FaultKind::ThrottleConnection, throttled)],
            _ => &[],
        };
        possible.iter().find_map(|(fault, answer)| self.inject(*fault, call, caller).map(|_| *answer))
    }

    async fn slow_down(&self, call: &DataPlaneCall, caller: &Caller) {
        if call.kind == EntryKind::Publish
            && let Some(delay_ms) = self.inject(FaultKind::SlowPublish, call, caller)
        {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
    }

    /// Injects a fault, if one is armed, and returns its delay in milliseconds.
    fn inject(&self, kind: FaultKind, call: &DataPlaneCall, caller: &Caller) -> Option<u64> {
        let detail = json!({"topic": call.topic});
        let fault = self.instruments.inject_fault(kind, caller, &call.topic, detail)?;
        Some(fault.delay_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_and_receiver_are_read_from_the_request() {
        let publish = DataPlaneCall::read("/topics/call-dn%2Fp2p%2FGID_ios%40%40%40bob.phone", "qos=1");
        assert_eq!(publish.kind, EntryKind::Publish);
        assert_eq!(publish.topic, "call-dn/p2p/GID_ios@@@bob.phone");
        assert_eq!(publish.client_id, "GID_ios@@@bob.phone");

        let query = "topic=call-dn%2Fp2p%2FGID%40%40%40bob&confirmation=true";
        let direct = DataPlaneCall::read("/connections/GID%40%40%40bob/messages", query);
        assert_eq!((direct.kind, direct.client_id.as_str()), (EntryKind::Direct, "GID@@@bob"));
        assert_eq!(direct.topic, "call-dn/p2p/GID@@@bob");

        let connection = DataPlaneCall::read("/connections/GID%40%40%40bob", "");
        assert_eq!((connection.kind, connection.client_id.as_str()), (EntryKind::Connection, "GID@@@bob"));
    }
}
