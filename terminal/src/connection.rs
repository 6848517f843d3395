//! The one MQTT connection of a terminal: connects, listens on its own topics, and comes back when it is lost.

use rumqttc::{
    AsyncClient, ConnectionError, EventLoop, Incoming, MqttOptions, NetworkOptions, Outgoing, Publish, QoS,
    Request, Subscribe, SubscribeFilter, SubscribeReasonCode,
};
use secrecy::ExposeSecret;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use crate::config::{Config, Transport};
use crate::error::ConnectError;
use crate::event::TerminalEvent;
use crate::received::{RawMessage, ReceivedDownlink};
use crate::shared::Shared;

/// Bytes that a packet may have, either way: more than any message of the protocol, so that the service gets to
/// refuse what is too large.
pub(crate) const PACKET_MAX_BYTES: usize = 256 * 1024;
/// Requests that may wait for the network at a time.
const QUEUE: usize = 64;
/// How long a connection may take to come about: the broker may have to start a cold authorizer first.
const CONNECT_SECONDS: u64 = 15;

/// Whether the terminal can be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// Connected and listening.
    Up,
    /// Not (yet) connected.
    Down,
    /// Disconnected for good.
    Closed,
}

/// Runs the connection until it is told to disconnect.
pub(crate) struct Connection {
    config: Config,
    shared: Arc<Shared>,
    mqtt: EventLoop,
    link: watch::Sender<LinkState>,
    /// Told how the first connect went, then gone.
    first: Option<oneshot::Sender<Result<(), ConnectError>>>,
    session_present: bool,
    lost_at: Instant,
}

impl Connection {
    /// Prepares the connection and the client that publishes through it.
    pub fn new(
        config: Config,
        shared: Arc<Shared>,
        link: watch::Sender<LinkState>,
        first: oneshot::Sender<Result<(), ConnectError>>,
    ) -> (Self, AsyncClient) {
        let (client, mut mqtt) = AsyncClient::new(options(&config), QUEUE);
        let mut network = NetworkOptions::new();
        // Requests are small and wait for answers; Nagle's algorithm would hold them back.
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(CONNECT_SECONDS);
        mqtt.set_network_options(network);
        let connection = Self {
            config,
            shared,
            mqtt,
            link,
            first: Some(first),
            session_present: false,
            lost_at: Instant::now(),
        };
        (connection, client)
    }

    /// Connects and stays connected. Returns after a disconnect that was asked for, or when the first connect failed.
    pub async fn run(self, mqtt: AsyncClient) {
        let (shared, parents) = (Arc::clone(&self.shared), self.config.uplinks.clone());
        tokio::select! {
            () = self.stay_connected() => {}
            () = shared.drive(&mqtt, &parents) => {}
        }
    }

