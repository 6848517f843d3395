//! Objects in the bodies of downlinks.

use crate::address::UserId;
use crate::id::{InviteId, MeetingId};
use crate::object::{Caller, Delivery, Media, Mode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An offer of a call to one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// Id of the invitation.
    pub invite_id: InviteId,
    /// User who calls.
    pub from: Caller,
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// Title of the meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Other users who are invited or in the meeting.
    pub group: Vec<UserId>,
    /// Milliseconds until the device must stop ringing.
    pub deadline_in_ms: i64,
    /// Way in which the offer reached the device; a `live` offer may ring at once.
    pub delivery: Delivery,
    /// Object of the app, from the create or invite request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

/// An open offer in a `state`, with its meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeetingOffer {
    /// Id of the meeting.
    pub meeting_id: MeetingId,
    /// Offer.
    #[serde(flatten)]
    pub offer: Offer,
}

/// Reason of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RemovedReason {
    /// A host removed the user, who may send `join` again.
    Removed,
    /// A host removed the user, who may not come back.
    Banned,
    /// The user moved to another device.
    Moved,
}

/// Reason of the end of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClosedReason {
    /// The invitation was cancelled.
    Cancelled,
    /// Another device of the user accepted.
    AnsweredElsewhere,
    /// Another device of the user declined.
    DeclinedElsewhere,
    /// The invitation expired.
    Expired,
    /// The meeting ended.
    MeetingEnded,
}
