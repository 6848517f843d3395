//! The IoT data-plane endpoint at `/iot-data`: checks permissions, injects faults, forwards the request to the broker
//! and records it in the journal.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tower::ServiceExt as _;

use super::access::{Permission, denied, split_caller};
use super::killing::KillableCall;
use crate::aws::arn;
use crate::instruments::Instruments;
use crate::instruments::faults::{Fault, FaultKind};
use crate::instruments::journal::{Caller, EntryKind};
use crate::runtime::Functions;

/// Size limit of a body, far above the limit of the broker, which answers with an error of its own.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Message of an injected 404: that of AWS IoT Core for a device which is not connected and has a session.
const NOT_CONNECTED: &str = "The target client ID is not connected, but it has an active persistent session";

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
    let IotDataEndpoint { functions, instruments, .. } = &endpoint;
    let killable = KillableCall { functions, instruments, caller: &caller, occasion: call.occasion() };
    if killable.is_killed_before().await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let request = BrokerRequest { head, payload: payload.clone() };

    let mut detail =
        json!({"topic": call.topic, "client_id": call.client_id, "method": request.head.method.as_str()});
    let response = if let Some(message) =
        denied(functions, &caller, &call.permissions(&request.head.method, query))
    {
        refusal(StatusCode::FORBIDDEN, "ForbiddenException", &message)
    } else if let Some((status, code)) = endpoint.injected(&call, &caller) {
        detail["injected"] = json!(true);
        refusal(status, code, if status == StatusCode::NOT_FOUND { NOT_CONNECTED } else { "injected fault" })
    } else {
        endpoint.deliver(&call, &caller, &request).await
    };
    detail["status"] = json!(response.status().as_u16());
    if let Some(error) = response.headers().get("x-amzn-errortype").and_then(|error| error.to_str().ok()) {
        detail["error"] = json!(error);
    }
    if matches!(call.kind, EntryKind::Publish | EntryKind::Direct) {
        let Instruments { downlinks, clock, .. } = instruments.as_ref();
        let status = response.status().as_u16();
        downlinks.add(clock.now_ms(), &caller, call.kind, &call.topic, status, payload);
    }
    instruments.record(call.kind, &caller, detail);
    killable.kill_after().await;
    response
}

/// A request for the broker, which may be sent twice.
#[derive(Clone)]
struct BrokerRequest {
    head: Parts,
    payload: Bytes,
}

impl BrokerRequest {
    /// Sends the request.
    async fn send(self, broker: Router) -> Response {
        // A router has no error: it answers every request.
        broker.oneshot(Request::from_parts(self.head, Body::from(self.payload))).await.into_response()
    }
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

    /// Text that the `only` of a killing fault is searched in.
    fn occasion(&self) -> String {
        match self.kind {
            EntryKind::Publish => format!("publish {}", self.topic),
            EntryKind::Direct => format!("direct {}", self.topic),
            _ => format!("connection {}", self.client_id),
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
    /// Status and code of an injected refusal, if one is armed.
    fn injected(&self, call: &DataPlaneCall, caller: &Caller) -> Option<(StatusCode, &'static str)> {
        let kind = match call.kind {
            EntryKind::Publish => FaultKind::FailPublish,
            EntryKind::Direct => FaultKind::FailDirect,
            _ => FaultKind::FailConnection,
        };
        self.inject(kind, call, caller).map(|fault| error_of(fault.status_or(500)))
    }

    /// Passes a call on to the broker, with the faults that are armed.
    async fn deliver(&self, call: &DataPlaneCall, caller: &Caller, request: &BrokerRequest) -> Response {
        let (slow, lost_answer) = match call.kind {
            EntryKind::Publish => (FaultKind::SlowPublish, Some(FaultKind::LosePublishAnswer)),
            EntryKind::Direct => (FaultKind::SlowDirect, Some(FaultKind::LoseDirectAnswer)),
            _ => (FaultKind::SlowConnection, None),
        };
        if let Some(fault) = self.inject(slow, call, caller) {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        }
        if call.kind == EntryKind::Publish
            && let Some(response) = self.misdeliver(call, caller, request).await
        {
            return response;
        }
        let response = request.clone().send(self.broker.clone()).await;
        match lost_answer.and_then(|kind| self.inject(kind, call, caller)) {
            Some(fault) if response.status().is_success() => {
                tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
                let (status, code) = error_of(if call.kind == EntryKind::Direct { 504 } else { 500 });
                refusal(status, code, "injected fault")
            }
            _ => response,
        }
    }

    /// Loses a downlink, delivers it twice, or delivers it late, if such a fault is armed. Returns the answer if the
    /// downlink is not to be delivered now.
    async fn misdeliver(
        &self,
        call: &DataPlaneCall,
        caller: &Caller,
        request: &BrokerRequest,
    ) -> Option<Response> {
        let accepted = || axum::Json(json!({"message": "OK", "traceId": "0"})).into_response();
        if self.inject(FaultKind::DropPublish, call, caller).is_some() {
            return Some(accepted());
        }
        if self.inject(FaultKind::DuplicatePublish, call, caller).is_some() {
            request.clone().send(self.broker.clone()).await;
        }
        let fault = self.inject(FaultKind::DelayPublish, call, caller)?;
        let (broker, request, instruments) =
            (self.broker.clone(), request.clone(), Arc::clone(&self.instruments));
        tokio::spawn(async move {
            let at_ms = instruments.clock.now_ms().saturating_add_unsigned(fault.delay_ms);
            instruments.clock.wait_until(at_ms).await;
            request.send(broker).await
        });
        Some(accepted())
    }

    /// Injects a fault, if one is armed.
    fn inject(&self, kind: FaultKind, call: &DataPlaneCall, caller: &Caller) -> Option<Fault> {
        let occasion = if call.topic.is_empty() { &call.client_id } else { &call.topic };
        self.instruments.inject_fault(kind, caller, occasion, json!({"topic": call.topic}))
    }
}

/// Status and code of an injected refusal.
fn error_of(status: u16) -> (StatusCode, &'static str) {
    match status {
        403 => (StatusCode::FORBIDDEN, "ForbiddenException"),
        404 => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
        429 => (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException"),
        503 => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException"),
        504 => (StatusCode::GATEWAY_TIMEOUT, "GatewayTimeoutException"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailureException"),
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
