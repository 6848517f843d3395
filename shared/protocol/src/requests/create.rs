//! Requests of `create-meeting`.

use super::super::envelope::Invalid;
use super::super::object::{Media, Mode, Policy};
use super::{Fields, check_ext, check_invitees, check_range, check_text, requests};
use crate::address::UserId;
use crate::id::MeetingId;
use crate::limits::{MAX_MINUTES, MAX_SEATS, RING_SECONDS};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Opens a meeting and rings its invitees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateMeeting {
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// Accounts, without duplicates and oneself; exactly one in a direct call.
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_INVITEES), extend("uniqueItems" = true)))]
    pub invitees: Vec<UserId>,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub title: Option<String>,
    /// The rules of the meeting; what is left out has its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// 10–180; 45 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = *RING_SECONDS.start(), max = *RING_SECONDS.end())))]
    pub ring_seconds: Option<u32>,
    /// 2–100; 50 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = MAX_SEATS)))]
    pub max_participants: Option<u32>,
    /// 1–1440; 240 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_MINUTES)))]
    pub max_minutes: Option<u32>,
    /// Anything the app wants to pass on, at most 2 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

impl CreateMeeting {
    /// A meeting with everything else as it is by default.
    #[must_use]
    pub fn new(mode: Mode, media: Media, invitees: Vec<UserId>) -> Self {
        Self {
            mode,
            media,
            invitees,
            title: None,
            policy: None,
            ring_seconds: None,
            max_participants: None,
            max_minutes: None,
            ext: None,
        }
    }
}

impl Fields for CreateMeeting {
    fn check(&self) -> Result<(), Invalid> {
        check_invitees(&self.invitees)?;
        if self.mode == Mode::Direct && self.invitees.len() != 1 {
            return Err(Invalid::new("invitees", "a direct meeting has exactly one invitee"));
        }
        check_text("title", self.title.as_deref())?;
        check_range("ring_seconds", self.ring_seconds, &RING_SECONDS)?;
        check_range("max_participants", self.max_participants, &(2..=MAX_SEATS))?;
        check_range("max_minutes", self.max_minutes, &(1..=MAX_MINUTES))?;
        check_ext(self.ext.as_ref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}

requests! {
    /// Requests of `create-meeting`.
    CreateRequest on "create-meeting" {
        /// Opens a meeting and rings its invitees.
        CreateMeeting = "create_meeting",
    }
}
