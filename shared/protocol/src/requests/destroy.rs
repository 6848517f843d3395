//! Requests of `destroy`.

use super::super::envelope::Invalid;
use super::{Fields, check_text, requests};
use crate::id::{MeetingId, RequestId};
use serde::{Deserialize, Serialize};

/// Ends a meeting for all: by its id, or by the id of one's own create request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DestroyMeeting {
    /// The meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// The id of the create request whose answer has not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_id: Option<RequestId>,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub reason: Option<String>,
}

impl Fields for DestroyMeeting {
    fn check(&self) -> Result<(), Invalid> {
        match (&self.meeting_id, &self.create_id) {
            (None, None) => Err(Invalid::new("meeting_id", "give meeting_id or create_id")),
            (Some(_), Some(_)) => Err(Invalid::new("create_id", "give meeting_id or create_id, not both")),
            _ => check_text("reason", self.reason.as_deref()),
        }
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        self.meeting_id.as_ref()
    }
}

requests! {
    /// Requests of `destroy`.
    DestroyRequest on "destroy" {
        /// Ends a meeting for all.
        DestroyMeeting = "destroy_meeting",
    }
}
