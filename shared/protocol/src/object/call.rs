//! Records of past calls: the leg of each user, and the entry in a user's history.

use super::{Caller, Media, MediaFlags, Mode, RejectReason};
use crate::address::{ClientId, UserId};
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One user's part in a call. All times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLeg {
    /// Account of the user.
    pub user_id: UserId,
    /// Device that had the user's seat last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<ClientId>,
    /// Time of the invitation; absent for a user who was not invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_ms: Option<i64>,
    /// Time at which the first device rang.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rang_ms: Option<i64>,
    /// Time at which a device accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<i64>,
    /// Time at which the user was in the media for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_ms: Option<i64>,
    /// Time at which the user gave up the seat for the last time. For a lost user: the time at which the
    /// connection broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<i64>,
    /// Reason of the call's end for this user: the code of the invitation's end if the user never had a seat
    /// or did not reach the media; `left`, `removed`, `banned` or `lost` if the user was out before the
    /// meeting ended; otherwise the end of the meeting.
    /// `left`, `removed`, `banned` or `lost` if the user went before the meeting ended; otherwise the end of the meeting.
    pub reason: String,
    /// SIP status of `reason`.
    pub sip: u16,
    /// Milliseconds in the call, without the time between two stays; 0 for a user who never joined.
    pub duration_ms: i64,
    /// Media that the device sent at the end; absent for a user who never joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<MediaFlags>,
    /// True if the user does not take calls of the inviter: no device got the offer, and the user's history
    /// does not have the call. Neither the inviter nor the user may learn of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Reason that the user gave for declining the invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<RejectReason>,
    /// Text of the user who declined, of the host who removed the user, or of the host who ended the meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Object of the app from the user's invitation; absent if the user saw the meeting's own object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

/// The missed call of a user: the inviter, and the end of an invitation that the user did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MissedMark {
    /// Inviter.
    pub from: Caller,
    /// End of the invitation, as in `missed_call`.
    pub reason: String,
    /// Time of that end, in milliseconds since the epoch, as in `missed_call`.
    pub at_ms: i64,
}

/// A call that the user missed, in a `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MissedCallView {
    /// Id of the meeting.
    pub meeting_id: MeetingId,
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// Inviter, reason and time.
    #[serde(flatten)]
    pub mark: MissedMark,
}

/// Direction of a past call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The user was called.
    In,
    /// The user called.
    Out,
}

/// A past call in a user's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CallView {
    /// Id of the meeting.
    pub meeting_id: MeetingId,
    /// Direction.
    pub direction: Direction,
    /// All other users who had a part.
    pub peers: Vec<UserId>,
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// End of the call for this user, as in [`CallLeg::reason`].
    pub reason: String,
    /// SIP status of `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<u16>,
    /// Device that had the user's seat last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<ClientId>,
    /// As in [`CallLeg::invited_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_ms: Option<i64>,
    /// As in [`CallLeg::rang_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rang_ms: Option<i64>,
    /// As in [`CallLeg::answered_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<i64>,
    /// Time at which this user came into the media for the first time, in milliseconds since the epoch;
    /// absent if the user never came. The same as `joined_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// As in [`CallLeg::joined_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_ms: Option<i64>,
    /// As in [`CallLeg::left_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<i64>,
    /// Time of the meeting's end, in milliseconds since the epoch.
    pub ended_ms: i64,
    /// As in [`CallLeg::duration_ms`].
    pub duration_ms: i64,
    /// As in [`CallLeg::sent`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<MediaFlags>,
    /// As in [`CallLeg::decline`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<RejectReason>,
    /// As in [`CallLeg::text`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Object of the app from the user's invitation, or from the create request if the invitation has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
    /// Present if the user missed the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<MissedMark>,
}

impl CallView {
    /// Returns the missed call; `None` if the user did not miss the call.
    #[must_use]
    pub fn missed_call(&self) -> Option<MissedCallView> {
        let Self { meeting_id, mode, media, missed, .. } = self;
        let mark = missed.clone()?;
        Some(MissedCallView { meeting_id: meeting_id.clone(), mode: *mode, media: *media, mark })
    }
}
