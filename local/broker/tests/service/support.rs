//! Test harness: a broker on free ports, with a cloud, a clock and clients that the tests control.

mod client;
mod client5;
mod cloud;
pub mod packets;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use broker::{Broker, BrokerConfig, Published};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use client::Client;
pub use client5::Client5;
pub use cloud::{TestCloud, allow, grant};

/// Timeout of each wait; longer than any expected event takes.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Start time of the clock. Only the tests move the clock.
pub const START_MS: i64 = 1_900_000_000_000;

/// Awaits a future that must resolve in time.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, future).await.expect("timed out")
}

/// Polls a condition until it is true.
pub async fn until(condition: impl AsyncFn() -> bool) {
    within(async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Returns a client for loopback that ignores the proxy settings of the machine.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

/// A running broker with its HTTP routers.
pub struct TestBroker {
    pub handle: Broker,
    pub cloud: Arc<TestCloud>,
    pub http: String,
    clock: Arc<AtomicI64>,
    _server: JoinSet<()>,
}

/// Response of the data plane.
#[derive(Debug)]
pub struct DataPlaneResponse {
    pub status: u16,
    pub error: Option<String>,
    pub body: Value,
}

impl TestBroker {
    pub async fn start() -> Self {
        let cloud = Arc::new(TestCloud::default());
        let clock = Arc::new(AtomicI64::new(START_MS));
        let config = BrokerConfig {
            mqtt: ([127, 0, 0, 1], 0).into(),
            clock: {
                let clock = Arc::clone(&clock);
                Arc::new(move || clock.load(Ordering::SeqCst))
            },
            ..BrokerConfig::default()
        };
        let broker = Broker::start(config, Arc::clone(&cloud) as _).await.expect("the broker starts");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let http = listener.local_addr().expect("bound").to_string();
        let router = broker.data_plane().merge(broker.web_socket());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("the server runs") });
        Self { handle: broker, cloud, http, clock, _server: server }
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Calls the data plane; path and query are percent-encoded.
    pub async fn call(&self, method: &str, path: &str, body: impl Into<reqwest::Body>) -> DataPlaneResponse {
        let method = method.parse().expect("a method");
        let url = format!("http://{}{path}", self.http);
        let response = client().request(method, url).body(body).send().await.expect("an answer");
        let status = response.status().as_u16();
        let error =
            response.headers().get("x-amzn-errortype").map(|kind| kind.to_str().expect("text").to_owned());
        let bytes = response.bytes().await.expect("a body");
        let body = serde_json::from_slice(&bytes).expect("JSON");
        DataPlaneResponse { status, error, body }
    }

    /// Publishes with QoS 1 over the data plane.
    pub async fn publish(&self, topic: &str, query: &str, body: &str) {
        let path = format!("/topics/{}?qos=1{query}", topic.replace('/', "%2F"));
        let answer = self.call("POST", &path, body.to_owned()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Waits until the topic rules have received a matching message, and returns it.
    pub async fn wait_until_rules_receive(&self, matches: impl FnMut(&Published) -> bool) -> Published {
        self.cloud.wait_until_rules_receive(matches).await
    }

    pub async fn wait_until_disconnected(&self, client_id: &str) {
        until(async || !self.handle.connected(client_id).await).await;
    }
}
