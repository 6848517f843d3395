//! The MQTT listener, with `rmqtt` configured to the limits of AWS IoT Core.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use rmqtt::net::{Builder, Listener};
use rmqtt::types::QoS;

use crate::config::{BrokerConfig, Limits};
use crate::name::TOPIC_LEVELS;

/// Maximum number of unacknowledged messages per client and direction.
const IN_FLIGHT: NonZeroU16 = NonZeroU16::new(100).expect("100 is not 0");
const SUBSCRIPTIONS: usize = 50;
const TOPIC_ALIASES: u16 = 8;
/// Bytes allowed for the fixed header, the topic and the MQTT 5 properties besides the largest payload.
const PACKET_OVERHEAD: usize = 8 * 1024;

/// Binds the listener. Returns it with its address, which has the actual port.
pub(crate) fn bind(config: &BrokerConfig) -> rmqtt::Result<(Listener, SocketAddr)> {
    let listener = settings(config.mqtt, &config.limits).bind()?.tcp()?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn settings(address: SocketAddr, limits: &Limits) -> Builder {
    Builder::new()
        .name("mqtt")
        .laddr(address)
        // Allow a restart on the same port while old connections are in TIME_WAIT.
        .reuseaddr(Some(true))
        .nodelay(true)
        // Anonymous clients would bypass the authorizer.
        .allow_anonymous(false)
        .max_packet_size(u32::try_from(limits.payload_bytes + PACKET_OVERHEAD).unwrap_or(u32::MAX))
        .max_clientid_len(limits.client_id_bytes)
        .max_topic_levels(TOPIC_LEVELS)
        .max_subscriptions(SUBSCRIPTIONS)
        .max_topic_aliases(TOPIC_ALIASES)
        .max_qos_allowed(QoS::AtLeastOnce)
        .max_inflight(IN_FLIGHT)
        .max_mqueue_len(limits.queued_messages)
        .session_expiry_interval(limits.session_expiry)
        .max_session_expiry_interval(limits.session_expiry)
        // Messages without an expiry interval must not expire; rmqtt's default would drop them after five minutes.
        .message_expiry_interval(Duration::ZERO)
}
