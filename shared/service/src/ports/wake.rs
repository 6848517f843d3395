//! The messages of the delay queue.

use super::meeting::DueRange;
use serde::{Deserialize, Serialize};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::MeetingId;

/// A message on the delay queue that makes `wake` check a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nudge {
    /// The meeting to check.
    pub meeting_id: MeetingId,
    /// Device that lost its connection, which the meeting may not know yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_device: Option<ClientId>,
    /// Connection over which the device of a seat has sent only `sync`. The broker's event of the connection
    /// may be lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_connection: Option<NewConnection>,
}

/// A connection of a device to the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewConnection {
    /// The device.
    pub device: ClientId,
    /// Time of the connection, in milliseconds since the epoch.
    pub since_ms: i64,
}

/// A message on the delay queue that makes `wake` continue a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRest {
    /// The entries of the index that are left.
    pub sweep_rest: DueRange,
}