    async fn stay_connected(mut self) {
        let mut wait = self.config.retry.reconnect_after;
        loop {
            let error = match self.mqtt.poll().await {
                Ok(rumqttc::Event::Outgoing(Outgoing::Disconnect)) => return,
                Ok(rumqttc::Event::Incoming(Incoming::SubAck(ack))) => {
                    if ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                        self.mqtt.clean();
                        ConnectError::NotSubscribed
                    } else {
                        wait = self.config.retry.reconnect_after;
                        self.listening();
                        continue;
                    }
                }
                Ok(event) => {
                    self.handle(event);
                    continue;
                }
                Err(error) => connect_error(error),
            };
            if self.fail(error) {
                return;
            }
            tokio::time::sleep(jittered(wait)).await;
            wait = (wait * 2).min(self.config.retry.reconnect_at_most);
            let token = self.shared.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
            self.mqtt.mqtt_options.set_credentials(&self.config.user_name, token.expose_secret());
        }
    }

    fn handle(&mut self, event: rumqttc::Event) {
        match event {
            rumqttc::Event::Incoming(Incoming::ConnAck(ack)) => self.connected(ack.session_present),
            rumqttc::Event::Incoming(Incoming::Publish(publish)) => self.receive(publish),
            _ => {}
        }
    }

    /// The broker let us in: listen on the own topics, before anything else is sent.
    fn connected(&mut self, session_present: bool) {
        self.session_present = session_present;
        // Requests from before a long outage were given up; sent now, they would ring out of the blue.
        let given_up = self.lost_at.elapsed() > self.config.retry.request_life();
        self.mqtt.pending.retain_mut(|request| match request {
            Request::Publish(publish) => !given_up && may_be_repeated(publish),
            _ => true,
        });
        let (client_id, topics) = (&self.config.client_id, &self.config.downlinks);
        let filters = [topics.control_topic(client_id), topics.bulk_topic(client_id)]
            .map(|topic| SubscribeFilter::new(topic, QoS::AtLeastOnce));
        self.mqtt.pending.push_front(Request::Subscribe(Subscribe::new_many(filters)));
    }

    fn listening(&mut self) {
        match self.first.take() {
            // Nobody waits for the connect any more: the handle is gone, and the task is about to be.
            Some(first) => drop(first.send(Ok(()))),
            None => self.shared.emit(TerminalEvent::Connected { session_present: self.session_present }),
        }
        self.link.send_replace(LinkState::Up);
        self.shared.connected();
    }

    /// Reports a failure; whether it was the first connect's, which is not tried again.
    fn fail(&mut self, error: ConnectError) -> bool {
        if let Some(first) = self.first.take() {
            drop(first.send(Err(error)));
            return true;
        }
        if self.link.send_replace(LinkState::Down) == LinkState::Up {
            self.lost_at = Instant::now();
            self.shared.disconnected();
            self.shared.emit(TerminalEvent::Disconnected { reason: error.to_string() });
        }
        false
    }

    fn receive(&mut self, publish: Publish) {
        let received_at = Instant::now();
        let raw = RawMessage { topic: publish.topic, payload: publish.payload.to_vec(), received_at };
        let message = ReceivedDownlink::read(&raw);
        if let Some(tap) = &self.config.tap {
            // Whoever listened in may have stopped.
            drop(tap.send(raw));
        }
        let message = match message {
            Ok(message) => message,
            Err(error) => return tracing::warn!(%error, "dropped what is no downlink"),
        };
        let (id, kind) = (message.id.clone(), message.kind.clone());
        if let Some(reason) = self.shared.receive(message, received_at) {
            tracing::debug!(%id, %kind, ?reason, "dropped a downlink");
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.link.send_replace(LinkState::Closed);
        self.shared.close();
    }
}

fn options(config: &Config) -> MqttOptions {
    let mut options = MqttOptions::new(config.client_id.as_str(), &config.host, config.port);
    options
        .set_clean_session(false)
        .set_keep_alive(config.keep_alive)
        .set_credentials(&config.user_name, config.token.expose_secret())
        .set_max_packet_size(PACKET_MAX_BYTES, PACKET_MAX_BYTES)
        .set_transport(match &config.transport {
            Transport::Tcp => rumqttc::Transport::Tcp,
            Transport::Tls(tls) => rumqttc::Transport::tls_with_config(tls.into()),
        });
    options
}

fn connect_error(error: ConnectionError) -> ConnectError {
    match error {
        ConnectionError::ConnectionRefused(code) => ConnectError::Refused(code),
        other => ConnectError::Unreachable(other.to_string()),
    }
}

/// Marks what was sent before as a repetition, and tells whether it may be sent: a broker closes the connection on
/// what it does not allow, so what was repeated once already is not repeated for ever.
fn may_be_repeated(publish: &mut Publish) -> bool {
    let was_sent = publish.pkid != 0;
    !(was_sent && std::mem::replace(&mut publish.dup, true))
}

/// Between half of and the whole of `wait`, so that a broker that comes back does not meet everybody at once.
fn jittered(wait: Duration) -> Duration {
    let random = u32::from(Uuid::new_v4().as_bytes()[0]);
    wait / 2 + wait / 2 * random / u32::from(u8::MAX)
}
