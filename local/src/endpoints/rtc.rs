//! The way of the functions to the management API of the RTC service, at `/rtc/fn/<process>`: forwards each call to the
//! address of the parameter `RtcApiUrl`, injects faults and records the call in the journal. Calls to services beyond this
//! machine do not come this way.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::any;
use bytes::Bytes;
use serde_json::json;
use tracing::error;

use super::access::split_caller;
use super::killing::KillableCall;
use crate::instruments::Instruments;
use crate::instruments::faults::{Fault, FaultKind};
use crate::instruments::journal::{Caller, EntryKind};
use crate::runtime::{Functions, RTC_PATH};

/// Size limit of a request. Those of the service have a few hundred bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// State of the endpoint.
#[derive(Clone)]
pub(crate) struct RtcEndpoint {
    pub(crate) client: reqwest::Client,
    pub(crate) functions: Arc<Functions>,
    pub(crate) instruments: Arc<Instruments>,
}

impl RtcEndpoint {
    /// Routes of the endpoint.
    pub(crate) fn router(self) -> Router {
        Router::new().route(&format!("{RTC_PATH}/{{*path}}"), any(call)).with_state(self)
    }
}

async fn call(State(endpoint): State<RtcEndpoint>, request: Request) -> Response {
    let uri = request.uri().clone();
    let (caller, path) = split_caller(uri.path(), RTC_PATH, &endpoint.functions);
    let Some(url) = endpoint.functions.rtc_url(&caller) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let target = format!("{url}{path}{query}");
    let occasion = format!("rtc {path}");
    let RtcEndpoint { functions, instruments, .. } = &endpoint;
    let killable = KillableCall { functions, instruments, caller: &caller, occasion };
    if killable.is_killed_before().await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let response = endpoint.answer(&caller, path, &target, request).await;
    let detail = json!({"path": path, "status": response.status().as_u16()});
    instruments.record(EntryKind::Rtc, &caller, detail);
    killable.kill_after().await;
    response
}

impl RtcEndpoint {
    /// Carries a call out, or answers in its place.
    async fn answer(&self, caller: &Caller, path: &str, target: &str, request: Request) -> Response {
        if let Some(fault) = self.inject(FaultKind::FailRtc, caller, path) {
            return refusal(fault.status_or(503));
        }
        if self.inject(FaultKind::GarbleRtc, caller, path).is_some() {
            return Html("<html>injected fault</html>").into_response();
        }
        if let Some(fault) = self.inject(FaultKind::SlowRtc, caller, path) {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        }
        let response = match self.forward(target, request).await {
            Ok(response) => response,
            Err(error) => {
                error!("the RTC service does not answer {path} of {}: {error}", caller.name());
                return StatusCode::BAD_GATEWAY.into_response();
            }
        };
        if let Some(fault) = self.inject(FaultKind::LoseRtcAnswer, caller, path) {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
            return refusal(500);
        }
        response
    }

    fn inject(&self, kind: FaultKind, caller: &Caller, path: &str) -> Option<Fault> {
        self.instruments.inject_fault(kind, caller, path, json!({"path": path}))
    }

    async fn forward(&self, target: &str, request: Request) -> Result<Response, String> {
        let (head, body) = request.into_parts();
        let body: Bytes =
            axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| error.to_string())?;
        let headers = end_to_end(head.headers);
        let sent = self.client.request(head.method, target).headers(headers).body(body).send().await;
        let answer = sent.map_err(|error| error.without_url().to_string())?;
        let (status, headers) = (answer.status(), end_to_end(answer.headers().clone()));
        let mut response =
            Response::new(Body::from(answer.bytes().await.map_err(|error| error.to_string())?));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Removes the headers that are about one connection.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

fn refusal(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, axum::Json(json!({"code": "unavailable", "msg": "injected fault"}))).into_response()
}
