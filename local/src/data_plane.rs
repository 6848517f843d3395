//! The IoT data-plane endpoint of the stack, in front of the broker's: it keeps the journal and injects faults.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::access::{Wish, denied};
use crate::caller::caller_of;
use crate::faults::Kind as Fault;
use crate::instruments::Instruments;
use crate::journal::{Caller, Kind};
use crate::runtime::Functions;
use crate::stack::{ACCOUNT_ID, REGION};

/// Far more than the broker takes, which says so itself.
const BODY_MAX_BYTES: usize = 1 << 20;

/// The endpoint.
#[derive(Clone)]
pub(crate) struct DataPlane {
    /// The broker's own: `/topics/…` and `/connections/…`.
    pub(crate) broker: Router,
    pub(crate) functions: Arc<Functions>,
    pub(crate) instruments: Arc<Instruments>,
}

impl DataPlane {
    /// The endpoint, at `/iot-data`.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/iot-data/{*path}", any(call)).with_state(self)
    }
}

/// What a request is about.
struct Call {
    kind: Kind,
    topic: String,
    client_id: String,
}

async fn call(State(plane): State<DataPlane>, mut request: Request) -> Response {
    let uri = request.uri().clone();
    let (caller, path) = caller_of(uri.path(), "/iot-data", &plane.functions);
    let query = uri.query().unwrap_or_default();
    let call = Call::of(path, query);

    // Still percent-encoded: the slashes of a topic must not become levels of the path.
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let Ok(target) = target.parse::<Uri>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = target;
    // What this router took from the path would count as path arguments of the broker's.
    request.extensions_mut().clear();
    let (head, body) = request.into_parts();
    let Ok(payload) = axum::body::to_bytes(body, BODY_MAX_BYTES).await else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", "too large");
    };
    let request = Request::from_parts(head, Body::from(payload.clone()));

    let mut detail =
        json!({"topic": call.topic, "client_id": call.client_id, "method": request.method().as_str()});
    let response =
        if let Some(message) = denied(&plane.functions, &caller, &call.wishes(request.method(), query)) {
            refusal(StatusCode::FORBIDDEN, "ForbiddenException", &message)
        } else if let Some((status, code)) = plane.injected(&call, &caller) {
            detail["injected"] = json!(true);
            refusal(status, code, "injected fault")
        } else {
            plane.slow_down(&call, &caller).await;
            // A router answers everything.
            plane.broker.clone().oneshot(request).await.into_response()
        };
    detail["status"] = json!(response.status().as_u16());
    if let Some(error) = response.headers().get("x-amzn-errortype").and_then(|error| error.to_str().ok()) {
        detail["error"] = json!(error);
    }
    if matches!(call.kind, Kind::Publish | Kind::Direct) {
        let Instruments { downlinks, clock, .. } = plane.instruments.as_ref();
        let status = response.status().as_u16();
        downlinks.keep(clock.now_ms(), &caller, call.kind, &call.topic, status, payload);
    }
    plane.instruments.record(call.kind, &caller, detail);
    response
}

fn refusal(status: StatusCode, code: &'static str, message: &str) -> Response {
    let body = axum::Json(json!({"message": message, "traceId": "0"}));
    (status, [("x-amzn-errortype", code)], body).into_response()
}

impl Call {
    fn of(path: &str, query: &str) -> Self {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        if let Some(topic) = path.strip_prefix("/topics/") {
            let topic = decoded(topic);
            let client_id = topic.split_once("/p2p/").map(|(_, client_id)| client_id.to_owned());
            return Self { kind: Kind::Publish, client_id: client_id.unwrap_or_default(), topic };
        }
        let connection = path.strip_prefix("/connections/").unwrap_or_default();
        match connection.strip_suffix("/messages") {
            Some(client_id) => {
                let topic = query.split('&').find_map(|pair| pair.strip_prefix("topic="));
                let topic = decoded(&topic.unwrap_or_default().replace('+', " "));
                Self { kind: Kind::Direct, topic, client_id: decoded(client_id) }
            }
            None => Self { kind: Kind::Connection, topic: String::new(), client_id: decoded(connection) },
        }
    }
}

impl Call {
    /// What the call wants to do.
    fn wishes(&self, method: &Method, query: &str) -> Vec<Wish> {
        let arn = |resource: &str| format!("arn:aws:iot:{REGION}:{ACCOUNT_ID}:{resource}");
        let client = arn(&format!("client/{}", self.client_id));
        let topic = arn(&format!("topic/{}", self.topic));
        match self.kind {
            Kind::Publish if query.split('&').any(|pair| pair == "retain=true") => {
                vec![Wish::new("iot:Publish", topic.clone()), Wish::new("iot:RetainPublish", topic)]
            }
            Kind::Publish => vec![Wish::new("iot:Publish", topic)],
            Kind::Direct => {
                let mut wish = Wish::new("iot:SendDirectMessage", client);
                wish.context = vec![("iot:Topic", self.topic.clone())];
                vec![wish]
            }
            _ if method == Method::DELETE => vec![Wish::new("iot:DeleteConnection", client)],
            _ => vec![Wish::new("iot:GetConnection", client)],
        }
    }
}

impl DataPlane {
    /// Status and code of a fault, if one strikes.
    fn injected(&self, call: &Call, caller: &Caller) -> Option<(StatusCode, &'static str)> {
        let failure = (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailureException");
        let throttled = (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException");
        let possible: &[_] = match call.kind {
            Kind::Publish => &[(Fault::FailPublish, failure)],
            Kind::Direct => &[(Fault::FailDirect, failure), (Fault::ThrottleDirect, throttled)],
            _ => &[],
        };
        possible.iter().find_map(|(fault, answer)| self.strikes(*fault, call, caller).map(|_| *answer))
    }

    async fn slow_down(&self, call: &Call, caller: &Caller) {
        if call.kind == Kind::Publish
            && let Some(delay_ms) = self.strikes(Fault::SlowPublish, call, caller)
        {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
    }

    fn strikes(&self, fault: Fault, call: &Call, caller: &Caller) -> Option<u64> {
        let strikes = self.instruments.faults.strikes(fault, caller.name(), &call.topic)?;
        let detail: Value = json!({"kind": fault, "topic": call.topic});
        self.instruments.record(Kind::Fault, caller, detail);
        Some(strikes.delay_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_names_topic_and_receiver_of_a_message() {
        let publish = Call::of("/topics/call-dn%2Fp2p%2FGID_ios%40%40%40bob.phone", "qos=1");
        assert_eq!(publish.kind, Kind::Publish);
        assert_eq!(publish.topic, "call-dn/p2p/GID_ios@@@bob.phone");
        assert_eq!(publish.client_id, "GID_ios@@@bob.phone");

        let query = "topic=call-dn%2Fp2p%2FGID%40%40%40bob&confirmation=true";
        let direct = Call::of("/connections/GID%40%40%40bob/messages", query);
        assert_eq!((direct.kind, direct.client_id.as_str()), (Kind::Direct, "GID@@@bob"));
        assert_eq!(direct.topic, "call-dn/p2p/GID@@@bob");

        let connection = Call::of("/connections/GID%40%40%40bob", "");
        assert_eq!((connection.kind, connection.client_id.as_str()), (Kind::Connection, "GID@@@bob"));
    }
}
