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
}

/// A message on the delay queue that makes `wake` continue a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRest {
    /// The entries of the index that are left.
    pub sweep_rest: DueRange,
}
