//! How a terminal is set up: who it is, where its broker is, and how patient it is.

use secrecy::SecretString;
use std::time::Duration;
use switchboard_protocol::address::{ClientId, DownlinkParents};
use tokio::sync::mpsc::UnboundedSender;

use crate::received::RawMessage;
use crate::tls::Tls;

/// What carries MQTT.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Transport {
    /// Plain TCP, for a broker on the same machine.
    #[default]
    Tcp,
    /// TLS, for every other.
    Tls(Tls),
}

/// The two uplink parents of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkParents {
    /// Parent of requests (`call-up`).
    pub control: String,
    /// Parent of requests of low priority (`bulk-up`).
    pub bulk: String,
}

impl Default for UplinkParents {
    fn default() -> Self {
        Self { control: "call-up".to_owned(), bulk: "bulk-up".to_owned() }
    }
}

/// How patient a terminal is. The defaults are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How long an answer may take before the request is sent again.
    pub answer_within: Duration,
    /// How often a request is sent again.
    pub resends: u32,
    /// How long to wait before the first attempt to connect again; doubled each time.
    pub reconnect_after: Duration,
    /// The longest wait between two attempts to connect.
    pub reconnect_at_most: Duration,
}

impl Retry {
    /// How long a request lives in all, from its first copy to the time-out.
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

/// Everything that a terminal needs to connect.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who this device is; the account in it is the user that it speaks for.
    pub client_id: ClientId,
    /// Host name or address of the broker.
    pub host: String,
    /// Port of the broker.
    pub port: u16,
    /// What carries MQTT.
    pub transport: Transport,
    /// MQTT user name. Free on the laptop; in AWS it names the authorizer.
    pub user_name: String,
    /// The app's own JWT, which is the MQTT password.
    pub token: SecretString,
    /// Where requests are published.
    pub uplinks: UplinkParents,
    /// Where answers and news come.
    pub downlinks: DownlinkParents,
    /// Time between two signs of life.
    pub keep_alive: Duration,
    /// Re-sending and reconnecting.
    pub retry: Retry,
    /// Gets every message exactly as it came, duplicates included, before anything is dropped.
    pub tap: Option<UnboundedSender<RawMessage>>,
}

impl Config {
    /// A terminal with the protocol's defaults.
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
