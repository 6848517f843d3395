//! The handle of a connected terminal: sends requests and disconnects.

use rumqttc::{AsyncClient, QoS};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::requests::Request;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::{Config, Retry, UplinkParents};
use crate::connection::{Connection, LinkState, PACKET_MAX_BYTES};
use crate::error::{ConnectError, Refused, RequestError};
use crate::event::Events;
use crate::received::ReceivedDownlink;
use crate::shared::Shared;
use crate::uplink::Uplink;

/// Time limit of an orderly disconnect, after which the connection is dropped.
const DISCONNECT_WITHIN: Duration = Duration::from_secs(2);

/// Bytes of a packet that are reserved for the topic and the header.
const TOPIC_ROOM: usize = 1024;

/// A connected terminal. Clones share the connection. When the last clone is dropped, the connection ends
/// without an MQTT `DISCONNECT`, like that of a device whose battery is empty.
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
    /// Connects, and returns when the broker has granted the subscription to the device's topics. After that,
    /// the terminal reconnects by itself.
    ///
    /// # Errors
    /// The error of the first connect, which is not retried.
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

    /// Returns the client ID of this device.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// Sets the token for later reconnects. The present connection keeps its own token. After
    /// [`TerminalEvent::LoginRefused`](crate::TerminalEvent::LoginRefused), the terminal connects with the
    /// new token at once.
    pub fn renew_token(&self, token: SecretString) {
        self.0.shared.token.send_modify(|login| {
            login.renewals += 1;
            login.token = token;
        });
    }

    /// Sends a request and waits for its answer, like [`request_uplink`](Self::request_uplink).
    ///
    /// # Errors
    /// See [`request_uplink`](Self::request_uplink).
    pub async fn request<R: Request>(&self, request: &R) -> Result<ReceivedDownlink, RequestError> {
        self.request_uplink(&Uplink::new(request)?).await
    }

    /// Sends a request that is never answered, like [`send_uplink`](Self::send_uplink).
    ///
    /// # Errors
    /// See [`send_uplink`](Self::send_uplink).
    pub async fn send<R: Request>(&self, request: &R) -> Result<(), RequestError> {
        self.send_uplink(&Uplink::new(request)?).await
    }

    /// Sends a request and waits for its answer. Repeats the request with the same id, at the times that
    /// [`Retry`] sets. The request is sent after earlier requests of the same meeting have ended. Exceptions
    /// are `cancel_invite`, `leave` and `destroy_meeting`, which are sent at once; but `leave` waits for an
    /// earlier `accept` or `join` of its meeting, and `create_meeting` waits for every earlier `leave` and
    /// `destroy_meeting`. Dropping the future ends the request.
    ///
    /// # Errors
    /// [`RequestError::Refused`] with the service's code, or the reason for which no answer arrived.
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
            Ok(Ok(answer)) => answer_or_refusal(*answer),
            Ok(Err(after)) => Err(RequestError::TimedOut(after)),
            Err(_) => Err(RequestError::Disconnected),
        }
    }

    /// Sends a request once, without waiting for an answer. A refusal arrives as an event whose `re` is the
    /// uplink's id.
    ///
    /// # Errors
    /// [`RequestError::TimedOut`] without a connection within [`Retry::request_life`], or an error of
    /// [`publish`](Self::publish).
    pub async fn send_uplink(&self, uplink: &Uplink) -> Result<(), RequestError> {
        let life = self.0.retry.request_life();
        tokio::time::timeout(life, self.publish(&uplink.topic(&self.0.uplinks), uplink.payload()))
            .await
            .unwrap_or(Err(RequestError::TimedOut(life)))
    }

    /// Publishes any bytes to any topic with QoS 1, as soon as the terminal is connected.
    ///
    /// # Errors
    /// [`RequestError::Disconnected`] if the terminal has permanently disconnected,
    /// [`RequestError::TooLarge`] if the payload does not fit into a packet.
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

    /// Disconnects in an orderly way, or drops the connection after 2 s. The broker keeps the session and
    /// queues its downlinks.
    pub async fn disconnect(&self) {
        let task = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return };
        let is_up = *self.0.link.borrow() == LinkState::Up;
        let in_order = async {
            if is_up && self.0.mqtt.disconnect().await.is_ok() {
                // An error means that the task was cancelled or panicked. It has ended in both cases.
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

/// Returns `true` if the payload does not fit into a packet.
fn is_too_large(payload: &[u8]) -> bool {
    payload.len() > PACKET_MAX_BYTES - TOPIC_ROOM
}

/// Converts an `error` answer to an error, and returns any other answer.
fn answer_or_refusal(answer: ReceivedDownlink) -> Result<ReceivedDownlink, RequestError> {
    if answer.kind != "error" {
        return Ok(answer);
    }
    // An `error` without a code is a defect of the service, but still a refusal of the request.
    let refused = Refused::deserialize(&Value::Object(answer.body)).unwrap_or_else(|error| Refused {
        code: "internal".to_owned(),
        message: format!("the service's `error` answer is malformed: {error}"),
        path: None,
        retryable: false,
        retry_after_ms: None,
        sip: 500,
        reason: None,
        meeting_id: None,
    });
    Err(RequestError::Refused(Box::new(refused)))
}
