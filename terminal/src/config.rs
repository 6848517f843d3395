//! The configuration of a terminal: identity, broker, topics and retries.

use secrecy::SecretString;
use std::time::Duration;
use switchboard_protocol::address::{ClientId, DownlinkParents};
use tokio::sync::mpsc::UnboundedSender;

use crate::received::RawMessage;
use crate::tls::Tls;

/// The transport that carries MQTT.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Transport {
    /// Plain TCP, for a broker on the same machine.
    #[default]
    Tcp,
    /// TLS, for any other broker.
    Tls(Tls),
}

/// The parents of the uplink topics of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkParents {
    /// Parent of the topics of requests (`call-up`).
    pub control: String,
    /// Parent of the topics of low-priority requests (`bulk-up`).
    pub bulk: String,
}

impl Default for UplinkParents {
    fn default() -> Self {
        Self { control: "call-up".to_owned(), bulk: "bulk-up".to_owned() }
    }
}

/// Times of repeats and reconnects. The defaults are those of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Time to wait for an answer before the terminal sends the request again (3 s by default).
    pub answer_within: Duration,
    /// Number of times that the terminal sends a request again (2 by default).
    pub resends: u32,
    /// Time before the first attempt to reconnect (200 ms by default). It doubles with each further attempt,
    /// until a connection lasts for at least 5 s and for twice the last wait.
    pub reconnect_after: Duration,
    /// Longest time between two attempts to reconnect (30 s by default).
    pub reconnect_at_most: Duration,
}

impl Retry {
    /// Returns the time from the first copy of a request until its time-out: `answer_within` for each copy.
    #[must_use]
    pub fn request_life(&self) -> Duration {
        self.answer_within * (self.resends + 1)
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(3),
            resends: 2,
            reconnect_after: Duration::from_millis(200),
            reconnect_at_most: Duration::from_secs(30),
        }
    }
}

/// The configuration with which a terminal connects.
#[derive(Debug, Clone)]
pub struct Config {
    /// Client ID of the device; its account is the user.
    pub client_id: ClientId,
    /// Host name or address of the broker.
    pub host: String,
    /// Port of the broker.
    pub port: u16,
    /// The transport that carries MQTT.
    pub transport: Transport,
    /// MQTT user name. The laptop stack accepts any text; on AWS IoT, the user name selects the custom
    /// authorizer.
    pub user_name: String,
    /// The app's JWT, which is sent as the MQTT password.
    pub token: SecretString,
    /// Parents of the topics to which requests are published.
    pub uplinks: UplinkParents,
    /// Parents of the topics on which downlinks arrive.
    pub downlinks: DownlinkParents,
    /// MQTT keep-alive: longest time without a packet (30 s by default).
    pub keep_alive: Duration,
    /// Times of repeats and reconnects.
    pub retry: Retry,
    /// Channel that gets every message exactly as it arrived, before duplicates and expired downlinks are
    /// dropped.
    pub tap: Option<UnboundedSender<RawMessage>>,
}

impl Config {
    /// Returns the configuration with the defaults of the protocol, over plain TCP.
    #[must_use]
    pub fn new(client_id: ClientId, host: &str, port: u16, token: SecretString) -> Self {
        Self {
            client_id,
            host: host.to_owned(),
            port,
            transport: Transport::Tcp,
            user_name: "switchboard".to_owned(),
            token,
            uplinks: UplinkParents::default(),
            downlinks: DownlinkParents::default(),
            keep_alive: Duration::from_secs(30),
            retry: Retry::default(),
            tap: None,
        }
    }
}
