//! Configuration of a broker: addresses, account, clock and the limits of AWS IoT Core.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Function that returns the current time in milliseconds since the Unix epoch. Messages, sessions and
/// authorizations expire by this clock.
///
/// Three timeouts run in real time: keep-alive, the confirmation timeout of a direct message, and `rmqtt`'s own
/// session expiry (it removes a session even if this clock stands still).
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Returns the clock of the operating system.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Configuration of a broker.
#[derive(Clone)]
pub struct BrokerConfig {
    /// Listen address of MQTT over TCP; port 0 selects a free port.
    pub mqtt: SocketAddr,
    /// Region in the ARNs of policies, for example `us-east-1`.
    pub region: String,
    /// Account in the ARNs of policies, twelve digits.
    pub account_id: String,
    /// Clock of messages, sessions and authorizations.
    pub clock: Clock,
    /// Limits of the broker.
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

/// Limits of the broker. The defaults are the documented limits of AWS IoT Core where there is one.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest payload in bytes.
    pub payload_bytes: usize,
    /// Longest topic in bytes of UTF-8.
    pub topic_bytes: usize,
    /// Longest client ID in bytes of UTF-8.
    pub client_id_bytes: usize,
    /// Time for which a persistent session outlives its connection. An MQTT 5 client may request less.
    pub session_expiry: Duration,
    /// Maximum number of messages queued for one client; further messages are dropped.
    pub queued_messages: usize,
    /// Timeout of one call of the authorizer.
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
