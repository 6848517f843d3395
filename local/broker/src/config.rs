//! How a broker is set up: addresses, identity, clock and the limits of AWS IoT Core.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch. Messages, sessions and authorizations expire by this clock. (A session also ends
/// after its expiry in real time, should this clock stand still for so long. Keep-alive and the time that a direct
/// message waits for its confirmation are real time.)
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The system's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    })
}

/// How a broker is set up.
#[derive(Clone)]
pub struct BrokerConfig {
    /// Where MQTT over TCP listens; port 0 takes a free one.
    pub mqtt: SocketAddr,
    /// Region in the ARNs of policies, as `us-east-1`.
    pub region: String,
    /// Account in the ARNs of policies, twelve digits.
    pub account_id: String,
    /// The clock by which messages, sessions and authorizations expire.
    pub clock: Clock,
    /// Limits of the service.
    pub limits: Limits,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            mqtt: SocketAddr::from((Ipv4Addr::LOCALHOST, 1883)),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            clock: system_clock(),
            limits: Limits::default(),
        }
    }
}

/// Limits of the service; the defaults are those of AWS IoT Core where it documents one.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest payload in bytes.
    pub payload_bytes: usize,
    /// Longest topic in bytes of UTF-8.
    pub topic_bytes: usize,
    /// Longest client id in bytes of UTF-8.
    pub client_id_bytes: usize,
    /// How long a persistent session outlives its connection; MQTT 5 clients may ask for less.
    pub session_expiry: Duration,
    /// Most messages that wait for one client; further ones are dropped.
    pub queued_messages: usize,
    /// How long the authorizer may take.
    pub authorize_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_bytes: 128 * 1024,
            topic_bytes: 256,
            client_id_bytes: 128,
            session_expiry: Duration::from_hours(1),
            queued_messages: 1000,
            authorize_timeout: Duration::from_secs(5),
        }
    }
}
