//! Signed webhooks in `LiveKit`'s form. The events of one channel are delivered in order. An event is dropped after
//! four failed attempts, or at once if the receiver refuses it with a status that no retry can change.
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

/// Delays before the second, third and fourth attempt.
const BACK_OFF: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1600)];
/// Timeout of one attempt. A laptop under load may need long to start the function that receives the webhook.
const ATTEMPT: Duration = Duration::from_secs(20);
/// Lifetime of the token of a webhook.
const TOKEN_SECONDS: i64 = 300;

/// `livekit.WebhookEvent`: an event of a channel or of a participant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SfuWebhookEvent {
    #[serde(rename = "event")]
    name: &'static str,
    /// `EV_…`, the same in every attempt.
    id: String,
    /// Unix seconds.
    created_at: String,
    room: RoomInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<ParticipantInfo>,
}

impl SfuWebhookEvent {
    /// Creates an event with the time `now_ms`.
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

/// Sends webhooks to one URL. Dropping it aborts the deliveries in progress.
pub(crate) struct WebhookSender {
    target: Option<Arc<Target>>,
    senders: JoinSet<()>,
}

struct Target {
    url: String,
    key: ApiKey,
    clock: Clock,
    client: reqwest::Client,
}

/// Queue of the events of one channel.
pub(crate) struct WebhookQueue(Option<mpsc::UnboundedSender<SfuWebhookEvent>>);

impl WebhookSender {
    /// Creates a sender for `url`; without a URL, events are discarded.
    pub(crate) fn new(url: Option<String>, key: ApiKey, clock: Clock) -> Self {
        let target = url.map(|url| {
            let client = reqwest::Client::builder()
                .no_proxy()
                .timeout(ATTEMPT)
                .build()
                .expect("building a client without TLS cannot fail");
            Arc::new(Target { url, key, clock, client })
        });
        Self { target, senders: JoinSet::new() }
    }

    /// Creates a sender that discards all events.
    pub(crate) fn disabled() -> Self {
        Self { target: None, senders: JoinSet::new() }
    }

    /// Creates the queue of a new channel.
    pub(crate) fn queue(&mut self) -> WebhookQueue {
        while self.senders.try_join_next().is_some() {}
        WebhookQueue(self.target.clone().map(|target| {
            let (sender, events) = mpsc::unbounded_channel();
            self.senders.spawn(deliver(target, events));
            sender
        }))
    }
}

impl WebhookQueue {
    /// Appends an event to the queue.
    pub(crate) fn send(&self, event: SfuWebhookEvent) {
        if let Some(sender) = &self.0 {
            // Fails only while the SFU is stopping.
            let _ = sender.send(event);
        }
    }
}

/// Delivers the events of a channel until the channel is closed and its queue is empty.
async fn deliver(target: Arc<Target>, mut events: mpsc::UnboundedReceiver<SfuWebhookEvent>) {
    while let Some(event) = events.recv().await {
        let mut waits = BACK_OFF.into_iter();
        while let Err(error) = target.attempt(&event).await {
            match waits.next().filter(|_| error.retryable) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    warn!(
                        event = event.name,
                        channel = event.room.name,
                        reason = error.reason,
                        "webhook not delivered; it is dropped"
                    );
                    break;
                }
            }
        }
    }
}

struct DeliveryFailure {
    reason: String,
    /// `true` if another attempt may succeed.
    retryable: bool,
}

impl Target {
    async fn attempt(&self, event: &SfuWebhookEvent) -> Result<(), DeliveryFailure> {
        let lasting = |reason: String| DeliveryFailure { reason, retryable: false };
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
            // LiveKit sends the token without a scheme.
            .header(AUTHORIZATION, token.expose_secret());
        let response = request.body(body).send().await;
        let response = response
            .map_err(|error| DeliveryFailure { reason: error.without_url().to_string(), retryable: true })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let retryable = status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS;
        Err(DeliveryFailure { reason: format!("status {status}"), retryable })
    }
}
