//! The running broker: starts and stops the MQTT listener and returns the HTTP routers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::future::join_all;
use rmqtt::context::ServerContext;
use rmqtt::server::MqttServer;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::cloud::Cloud;
use crate::config::BrokerConfig;
use crate::connection::DisconnectReason;
use crate::direct_messages::DirectMessages;
use crate::message_expiry::MessageExpiry;
use crate::policy::Arns;
use crate::registry::{ClientStatus, Registry};
use crate::rule_queue::{self, RuleQueue};
use crate::sessions::Sessions;
use crate::state::BrokerState;
use crate::{data_plane, hooks, listener, timers, web_socket};

/// `rmqtt`'s ID of the only listener.
const LISTENER: u16 = 1;
/// Longest wait of a shutdown, once for connections to end and once for the queue of the topic rules to empty.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Error of [`Broker::start`].
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The MQTT port cannot be bound.
    #[error("the broker cannot listen for MQTT on {address}: {reason}")]
    Listen {
        /// Configured address.
        address: SocketAddr,
        /// Error text of the operating system.
        reason: String,
    },
}

/// A running broker. [`Broker::shutdown`] stops it. A dropped broker accepts no new connections but does not close
/// the existing ones.
pub struct Broker {
    state: Arc<BrokerState>,
    mqtt: SocketAddr,
    tasks: Mutex<Tasks>,
}

/// Numbers of what a broker keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Connections, from the authorizer's approval to their end.
    pub connections: usize,
    /// Client IDs that are connected, have a session or were seen within an hour.
    pub clients: usize,
    /// Sessions, connected or not.
    pub sessions: usize,
    /// Subscriptions of all sessions.
    pub subscriptions: usize,
    /// Direct messages that await their acknowledgement.
    pub direct_messages: usize,
}

/// Background tasks; aborted when dropped.
struct Tasks {
    /// The MQTT server and the timers.
    service: JoinSet<()>,
    /// Passes messages to the topic rules.
    rules: JoinSet<()>,
}

impl Broker {
    /// Starts listening for MQTT.
    ///
    /// # Errors
    /// [`StartError::Listen`] if the port cannot be bound.
    pub async fn start(config: BrokerConfig, cloud: Arc<dyn Cloud>) -> Result<Self, StartError> {
        let (listener, mqtt) = listener::bind(&config)
            .map_err(|error| StartError::Listen { address: config.mqtt, reason: error.to_string() })?;
        let engine = ServerContext::new().busy_check_enable(false).build().await;
        let expiry = MessageExpiry::new((config.clock)());
        Sessions::install(&engine, expiry, Arc::clone(&config.clock)).await;
        let (rule_queue, messages) = RuleQueue::new();
        let state = Arc::new(BrokerState {
            arns: Arns::new(&config.region, &config.account_id),
            registry: Registry::new(),
            direct_messages: DirectMessages::default(),
            engine: engine.clone(),
            config,
            cloud: Arc::clone(&cloud),
            rule_queue,
            expiry,
        });
        hooks::install(&state).await;

        let mut rules = JoinSet::new();
        rules.spawn(rule_queue::run(cloud, messages));
        let mut service = JoinSet::new();
        let server = MqttServer::new(engine).listener_by_id(listener, LISTENER).build();
        service.spawn(async move {
            if let Err(error) = server.run().await {
                tracing::error!(%error, "the MQTT server stopped; the broker accepts no more connections");
            }
        });
        service.spawn(timers::run(Arc::clone(&state)));
        Ok(Self { state, mqtt, tasks: Mutex::new(Tasks { service, rules }) })
    }

    /// Listen address of MQTT over TCP, with the actual port.
    #[must_use]
    pub fn mqtt_addr(&self) -> SocketAddr {
        self.mqtt
    }

    /// Returns the route `GET /mqtt`: MQTT over WebSocket, subprotocol `mqtt`.
    ///
    /// A browser page may connect only if this machine serves it; clients that send no `Origin` header may always
    /// connect. The broker sees the loopback address as the source of all these clients.
    pub fn web_socket(&self) -> Router {
        web_socket::router(self.mqtt)
    }

    /// Returns the routes of the HTTP data plane: `POST /topics/{topic}`, `POST /connections/{clientId}/messages`,
    /// `GET` and `DELETE` `/connections/{clientId}`. Callers are not authenticated.
    pub fn data_plane(&self) -> Router {
        data_plane::router(Arc::clone(&self.state))
    }

    /// Returns `true` if the client is connected now.
    #[expect(clippy::unused_async, reason = "all queries of the broker are asynchronous")]
    pub async fn connected(&self, client_id: &str) -> bool {
        matches!(self.state.registry.status(client_id, self.state.now_ms()), ClientStatus::Connected(_))
    }

    /// Closes all connections, as a restart of the broker does, and returns their number. Clients may connect again at once.
    /// Without `keeps_sessions`, the sessions with their queued messages are lost.
    pub async fn restart(&self, keeps_sessions: bool) -> usize {
        let connections = self.state.registry.live_connections();
        let cause = DisconnectReason::ServerInitiatedDisconnect;
        join_all(connections.iter().map(|connection| async {
            self.state.disconnect(connection, cause, true).await;
            self.state.registry.wait_until_ended(connection).await;
        }))
        .await;
        if !keeps_sessions {
            for client_id in self.sessions().await {
                // A client that has reconnected meanwhile has a present session.
                if !self.connected(&client_id).await {
                    self.state.delete_session(&client_id).await;
                }
            }
        }
        connections.len()
    }

    /// Returns the client IDs of all sessions.
    async fn sessions(&self) -> Vec<rmqtt::types::ClientId> {
        let shared = self.state.engine.extends.shared().await;
        shared.iter().map(|entry| entry.id().client_id.clone()).collect()
    }

    /// Counts what the broker keeps, so that a test can see what grows.
    pub async fn counts(&self) -> Counts {
        let (connections, clients) = self.state.registry.counts();
        let shared = self.state.engine.extends.shared().await;
        Counts {
            connections,
            clients,
            sessions: shared.sessions_count(),
            subscriptions: shared.subscriptions_count().await,
            direct_messages: self.state.direct_messages.count(),
        }
    }

    /// Disconnects all clients, deletes all sessions and frees the port. Messages that were accepted before are still
    /// passed to the topic rules, for at most five seconds.
    pub async fn shutdown(&self) {
        let mut tasks = self.tasks.lock().await;
        tasks.service.shutdown().await;
        for connection in self.state.registry.live_connections() {
            // Fails if an earlier cause is recorded; the first cause counts.
            let _ = connection.cause.set(DisconnectReason::ServerInitiatedDisconnect);
        }
        let clients = self.sessions().await;
        join_all(clients.iter().map(|client_id| self.state.delete_session(client_id))).await;
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, self.state.registry.wait_until_empty()).await.is_err() {
            tracing::warn!("some connections did not end during the shutdown; they are abandoned");
        }
        self.state.rule_queue.close();
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, tasks.rules.join_next()).await.is_err() {
            tracing::warn!("some messages did not reach the topic rules before the shutdown; they are lost");
        }
        tasks.rules.shutdown().await;
    }
}
