//! The handle of a terminal: asks, tells, disconnects.

use rumqttc::{AsyncClient, QoS};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::requests::Requests;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::{Config, Retry, UplinkParents};
use crate::connection::{Connection, LinkState, PACKET_MAX_BYTES};
use crate::error::{ConnectError, Refused, RequestError};
use crate::event::Events;
use crate::received::ReceivedDownlink;
use crate::shared::Shared;
use crate::uplink::Uplink;

/// How long a disconnect may take before the connection is simply dropped.
const DISCONNECT_WITHIN: Duration = Duration::from_secs(2);

/// Bytes of a packet that are left for the topic and the header.
const TOPIC_ROOM: usize = 1024;

/// A connected terminal. Clones share the connection; it is dropped, as by a dead battery, with the last of them.
#[derive(Clone)]
pub struct Terminal(Arc<Inner>);

struct Inner {
    client_id: ClientId,
    uplinks: UplinkParents,
    retry: Retry,
    mqtt: AsyncClient,
    link: watch::Receiver<LinkState>,
    shared: Arc<Shared>,
    connection: Mutex<Option<JoinHandle<()>>>,
}

impl Terminal {
    /// Connects, and returns when the terminal listens on its own topics. From then on a lost connection is got back
    /// by itself.
    ///
    /// # Errors
    /// Why the first connect failed; it is not tried again.
    pub async fn connect(config: Config) -> Result<(Self, Events), ConnectError> {
        config.downlinks.check(&config.client_id)?;
        let (event_sender, events) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(&config, event_sender));
        let (link_state, link) = watch::channel(LinkState::Down);
        let (first, connected) = oneshot::channel();
        let (client_id, uplinks, retry) = (config.client_id.clone(), config.uplinks.clone(), config.retry);
        let (connection, mqtt) = Connection::new(config, Arc::clone(&shared), link_state, first);
        let connection = Mutex::new(Some(tokio::spawn(connection.run(mqtt.clone()))));
        let inner = Inner { client_id, uplinks, retry, mqtt, link, shared, connection };
        let terminal = Self(Arc::new(inner));
        connected
            .await
            .unwrap_or_else(|_| Err(ConnectError::Unreachable("the runtime is shutting down".to_owned())))?;
        Ok((terminal, Events(events)))
    }

    /// Who this terminal is.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The token to connect with from now on; the present connection stays as it is.
    pub fn renew_token(&self, token: SecretString) {
        *self.0.shared.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Asks the service, and asks again by the same id until an answer comes.
    ///
    /// # Errors
    /// As [`request_uplink`](Self::request_uplink).
    pub async fn request<R: Requests + Serialize>(
        &self,
        request: &R,
    ) -> Result<ReceivedDownlink, RequestError> {
        self.request_uplink(&Uplink::new(request)?).await
    }

    /// Tells the service something that is never answered: once.
    ///
    /// # Errors
    /// As [`send_uplink`](Self::send_uplink).
    pub async fn send<R: Requests + Serialize>(&self, request: &R) -> Result<(), RequestError> {
        self.send_uplink(&Uplink::new(request)?).await
    }

    /// Asks the service, and asks again by the same id until an answer comes. Waits first while another request of
    /// the same meeting is unanswered, unless this one ends something.
    ///
    /// # Errors
    /// [`RequestError::Refused`] with the service's code, or why there is no answer.
    pub async fn request_uplink(&self, uplink: &Uplink) -> Result<ReceivedDownlink, RequestError> {
        let inner = &*self.0;
        if !uplink.is_answered() {
            return Err(RequestError::NeverAnswered(uplink.kind().to_owned()));
        }
        if is_too_large(&uplink.payload()) {
            return Err(RequestError::TooLarge);
        }
        let mut waiting = inner.shared.begin_request(uplink)?;
        match (&mut waiting.answer).await {
            Ok(Ok(answer)) => accepted(*answer),
            Ok(Err(after)) => Err(RequestError::TimedOut(after)),
            Err(_) => Err(RequestError::Disconnected),
        }
    }

    /// Sends once and waits for nothing. If it is refused, the error comes as an event whose `re` is the uplink's id.
    ///
    /// # Errors
    /// [`RequestError::TimedOut`] if the connection is down for longer than a request lives.
    pub async fn send_uplink(&self, uplink: &Uplink) -> Result<(), RequestError> {
        let life = self.0.retry.request_life();
        tokio::time::timeout(life, self.publish(&uplink.topic(&self.0.uplinks), uplink.payload()))
            .await
            .unwrap_or(Err(RequestError::TimedOut(life)))
    }

    /// Publishes any bytes to any topic with `QoS` 1, as soon as the terminal is connected.
    ///
    /// # Errors
    /// [`RequestError::Disconnected`] if the terminal has disconnected for good, [`RequestError::TooLarge`] for what
    /// fits in no packet.
    pub async fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<(), RequestError> {
        if is_too_large(&payload) {
            return Err(RequestError::TooLarge);
        }
        let mut link = self.0.link.clone();
        let state =
            *link.wait_for(|link| *link != LinkState::Down).await.map_err(|_| RequestError::Disconnected)?;
        if state == LinkState::Closed {
            return Err(RequestError::Disconnected);
        }
        self.0
            .mqtt
            .publish(topic, QoS::AtLeastOnce, false, payload)
            .await
            .map_err(|_| RequestError::Disconnected)
    }

    /// Disconnects in good order. The broker keeps the session and what comes for it.
    pub async fn disconnect(&self) {
        let task = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return };
        let is_up = *self.0.link.borrow() == LinkState::Up;
        let in_order = async {
            if is_up && self.0.mqtt.disconnect().await.is_ok() {
                // However the task ended, it has ended.
                drop((&mut task).await);
            }
        };
        drop(tokio::time::timeout(DISCONNECT_WITHIN, in_order).await);
        task.abort();
    }
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Terminal").field(&self.0.client_id.as_str()).finish()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(task) = self.connection.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

/// Whether no packet can carry it.
fn is_too_large(payload: &[u8]) -> bool {
    // Topic, lengths and packet id fit in the rest.
    payload.len() > PACKET_MAX_BYTES - TOPIC_ROOM
}

/// Tells an answer from a refusal.
fn accepted(answer: ReceivedDownlink) -> Result<ReceivedDownlink, RequestError> {
    if answer.kind != "error" {
        return Ok(answer);
    }
    // An error without a code is a fault of the service; it is still a refusal.
    let refused = Refused::deserialize(&Value::Object(answer.body)).unwrap_or_else(|error| Refused {
        code: "internal".to_owned(),
        message: format!("the service's error cannot be read: {error}"),
        path: None,
        retryable: false,
        retry_after_ms: None,
        sip: 500,
        reason: None,
        meeting_id: None,
    });
    Err(RequestError::Refused(Box::new(refused)))
}
