//! The MQTT connection of a terminal: connects, subscribes to the device's topics, and reconnects after a
//! lost connection.

use rumqttc::{
    AsyncClient, ConnectionError, EventLoop, Incoming, MqttOptions, NetworkOptions, Outgoing, Publish, QoS,
    Request, Subscribe, SubscribeFilter, SubscribeReasonCode,
};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{oneshot, watch};

use crate::config::{Config, Transport};
use crate::error::ConnectError;
use crate::event::TerminalEvent;
use crate::received::{RawMessage, ReceivedDownlink};
use crate::reconnect::Pace;
use crate::shared::Shared;

/// Largest size of a packet in both directions, in bytes. It is larger than any message of the protocol, so
/// that the service is the one to refuse a message that is too large.
pub(crate) const PACKET_MAX_BYTES: usize = 256 * 1024;
/// Largest number of packets that wait for the network.
const QUEUE: usize = 64;
/// Time limit of a connect in seconds. The broker may first have to start an authorizer function.
const CONNECT_SECONDS: u64 = 15;

/// State of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// Connected and subscribed.
    Up,
    /// Not connected. An attempt to connect follows.
    Down,
    /// Permanently disconnected.
    Closed,
}

/// Runs the connection until the terminal disconnects.
pub(crate) struct Connection {
    config: Config,
    shared: Arc<Shared>,
    mqtt: EventLoop,
    link: watch::Sender<LinkState>,
    /// Receiver of the first connect's result; `None` afterwards.
    first: Option<oneshot::Sender<Result<(), ConnectError>>>,
    session_present: bool,
    lost_at: Instant,
}

impl Connection {
    /// Prepares the connection and the client that publishes with it.
    pub fn new(
        config: Config,
        shared: Arc<Shared>,
        link: watch::Sender<LinkState>,
        first: oneshot::Sender<Result<(), ConnectError>>,
    ) -> (Self, AsyncClient) {
        let (client, mut mqtt) = AsyncClient::new(options(&config), QUEUE);
        let mut network = NetworkOptions::new();
        // Nagle's algorithm would delay small requests.
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

    /// Connects and stays connected. Returns after a requested disconnect, or if the first connect fails.
    pub async fn run(self, mqtt: AsyncClient) {
        let (shared, parents) = (Arc::clone(&self.shared), self.config.uplinks.clone());
        tokio::select! {
            () = self.stay_connected() => {}
            () = shared.drive(&mqtt, &parents) => {}
        }
    }

    async fn stay_connected(mut self) {
        let mut tokens = self.shared.token.subscribe();
        let mut pace = Pace::new(self.config.retry);
        loop {
            let error = match self.mqtt.poll().await {
                Ok(rumqttc::Event::Outgoing(Outgoing::Disconnect)) => return,
                Ok(rumqttc::Event::Incoming(Incoming::SubAck(ack))) => {
                    if ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                        self.mqtt.clean();
                        ConnectError::NotSubscribed
                    } else {
                        pace.connected(Instant::now());
                        self.subscribed();
                        continue;
                    }
                }
                Ok(event) => {
                    self.handle(event);
                    continue;
                }
                Err(error) => connect_error(error),
            };
            let mut next = pace.failed(&error, Instant::now());
            if self.fail(error) {
                return;
            }
            if let Some(event) = next.event.take() {
                self.shared.emit(event);
            }
            let hurried = next.pass(&mut tokens).await;
            let login = tokens.borrow_and_update().clone();
            pace.attempts(hurried, login.renewals);
            self.mqtt.mqtt_options.set_credentials(&self.config.user_name, login.token.expose_secret());
        }
    }

    fn handle(&mut self, event: rumqttc::Event) {
        match event {
            rumqttc::Event::Incoming(Incoming::ConnAck(ack)) => self.connected(ack.session_present),
            rumqttc::Event::Incoming(Incoming::Publish(publish)) => self.receive(publish),
            _ => {}
        }
    }

    /// Subscribes to the device's topics after a connect, before the terminal sends anything else.
    fn connected(&mut self, session_present: bool) {
        self.session_present = session_present;
        // After a long outage, the session has given up its requests. Sending them now would surprise the
        // user.
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

    fn subscribed(&mut self) {
        match self.first.take() {
            // Sending fails if the owner dropped the future of the connect, which also ends this task.
            Some(first) => drop(first.send(Ok(()))),
            None => self.shared.emit(TerminalEvent::Connected { session_present: self.session_present }),
        }
        self.link.send_replace(LinkState::Up);
        self.shared.connected();
    }

    /// Handles a failed or lost connection. Returns `true` for the first connect, which is not retried.
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
            // Sending fails if the owner dropped the receiver of the tap.
            drop(tap.send(raw));
        }
        let message = match message {
            Ok(message) => message,
            Err(error) => return tracing::warn!(%error, "ignoring a message that is not a downlink"),
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

/// Returns `true` if a publish may be sent after a reconnect. Sets its DUP flag if it was sent before. Each
/// publish is repeated only once: a broker closes the connection after a forbidden publish, so further
/// repeats would end every new connection.
fn may_be_repeated(publish: &mut Publish) -> bool {
    let was_sent = publish.pkid != 0;
    !(was_sent && std::mem::replace(&mut publish.dup, true))
}
