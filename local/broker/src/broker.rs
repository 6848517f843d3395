//! The running broker: starts and stops the MQTT listener and hands out the HTTP routers in front of it.

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
use crate::core::Core;
use crate::direct::Directs;
use crate::expiry::Expiry;
use crate::outbox::{self, Outbox};
use crate::policy::Arns;
use crate::registry::{Registry, Status};
use crate::sessions::Sessions;
use crate::{clockwork, data_plane, hooks, listener, web_socket};

/// rmqtt's number for the one listener.
const LISTENER: u16 = 1;
/// How long a shutdown waits for connections to end and for the topic rules to take what is left.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(5);

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The MQTT port cannot be had.
    #[error("MQTT cannot listen on {address}: {reason}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
}

/// A running broker. [`Broker::shutdown`] stops it; when it is dropped instead, it accepts nobody any more, but
/// connections are left to themselves.
pub struct Broker {
    core: Arc<Core>,
    mqtt: SocketAddr,
    tasks: Mutex<Tasks>,
}

/// What runs in the background; ends when dropped.
struct Tasks {
    /// Accepts connections and looks at the clock.
    service: JoinSet<()>,
    /// Hands messages to the topic rules.
    rules: JoinSet<()>,
}

impl Broker {
    /// Starts listening for MQTT.
    ///
    /// # Errors
    /// [`StartError::Listen`] if the port is taken.
    pub async fn start(config: BrokerConfig, cloud: Arc<dyn Cloud>) -> Result<Self, StartError> {
        let (listener, mqtt) = listener::bind(&config)
            .map_err(|error| StartError::Listen { address: config.mqtt, reason: error.to_string() })?;
        let engine = ServerContext::new().busy_check_enable(false).build().await;
        let expiry = Expiry::new((config.clock)());
        Sessions::install(&engine, expiry, Arc::clone(&config.clock)).await;
        let (outbox, messages) = Outbox::new();
        let core = Arc::new(Core {
            arns: Arns::new(&config.region, &config.account_id),
            registry: Registry::new(),
            directs: Directs::default(),
            engine: engine.clone(),
            config,
            cloud: Arc::clone(&cloud),
            outbox,
            expiry,
        });
        hooks::install(&core).await;

        let mut rules = JoinSet::new();
        rules.spawn(outbox::deliver(cloud, messages));
        let mut service = JoinSet::new();
        let server = MqttServer::new(engine).listener_by_id(listener, LISTENER).build();
        service.spawn(async move {
            if let Err(error) = server.run().await {
                tracing::error!(%error, "MQTT has stopped");
            }
        });
        service.spawn(clockwork::run(Arc::clone(&core)));
        Ok(Self { core, mqtt, tasks: Mutex::new(Tasks { service, rules }) })
    }

    /// Where MQTT over TCP listens, with the port that was taken.
    #[must_use]
    pub fn mqtt_addr(&self) -> SocketAddr {
        self.mqtt
    }

    /// `GET /mqtt`: MQTT over WebSocket, subprotocol `mqtt`. Only pages of this machine may connect, and clients
    /// that are no pages. To the broker these clients come from loopback.
    pub fn web_socket(&self) -> Router {
        web_socket::router(self.mqtt)
    }

    /// The HTTP data plane: `POST /topics/{topic}`, `POST /connections/{clientId}/messages`, `GET` and `DELETE`
    /// `/connections/{clientId}`. Callers are not authenticated.
    pub fn data_plane(&self) -> Router {
        data_plane::router(Arc::clone(&self.core))
    }

    /// Whether a client is connected now.
    #[expect(clippy::unused_async, reason = "asynchronous by agreement, as all questions to the broker")]
    pub async fn connected(&self, client_id: &str) -> bool {
        matches!(self.core.registry.status(client_id, self.core.now_ms()), Status::Connected(_))
    }

    /// Disconnects everybody, forgets all sessions and frees the port. Messages that were accepted before are still
    /// handed to the topic rules, within five seconds.
    pub async fn shutdown(&self) {
        let mut tasks = self.tasks.lock().await;
        tasks.service.shutdown().await;
        for connection in self.core.registry.live() {
            // A cause that is there already was the first one.
            let _ = connection.cause.set(DisconnectReason::ServerInitiatedDisconnect);
        }
        let clients: Vec<_> = {
            let shared = self.core.engine.extends.shared().await;
            shared.iter().map(|entry| entry.id().client_id.clone()).collect()
        };
        join_all(clients.iter().map(|client_id| self.core.delete_session(client_id))).await;
        if tokio::time::timeout(SHUTDOWN_PATIENCE, self.core.registry.empty()).await.is_err() {
            tracing::warn!("some connections have not ended");
        }
        self.core.outbox.close();
        if tokio::time::timeout(SHUTDOWN_PATIENCE, tasks.rules.join_next()).await.is_err() {
            tracing::warn!("some messages were not handed to the topic rules");
        }
        tasks.rules.shutdown().await;
    }
}
