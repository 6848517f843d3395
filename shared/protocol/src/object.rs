//! Objects in messages, and the enums that both the core and the wire use.

mod call;
mod invitation;
mod policy;
mod reject_reason;
mod seat_place;
mod who_may_call;

pub use call::{CallLeg, CallView, Direction, MissedCallView, MissedMark};
pub use invitation::{InvitationView, NotInvited, Reach};
pub use policy::{BusyPolicy, HostLeavePolicy, InvitePolicy, JoinPolicy, Policy, PolicyChange};
pub use reject_reason::RejectReason;
pub use seat_place::SeatPlace;
pub use who_may_call::WhoMayCall;

use crate::address::{AddressError, UserId};
use crate::code::Code;
use crate::id::{InviteId, MeetingId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Number of participants that a meeting is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Exactly two users; the meeting ends when one leaves.
    Direct,
    /// Any number of users, up to the seats of the meeting.
    Group,
}

/// Media of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// Sound only.
    Audio,
    /// Sound and picture.
    Video,
}

/// State of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MeetingState {
    /// No open invitation, and no participant is in the media.
    Created,
    /// An invitation is open, and the meeting is not active.
    Ringing,
    /// Enough participants have joined: one in a group, two in a direct meeting.
    Active,
    /// All participants have left; the meeting ends after a grace.
    Empty,
    /// The meeting has ended.
    Ended,
}

/// State of a participant. It is also the state of a user's invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParticipantState {
    /// The invitation is open.
    Invited,
    /// At least one device rings.
    Ringing,
    /// Has a seat and a join token, but is not in the media yet.
    Accepted,
    /// In the media.
    Joined,
    /// Lost the media and keeps the seat during a grace.
    Reconnecting,
    /// Waits in the lobby.
    Lobby,
    /// Left the meeting.
    Left,
    /// Declined the invitation.
    Declined,
    /// Was in another call when invited.
    UserBusy,
    /// A device rang, and the user did not answer.
    NoAnswer,
    /// No device could be reached.
    Unreachable,
    /// The invitation was cancelled.
    Cancelled,
    /// Was removed by a host.
    Removed,
    /// Was removed by a host and may not come back.
    Banned,
    /// Lost the media and did not come back in time.
    Lost,
    /// Accepted and did not reach the media in time.
    Failed,
    /// The meeting ended for this participant.
    Ended,
}

impl ParticipantState {
    /// Returns `true` if the invitation is open: devices may ring, and the user may answer.
    #[must_use]
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Invited | Self::Ringing)
    }

    /// Returns `true` if the participant has a seat.
    #[must_use]
    pub fn is_member(self) -> bool {
        matches!(self, Self::Accepted | Self::Joined | Self::Reconnecting)
    }

    /// Returns the `code` of an invitation that ended without a seat.
    #[must_use]
    pub fn end_code(self) -> Option<&'static str> {
        match self {
            Self::NoAnswer => Some("no_answer"),
            Self::Unreachable => Some("unreachable"),
            Self::UserBusy => Some("user_busy"),
            Self::Declined => Some("declined"),
            Self::Cancelled => Some("cancelled"),
            Self::Failed => Some("failed"),
            _ => None,
        }
    }

    /// Returns the SIP status of an invitation that ended without a seat.
    #[must_use]
    pub fn end_sip(self) -> Option<u16> {
        match self {
            Self::NoAnswer => Some(408),
            Self::Unreachable => Some(480),
            Self::UserBusy => Some(486),
            Self::Declined => Some(603),
            Self::Cancelled => Some(487),
            Self::Failed => Some(504),
            _ => None,
        }
    }
}

/// Role of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the meeting and may do everything that cohosts may.
    Host,
    /// May moderate, but may not give roles or end the meeting.
    Cohost,
    /// Has no moderation rights.
    Member,
}

/// Right of a participant to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpeechMode {
    /// May speak.
    #[default]
    Free,
    /// Muted; the user may unmute.
    Soft,
    /// Muted; the user has no right to publish audio.
    Hard,
}

/// Speech of a participant, as messages show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpeechView {
    /// Right to speak.
    pub mode: SpeechMode,
    /// Milliseconds until a block ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_in_ms: Option<i64>,
}

