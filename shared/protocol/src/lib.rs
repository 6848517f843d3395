//! The wire between terminals and the service: JSON in UTF-8 over MQTT, as `docs/protocol.md` describes it.
//!
//! [`address`] has users, devices and topics, [`id`] the ids, [`requests`] the requests, [`downlink`] the messages to
//! devices, [`object`] the objects that both carry, [`code`] the stable codes. [`envelope`] reads an uplink and names
//! the path of every mistake. No async runtime, SDK, clock or randomness.

pub mod address;
pub mod code;
pub mod downlink;
pub mod envelope;
pub mod id;
pub mod join;
pub mod limits;
pub mod media_event;
mod newtype;
pub mod object;
pub mod provider;
pub mod requests;

/// The protocol's version, `v` in every message.
pub const VERSION: u64 = 1;
/// Bytes that an uplink may have.
pub const MAX_UPLINK_BYTES: usize = 16 * 1024;
/// Bytes that a downlink may have.
pub const MAX_DOWNLINK_BYTES: usize = 32 * 1024;
