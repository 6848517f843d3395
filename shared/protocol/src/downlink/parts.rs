//! What the bodies of downlinks are made of.

use crate::address::UserId;
use crate::id::{InviteId, MeetingId};
use crate::object::{Caller, Delivery, Media, Mode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An offer to join, as it rings on a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// Which invitation.
    pub invite_id: InviteId,
    /// Who calls.
    pub from: Caller,
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// The meeting's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The others that are invited or present.
    pub group: Vec<UserId>,
    /// Milliseconds until it may not ring any more.
    pub deadline_in_ms: i64,
    /// Whether it may ring at once.
    pub delivery: Delivery,
    /// What the app passed along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

/// An open offer in a `state`, where it also names its meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeetingOffer {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The offer.
    #[serde(flatten)]
    pub offer: Offer,
}

/// Why a user is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RemovedReason {
    /// By a host; may ask to come in again.
    Removed,
    /// By a host; may not come back.
    Banned,
    /// The user came in on another device.
    Moved,
}

/// Why ringing stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClosedReason {
    /// Taken back.
    Cancelled,
    /// Another device of the user took it.
    AnsweredElsewhere,
    /// Another device of the user declined it.
    DeclinedElsewhere,
    /// Its time is over.
    Expired,
    /// The meeting is over.
    MeetingEnded,
}
