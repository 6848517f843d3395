//! Requests of `attend`.

use super::super::object::Media;
use super::{Fields, of_a_meeting, requests};
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// A terminal's own report about its media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MediaReport {
    /// It is in the media.
    Joined,
    /// It has left the media.
    Left,
}

/// Says that this terminal is in the media, or not any more; sent once, never answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportMedia {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// In or out.
    pub state: MediaReport,
    /// Microphone on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
    /// Camera on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// Screen shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<bool>,
}

/// Asks for a fresh join token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshToken {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// Comes back to a seat after the media or the connection dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rejoin {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// Speaks again after a soft mute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnmuteSelf {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// Comes in without an invitation, or moves the call to this device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Join {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Audio or video.
    pub media: Media,
    /// Whether a seat on another device of the same user moves here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover: Option<bool>,
}

/// Raises a hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RaiseHand {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// Lowers the hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LowerHand {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// Hangs up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Leave {
    /// The meeting.
    pub meeting_id: MeetingId,
}

of_a_meeting!(Join, ReportMedia, Rejoin, RefreshToken, RaiseHand, LowerHand, UnmuteSelf, Leave);

requests! {
    /// Requests of `attend`.
    AttendRequest on "attend" {
        /// Comes in without an invitation, or moves the call to this device.
        Join = "join",
        /// Reports about the media.
        ReportMedia = "report_media",
        /// Comes back to a seat.
        Rejoin = "rejoin",
        /// Asks for a fresh join token.
        RefreshToken = "refresh_token",
        /// Raises a hand.
        RaiseHand = "raise_hand",
        /// Lowers the hand.
        LowerHand = "lower_hand",
        /// Speaks again after a soft mute.
        UnmuteSelf = "unmute_self",
        /// Hangs up.
        Leave = "leave",
    }
}
