//! Signed webhooks, as `LiveKit` sends them: in order for each room, tried a few times, then given up.
//! Format: <https://docs.livekit.io/home/server/webhooks/>.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::ExposeSecret;
use serde::Serialize;
use switchboard_rtc::livekit::{self, ApiKey, LivekitClaims};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::warn;

use crate::clock::Clock;
use crate::info::{ParticipantInfo, RoomInfo};

/// Waits before the second, third and fourth attempt.
const BACK_OFF: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1600)];
/// One attempt; a laptop that compiles at the same time may need long to start the function.
const ATTEMPT: Duration = Duration::from_secs(20);
/// Life of a webhook's token.
const TOKEN_SECONDS: i64 = 300;

/// What happened in a room.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    #[serde(rename = "event")]
    name: &'static str,
    /// `EV_…`, the same for every attempt.
    id: String,
    /// Unix seconds.
    created_at: String,
    room: RoomInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<ParticipantInfo>,
}

impl Event {
    /// An event of now.
    pub(crate) fn new(
        name: &'static str,
        room: RoomInfo,
        participant: Option<ParticipantInfo>,
        now_ms: i64,
    ) -> Self {
        let created_at = now_ms.div_euclid(1000).to_string();
        Self { name, id: crate::sid::new_sid("EV"), created_at, room, participant }
    }
}

/// Sends webhooks to one address. What is under way ends when this is dropped.
pub(crate) struct Webhooks {
    target: Option<Arc<Target>>,
    senders: JoinSet<()>,
}

struct Target {
    url: String,
    key: ApiKey,
    clock: Clock,
    client: reqwest::Client,
}

/// Takes the events of one room.
pub(crate) struct Outlet(Option<mpsc::UnboundedSender<Event>>);

impl Webhooks {
    /// Webhooks to `url`, or none.
    pub(crate) fn new(url: Option<String>, key: ApiKey, clock: Clock) -> Self {
        let target = url.map(|url| {
            let client = reqwest::Client::builder()
                .no_proxy()
                .timeout(ATTEMPT)
                .build()
                .expect("a client without TLS needs nothing from the system");
            Arc::new(Target { url, key, clock, client })
        });
        Self { target, senders: JoinSet::new() }
    }

    /// Webhooks that are not sent.
    pub(crate) fn none() -> Self {
        Self { target: None, senders: JoinSet::new() }
    }

    /// The outlet of a new room.
    pub(crate) fn outlet(&mut self) -> Outlet {
        while self.senders.try_join_next().is_some() {}
        Outlet(self.target.clone().map(|target| {
            let (sender, events) = mpsc::unbounded_channel();
            self.senders.spawn(deliver(target, events));
            sender
        }))
    }
}

impl Outlet {
    /// Sends an event after those before it.
    pub(crate) fn send(&self, event: Event) {
        if let Some(sender) = &self.0 {
            // Fails only when everything is being stopped.
            let _ = sender.send(event);
        }
    }
}

/// Sends the events of a room until the room is gone and all are sent.
async fn deliver(target: Arc<Target>, mut events: mpsc::UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        let mut waits = BACK_OFF.into_iter();
        while let Err(error) = target.attempt(&event).await {
            match waits.next().filter(|_| error.may_pass) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    warn!(event = event.name, room = event.room.name, "webhook lost: {}", error.reason);
                    break;
                }
            }
        }
    }
}

/// Why an attempt failed.
struct Failed {
    reason: String,
    /// Another attempt may succeed.
    may_pass: bool,
}

impl Target {
    async fn attempt(&self, event: &Event) -> Result<(), Failed> {
        let lasting = |reason: String| Failed { reason, may_pass: false };
        let body = serde_json::to_vec(event).map_err(|error| lasting(error.to_string()))?;
        let now = (self.clock)().div_euclid(1000);
        let claims = LivekitClaims {
            sha256: Some(livekit::body_hash(&body)),
            ..LivekitClaims::issued_by(&self.key.id, now, now + TOKEN_SECONDS)
        };
        let token = livekit::sign(&claims, &self.key).map_err(|error| lasting(error.to_string()))?;
        let request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/webhook+json")
            // The bare token, without a scheme.
            .header(AUTHORIZATION, token.expose_secret());
        let response = request.body(body).send().await;
        let response =
            response.map_err(|error| Failed { reason: error.without_url().to_string(), may_pass: true })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let may_pass = status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS;
        Err(Failed { reason: format!("status {status}"), may_pass })
    }
}
