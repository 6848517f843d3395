//! Requests of `invite`.

use super::super::envelope::Invalid;
use super::{Fields, check_ext, check_invitees, check_range, requests};
use crate::address::UserId;
use crate::id::MeetingId;
use crate::limits::RING_SECONDS;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Invites more people during a call; a direct one becomes a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invite {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Accounts, without duplicates and oneself.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = crate::limits::MAX_INVITEES), extend("uniqueItems" = true)))]
    pub invitees: Vec<UserId>,
    /// 10–180; the meeting's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = *RING_SECONDS.start(), max = *RING_SECONDS.end())))]
    pub ring_seconds: Option<u32>,
    /// Anything the app wants to pass on, at most 2 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

impl Fields for Invite {
    fn check(&self) -> Result<(), Invalid> {
        if self.invitees.is_empty() {
            return Err(Invalid::new("invitees", "name at least one"));
        }
        check_invitees(&self.invitees)?;
        check_range("ring_seconds", self.ring_seconds, &RING_SECONDS)?;
        check_ext(self.ext.as_ref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

/// Takes invitations back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CancelInvite {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whose; all that are pending if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_INVITEES), extend("uniqueItems" = true)))]
    pub invitees: Option<Vec<UserId>>,
}

impl Fields for CancelInvite {
    fn check(&self) -> Result<(), Invalid> {
        self.invitees.as_deref().map_or(Ok(()), check_invitees)
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

requests! {
    /// Requests of `invite`.
    InviteRequest on "invite" {
        /// Invites more people.
        Invite = "invite",
        /// Takes invitations back.
        CancelInvite = "cancel_invite",
    }
}
