//! The running SFU: starts and stops the packet task and returns the HTTP routes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use str0m::{RtcConfig, crypto};
use switchboard_rtc::livekit::ApiKey;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::channels::{ChannelsConfig, SfuChannels};
use crate::clock::Clock;
use crate::service::{Service, Shared};
use crate::token::TokenVerifier;
use crate::webhook::WebhookSender;
use crate::{network, twirp, whip};

/// Longest wait of a stop for the connections to close; longer than the timeout of one closing connection.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// Configuration of an SFU.
#[derive(Clone)]
pub struct SfuOptions {
    /// UDP address for media; port 0 selects a free port. Clients receive this address as an ICE candidate, so they
    /// must be able to reach it.
    pub udp: SocketAddr,
    /// API key that verifies join tokens and management tokens and signs webhooks.
    pub key: ApiKey,
    /// URL of the webhooks; `None` disables them.
    pub webhook: Option<String>,
    /// Maximum number of participants of a channel.
    pub limit: usize,
    /// Time without packets after which a participant is removed. Browsers send at least every few seconds.
    pub silence: Duration,
    /// Clock of tokens and channels.
    pub clock: Clock,
}

impl SfuOptions {
    /// Returns the configuration for one machine: a free port on loopback, at most eight participants a channel,
    /// removal after 12 s of silence, no webhooks.
    #[must_use]
    pub fn on_loopback(key: ApiKey, clock: Clock) -> Self {
        Self {
            udp: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            key,
            webhook: None,
            limit: 8,
            silence: Duration::from_secs(12),
            clock,
        }
    }
}

/// Error of [`Sfu::start`].
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The UDP port cannot be bound.
    #[error("the SFU cannot receive media on UDP {address}: {source}")]
    Bind {
        /// Configured address.
        address: SocketAddr,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The DTLS certificate could not be generated.
    #[error("the SFU has no DTLS certificate: {0}")]
    Certificate(String),
}

/// A running SFU. [`Sfu::stop`] stops it and notifies all participants. A dropped SFU stops without a notification.
pub struct Sfu {
    service: Service,
    udp: SocketAddr,
    task: JoinSet<()>,
}

impl Sfu {
    /// Binds the UDP port and starts the packet task.
    ///
    /// # Errors
    /// The port cannot be bound, or no DTLS certificate can be generated.
    pub async fn start(options: SfuOptions) -> Result<Self, StartError> {
        let taken = |source| StartError::Bind { address: options.udp, source };
        let socket = UdpSocket::bind(options.udp).await.map_err(taken)?;
        let udp = socket.local_addr().map_err(taken)?;
        let config = ChannelsConfig {
            rtc: connections()?,
            address: udp,
            limit: options.limit,
            silence: options.silence,
            clock: Arc::clone(&options.clock),
        };
        let webhooks = WebhookSender::new(options.webhook, options.key.clone(), Arc::clone(&options.clock));
        let shared = Arc::new(Shared::new(SfuChannels::new(config, webhooks)));
        let mut task = JoinSet::new();
        task.spawn(network::run(Arc::clone(&shared), socket));
        let verifier = Arc::new(TokenVerifier { key: options.key, clock: options.clock });
        Ok(Self { service: Service { verifier, shared }, udp, task })
    }

    /// UDP address for media, with the actual port.
    #[must_use]
    pub fn udp_addr(&self) -> SocketAddr {
        self.udp
    }

    /// Returns the routes `POST /whip`, `DELETE /whip/{session}` and `POST /twirp/livekit.RoomService/{method}`.
    pub fn router(&self) -> Router {
        whip::router(self.service.clone()).merge(twirp::router(self.service.clone()))
    }

    /// Notifies and removes all participants, and frees the port. No webhooks are sent for these removals.
    pub async fn stop(mut self) {
        self.service.shared.stop();
        // The task ends when all connections are closed. Clients that do not acknowledge in time are disconnected.
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, self.task.join_next()).await;
        self.task.shutdown().await;
    }
}

/// Returns the configuration of all connections: one certificate, and the codecs that every browser supports.
fn connections() -> Result<RtcConfig, StartError> {
    let provider = Arc::new(crypto::from_feature_flags());
    let certificate = provider
        .dtls_provider
        .generate_certificate()
        .ok_or_else(|| StartError::Certificate("the crypto provider could not generate it".to_owned()))?;
    Ok(RtcConfig::new()
        .set_crypto_provider(provider)
        .set_dtls_cert(certificate)
        .set_ice_lite(true)
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .enable_h264(true))
}
