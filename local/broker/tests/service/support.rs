//! A broker on free ports, with a cloud, a clock and clients that the tests control.

mod client;
mod client5;
mod cloud;

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

/// Longer than anything takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where the clock starts; the tests move it, nothing else does.
pub const START_MS: i64 = 1_900_000_000_000;

/// Waits for something that must happen.
pub async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("did not happen in time")
}

/// Asks again until the answer is yes.
pub async fn until(condition: impl AsyncFn() -> bool) {
    within(async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// A client for loopback, whatever proxy the machine has.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

/// A running broker with its HTTP routers.
pub struct Stack {
    pub broker: Broker,
    pub cloud: Arc<TestCloud>,
    pub http: String,
    clock: Arc<AtomicI64>,
    _server: JoinSet<()>,
}

/// The answer of the data plane.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub error: Option<String>,
    pub body: Value,
}

impl Stack {
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
        server.spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { broker, cloud, http, clock, _server: server }
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Calls the data plane; path and query are percent-encoded.
    pub async fn call(&self, method: &str, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let method = method.parse().expect("a method");
        let url = format!("http://{}{path}", self.http);
        let response = client().request(method, url).body(body).send().await.expect("an answer");
        let status = response.status().as_u16();
        let error =
            response.headers().get("x-amzn-errortype").map(|kind| kind.to_str().expect("text").to_owned());
        let bytes = response.bytes().await.expect("a body");
        let body = serde_json::from_slice(&bytes).expect("JSON");
        Answer { status, error, body }
    }

    /// Publishes with QoS 1 over the data plane.
    pub async fn publish(&self, topic: &str, query: &str, body: &str) {
        let path = format!("/topics/{}?qos=1{query}", topic.replace('/', "%2F"));
        let answer = self.call("POST", &path, body.to_owned()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Waits until the topic rules have seen such a message.
    pub async fn ruled(&self, such: impl FnMut(&Published) -> bool) -> Published {
        self.cloud.ruled(such).await
    }

    pub async fn until_gone(&self, client_id: &str) {
        until(async || !self.broker.connected(client_id).await).await;
    }
}
