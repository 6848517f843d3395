//! A fake RTC service on loopback for tests. It records requests and replies by a script.

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{HttpClient, HttpTimeouts, RequestContext, RtcManagement};
use crate::{Account, AccountError, ManagementApi, Provider};

/// 2026-11-22T16:48:06Z.
pub const AT: RequestContext = RequestContext { now_ms: 1_795_366_086_250, nonce: [7; 16] };

/// One received request.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    pub method: String,
    /// Path with the query.
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl RecordedRequest {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Returns the decoded query parameters.
    pub fn query(&self) -> BTreeMap<String, String> {
        let (_, query) = self.path.split_once('?').unwrap_or_default();
        let decoded =
            |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
    }
}

/// Reply of the fake service to one request.
pub enum ScriptedReply {
    Json(Value),
    Error(u16, Value),
    Text(u16, String),
    /// Status 429 with this `Retry-After`.
    RateLimited(&'static str),
    /// No reply.
    Silence,
}

type Requests = Arc<Mutex<Vec<RecordedRequest>>>;

/// The fake service. It stops when it is dropped.
pub struct FakeService {
    address: SocketAddr,
    requests: Requests,
    task: JoinHandle<()>,
}

impl FakeService {
    /// Starts a service that replies to the nth request (from 0) with the result of `script`.
    pub async fn new(
        script: impl Fn(usize, &RecordedRequest) -> ScriptedReply + Send + Sync + 'static,
    ) -> Self {
        let requests = Requests::default();
        let (recorded, script) = (Arc::clone(&requests), Arc::new(script));
        let response = move |request: Request| {
            let (recorded, script) = (Arc::clone(&recorded), Arc::clone(&script));
            async move {
                let request = read(request).await;
                let count = {
                    let mut recorded = recorded.lock().unwrap_or_else(PoisonError::into_inner);
                    recorded.push(request.clone());
                    recorded.len() - 1
                };
                response(script(count, &request)).await
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let router = axum::Router::new().fallback(response);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { address, requests, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns all requests so far.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the only request. Panics if there is not exactly one.
    pub fn only(&self) -> RecordedRequest {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

impl Drop for FakeService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(request: Request) -> RecordedRequest {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let headers = parts.headers.iter();
    RecordedRequest {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()))
            .collect(),
        body: String::from_utf8(body.into()).expect("text"),
    }
}

async fn response(reply: ScriptedReply) -> Response {
    let status = |status| StatusCode::from_u16(status).expect("a status");
    match reply {
        ScriptedReply::Json(body) => body.to_string().into_response(),
        ScriptedReply::Error(code, body) => (status(code), body.to_string()).into_response(),
        ScriptedReply::Text(code, body) => (status(code), body).into_response(),
        ScriptedReply::RateLimited(after) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", after)], Body::empty()).into_response()
        }
        ScriptedReply::Silence => pending().await,
    }
}

/// Returns an HTTP client without TLS on the HTTP library of the AWS SDK.
pub fn http(timeouts: HttpTimeouts) -> HttpClient {
    HttpClient::new(timeouts, |connect| {
        let settings = HttpConnectorSettings::builder().connect_timeout(connect).build();
        let connector = Connector::builder().connector_settings(settings).sleep_impl(TokioSleep::new());
        SharedHttpConnector::new(connector.build_http())
    })
}

/// Returns an HTTP client with time limits that no test reaches by chance.
pub fn patient() -> HttpClient {
    let long = Duration::from_mins(1);
    http(HttpTimeouts { connect: long, request: long })
}

/// Returns an account whose management API is at `url`.
pub fn account(url: &str) -> Account {
    let api = ManagementApi { url: url.into(), key_id: "api-id".into(), key_secret: "api-secret".into() };
    Account {
        url: "wss://rtc.example.org".into(),
        key_id: "1400000000".into(),
        key_secret: "token-secret".into(),
        api: Some(api),
        ..Account::default()
    }
}

/// Returns a management client for that account.
pub fn management(provider: Provider, account: &Account) -> Result<Box<dyn RtcManagement>, AccountError> {
    Ok(crate::management(provider, account, patient())?.expect("the account has a management API"))
}

/// Returns the recorded requests of official clients to this provider.
pub fn vectors(provider: &str) -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/rtc-management-requests.json");
    let text = std::fs::read_to_string(file).expect("the vectors are there");
    let all: Vec<Value> = serde_json::from_str(&text).expect("the vectors are JSON");
    all.into_iter().filter(|vector| vector["provider"] == provider).collect()
}