/// One user, or all members except the host and the sender: `"*"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String", extend("pattern" = r"^([A-Za-z0-9_-]{1,64}|\*)$"))
)]
#[serde(try_from = "String", into = "String")]
pub enum UserOrAll {
    /// One user.
    User(UserId),
    /// All members except the host and the sender.
    All,
}

impl TryFrom<String> for UserOrAll {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        if text == "*" { Ok(Self::All) } else { UserId::try_from(text).map(Self::User) }
    }
}

impl From<UserOrAll> for String {
    fn from(whom: UserOrAll) -> Self {
        match whom {
            UserOrAll::User(user) => user.into(),
            UserOrAll::All => "*".to_owned(),
        }
    }
}

/// Media that a participant sends: at first the media that the device announced when it took the seat, later
/// its latest report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediaFlags {
    /// True if the microphone is on.
    pub audio: bool,
    /// True if the camera is on.
    pub video: bool,
    /// True if the screen is shared.
    pub screen: bool,
}

impl From<Media> for MediaFlags {
    /// Returns the media that a device sends at first if its request has this `media`.
    fn from(media: Media) -> Self {
        Self { audio: true, video: media == Media::Video, screen: false }
    }
}

/// A host's decision about a user in the lobby.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LobbyDecision {
    /// User who waited.
    pub user_id: UserId,
    /// True if the user is admitted.
    pub admitted: bool,
    /// Reason why the user could not be admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// A participant, as messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ParticipantView {
    /// Account of the user.
    pub user_id: UserId,
    /// Display name from the app's JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Role.
    pub role: Role,
    /// State.
    pub state: ParticipantState,
    /// Right to speak.
    pub speech: SpeechView,
    /// True if the hand is raised.
    pub hand: bool,
    /// Media that the participant sends.
    pub media: MediaFlags,
    /// Id of the open invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite_id: Option<InviteId>,
    /// Reason that the user gave for declining the invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// Text of the user who declined the invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Time of the removal of a removed or banned participant, in milliseconds since the epoch. Present only
    /// if the RTC service reports which users are in the media, so that Switchboard can check that the
    /// participant is out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_ms: Option<i64>,
    /// Time at which the RTC service confirmed that the removed participant is out of the media, in
    /// milliseconds since the epoch. Absent until then, and while the participant is back in the media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_gone_ms: Option<i64>,
    /// Number of times that the removed participant came back into the media and was removed again; absent if
    /// it is 0, at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reentries_stopped: Option<u32>,
}

/// A meeting as a whole, as messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeetingView {
    /// Id of the meeting.
    pub meeting_id: MeetingId,
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// State.
    pub state: MeetingState,
    /// Revision, which grows with every commit.
    pub rev: u64,
    /// Account of the host.
    pub host: UserId,
    /// Time of creation, in milliseconds since the epoch.
    pub created_ms: i64,
    /// Milliseconds until the meeting ends by its time limit.
    pub ends_in_ms: i64,
    /// True if the meeting refuses newcomers.
    pub locked: bool,
    /// Rules of the meeting.
    pub policy: Policy,
    /// All users who have or had a part in the meeting, in order of arrival.
    pub participants: Vec<ParticipantView>,
    /// Place of the user's seat; only in `state`, and absent if the user has no seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<SeatPlace>,
    /// Seconds after which the meeting ends if no user joins it and no invitation is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_seconds: Option<u32>,
    /// Seconds after which a group ends when all users have left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_seconds: Option<u32>,
    /// Users who become host, in this order, when the host is out; from the create request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succession: Option<Vec<UserId>>,
    /// Object of the app from the create request, at most 2 KB as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
    /// True if the downlink would be too large with the whole meeting, and therefore omits participants who
    /// are in the meeting, invited or in the lobby, or other data. The answer to `sync` has all of it, in
    /// pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
}

/// User who calls: the sender of the create or invite request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Caller {
    /// Account of the user.
    pub user_id: UserId,
    /// Display name from the app's JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Way in which an offer reached a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The offer was sent to a connected device, which may ring at once.
    Live,
    /// The offer came through the broker's queue. The device sends `sync` before it rings.
    Queued,
}
