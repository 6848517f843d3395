//! Requests of `sync`.

use super::{Fields, requests};
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Asks for the present state of one meeting, or of all live ones that the user is in or invited to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncState {
    /// Only this meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
}

impl Fields for SyncState {
    fn meeting_id(&self) -> Option<&MeetingId> {
        self.meeting_id.as_ref()
    }
}

requests! {
    /// Requests of `sync`.
    Sync on "sync", bulk: true {
        /// Asks for the present state.
        SyncState = "sync",
    }
}
