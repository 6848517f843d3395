//! Requests of `answer`.

use super::super::envelope::Invalid;
use super::super::object::Media;
use super::{Fields, check_text, of_a_meeting, requests};
use crate::id::{InviteId, MeetingId};
use serde::{Deserialize, Serialize};

/// A device rings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ringing {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
}

/// The user takes the call on this device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Accept {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
    /// Audio or video.
    pub media: Media,
}

/// Why an invitation was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The user said no.
    Declined,
    /// The user is busy.
    Busy,
    /// The device is silent by rule.
    DoNotDisturb,
    /// Anything else.
    Other,
}

/// The user does not take the call, on any device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reject {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
    /// Why.
    pub reason: RejectReason,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub text: Option<String>,
}

/// Stops the ringing of this device alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Silence {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
}

of_a_meeting!(Ringing, Accept, Silence);

impl Fields for Reject {
    fn check(&self) -> Result<(), Invalid> {
        check_text("text", self.text.as_deref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

requests! {
    /// Requests of `answer`.
    AnswerRequest on "answer" {
        /// A device rings.
        Ringing = "ringing",
        /// The user takes the call.
        Accept = "accept",
        /// The user does not take the call.
        Reject = "reject",
        /// Stops the ringing of this device alone.
        Silence = "silence",
    }
}
