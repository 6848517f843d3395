//! The running SFU: starts and stops its task and hands out the HTTP routes in front of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use str0m::{RtcConfig, crypto};
use switchboard_rtc::livekit::ApiKey;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::rooms::{Rooms, Setup};
use crate::service::{Service, Shared};
use crate::token::Access;
use crate::webhook::Webhooks;
use crate::{network, twirp, whip};

/// Longer than everybody needs to hear that it is over.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(3);

/// How an SFU is set up.
#[derive(Clone)]
pub struct Options {
    /// Where media is received; port 0 takes a free one. The address is told to clients, so it must be one that they
    /// reach.
    pub udp: SocketAddr,
    /// Verifies joins and management calls, signs webhooks.
    pub key: ApiKey,
    /// Where webhooks go.
    pub webhook: Option<String>,
    /// Most participants of a room.
    pub limit: usize,
    /// A participant from whom nothing comes for so long is gone. Browsers send every few seconds at the least.
    pub silence: Duration,
    /// The clock of tokens and rooms.
    pub clock: Clock,
}

impl Options {
    /// A free port of this machine, eight participants, no webhooks.
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

/// Why the SFU did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The UDP port cannot be had.
    #[error("media cannot be received on UDP {address}: {source}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// No certificate for DTLS.
    #[error("no certificate for media: {0}")]
    Certificate(String),
}

/// A running SFU. [`Sfu::stop`] ends it and tells everybody; when it is dropped instead, packets just stop.
pub struct Sfu {
    service: Service,
    udp: SocketAddr,
    task: JoinSet<()>,
}

impl Sfu {
    /// Starts to receive.
    ///
    /// # Errors
    /// The port is taken, or no certificate could be made.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let taken = |source| StartError::Bind { address: options.udp, source };
        let socket = UdpSocket::bind(options.udp).await.map_err(taken)?;
        let udp = socket.local_addr().map_err(taken)?;
        let setup = Setup {
            rtc: connections()?,
            address: udp,
            limit: options.limit,
            silence: options.silence,
            clock: Arc::clone(&options.clock),
        };
        let webhooks = Webhooks::new(options.webhook, options.key.clone(), Arc::clone(&options.clock));
        let shared = Arc::new(Shared::new(Rooms::new(setup, webhooks)));
        let mut task = JoinSet::new();
        task.spawn(network::run(Arc::clone(&shared), socket));
        let access = Arc::new(Access { key: options.key, clock: options.clock });
        Ok(Self { service: Service { access, shared }, udp, task })
    }

    /// Where media is received, with the port that was taken.
    #[must_use]
    pub fn udp_addr(&self) -> SocketAddr {
        self.udp
    }

    /// `POST /whip`, `DELETE /whip/{session}` and `POST /twirp/livekit.RoomService/{method}`.
    pub fn router(&self) -> Router {
        whip::router(self.service.clone()).merge(twirp::router(self.service.clone()))
    }

    /// Tells everybody that it is over, sends no more webhooks and frees the port.
    pub async fn stop(mut self) {
        self.service.shared.stop();
        // The task ends when all are gone; those who do not answer are not waited for any longer.
        let _ = tokio::time::timeout(SHUTDOWN_PATIENCE, self.task.join_next()).await;
        self.task.shutdown().await;
    }
}

/// How connections are made: one certificate for all, the codecs that every browser has.
fn connections() -> Result<RtcConfig, StartError> {
    let provider = Arc::new(crypto::from_feature_flags());
    let certificate = provider
        .dtls_provider
        .generate_certificate()
        .ok_or_else(|| StartError::Certificate("it could not be generated".to_owned()))?;
    Ok(RtcConfig::new()
        .set_crypto_provider(provider)
        .set_dtls_cert(certificate)
        .set_ice_lite(true)
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .enable_h264(true))
}
