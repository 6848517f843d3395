//! The running broker: starts and stops the MQTT listener and hands out the HTTP routers in front of it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;

use crate::cloud::Cloud;
use crate::config::BrokerConfig;

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

/// A running broker. [`Broker::shutdown`] stops it.
pub struct Broker {
    mqtt: SocketAddr,
}

impl Broker {
    /// Starts listening for MQTT.
    ///
    /// # Errors
    /// [`StartError::Listen`] if the port is taken.
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn start(config: BrokerConfig, cloud: Arc<dyn Cloud>) -> Result<Self, StartError> {
        drop(cloud);
        Ok(Self { mqtt: config.mqtt })
    }

    /// Where MQTT over TCP listens, with the port that was taken.
    #[must_use]
    pub fn mqtt_addr(&self) -> SocketAddr {
        self.mqtt
    }

    /// `GET /mqtt`: MQTT over WebSocket, subprotocol `mqtt`.
    pub fn web_socket(&self) -> Router {
        Router::new()
    }

    /// The HTTP data plane: `POST /topics/{topic}`, `POST /connections/{clientId}/messages`, `GET` and `DELETE`
    /// `/connections/{clientId}`.
    pub fn data_plane(&self) -> Router {
        Router::new()
    }

    /// Whether a client is connected now.
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn connected(&self, _client_id: &str) -> bool {
        false
    }

    /// Disconnects everybody and frees the port.
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn shutdown(&self) {}
}
