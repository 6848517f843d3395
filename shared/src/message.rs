//! The wire between terminals and the service: JSON in UTF-8, exactly as the protocol page has it.
//!
//! [`uplink`] is what terminals send, [`downlink`] what they receive, [`object`] what both carry, [`code`]
//! the stable codes, and [`envelope`] reads an uplink so that every mistake is named with its path.

pub mod code;
pub mod downlink;
pub mod envelope;
pub mod object;
pub mod uplink;

/// The protocol's version, `v` in every message.
pub const VERSION: u64 = 1;
/// Bytes that an uplink may have.
pub const UPLINK_MAX_BYTES: usize = 16 * 1024;
/// Bytes that a downlink may have.
pub const DOWNLINK_MAX_BYTES: usize = 32 * 1024;
