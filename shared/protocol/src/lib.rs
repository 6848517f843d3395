//! The messages between terminals and the service: JSON in UTF-8 over MQTT, as `docs/protocol.md` describes
//! them.
//!
//! [`requests`] has one file for each request and the table of all requests, [`downlink`] the messages to
//! devices and their table, [`object`] the objects in both, [`limits`] the limits that several messages
//! share, [`code`] the stable codes, [`shown`] the cleaning of texts that other people see, [`address`]
//! users, devices and topics, and [`id`] the ids. [`envelope`] reads uplinks; it uses [`json`], which reads
//! JSON of other programs. The crate has no async runtime, SDK, clock or randomness.

#![warn(missing_docs)]

pub mod address;
pub mod code;
pub mod downlink;
pub mod envelope;
pub mod id;
mod invalid;
pub mod join;
pub mod json;
pub mod limits;
pub mod media_event;
mod newtype;
pub mod object;
pub mod provider;
pub mod requests;
pub mod shown;
pub mod storable;

/// Version of the protocol, `v` in every message.
pub const VERSION: u64 = 1;
/// Largest size of an uplink, in bytes.
pub const MAX_UPLINK_BYTES: usize = 16 * 1024;
/// Largest size of a downlink, in bytes.
pub const MAX_DOWNLINK_BYTES: usize = 32 * 1024;
