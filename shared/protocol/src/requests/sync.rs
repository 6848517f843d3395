//! Requests of `sync`.

use super::super::envelope::Invalid;
use super::{Fields, check_range, requests};
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Asks for the present state of one meeting, or of all live ones that the user is in or invited to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// Asks for past calls, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// Where the page begins, as the page before said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// 1–50; 20 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 50)))]
    pub limit: Option<u32>,
}

impl Fields for History {
    fn check(&self) -> Result<(), Invalid> {
        check_range("limit", self.limit, &(1..=50))
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}

requests! {
    /// Requests of `sync`.
    SyncRequest on "sync", bulk: true {
        /// Asks for the present state.
        SyncState = "sync",
        /// Asks for past calls.
        History = "history",
    }
}
