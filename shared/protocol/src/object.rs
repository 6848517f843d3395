//! The objects that messages carry, and the small words that core and wire share.

mod policy;

pub use policy::{BusyPolicy, HostLeavePolicy, InvitePolicy, JoinPolicy, Policy, PolicyChange};

use crate::address::{AddressError, UserId};
use crate::code::Code;
use crate::id::{InviteId, MeetingId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One to one, or any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Exactly two; ends when one leaves.
    Direct,
    /// Any number within the limit.
    Group,
}

/// What kind of call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// Sound only.
    Audio,
    /// Sound and picture.
    Video,
}

/// Where a meeting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MeetingState {
    /// Nobody invited, nobody in the media.
    Created,
    /// Somebody was invited and it is not active yet.
    Ringing,
    /// Enough have joined: one in a group, two in a direct call.
    Active,
    /// Everybody has gone; a short grace runs.
    Empty,
    /// Over.
    Ended,
}

/// Where a participant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParticipantState {
    /// An invitation is open.
    Invited,
    /// At least one device rings.
    Ringing,
    /// Has a seat and a token; not yet seen in the media.
    Accepted,
    /// In the media.
    Joined,
    /// Dropped out of the media; the seat is kept for a while.
    Reconnecting,
    /// Waits to be admitted.
    Lobby,
    /// Left by own will.
    Left,
    /// Declined.
    Declined,
    /// Was in another call.
    UserBusy,
    /// Rang, and nobody answered.
    NoAnswer,
    /// No device could be reached.
    Unreachable,
    /// The invitation was taken back.
    Cancelled,
    /// Removed by a host.
    Removed,
    /// Removed, and may not come back.
    Banned,
    /// Dropped and did not come back.
    Lost,
    /// Accepted and never reached the media.
    Failed,
    /// The meeting ended for this participant.
    Ended,
}

impl ParticipantState {
    /// Whether an invitation is open: it may ring and be answered.
    #[must_use]
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Invited | Self::Ringing)
    }

    /// Whether the participant has a seat (STATES.md's "members").
    #[must_use]
    pub fn is_member(self) -> bool {
        matches!(self, Self::Accepted | Self::Joined | Self::Reconnecting)
    }

    /// The `code` of an invitation that ended without a seat.
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
}

/// What a participant may do besides speaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the meeting.
    Host,
    /// Helps the host.
    Cohost,
    /// Takes part.
    Member,
}

/// Whether a participant may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpeechMode {
    /// May speak.
    #[default]
    Free,
    /// Muted; may unmute.
    Soft,
    /// The right to publish audio is taken.
    Hard,
}

/// Speech of a participant on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Speech {
    /// Whether the participant may speak.
    pub mode: SpeechMode,
    /// Milliseconds until a block ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_in_ms: Option<i64>,
}

/// One user, or everybody but the host and who says it: `"*"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String", extend("pattern" = r"^([A-Za-z0-9_-]{1,64}|\*)$"))
)]
#[serde(try_from = "String", into = "String")]
pub enum UserOrAll {
    /// This one.
    User(UserId),
    /// Everybody who is in, but the host and who says it.
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

/// What a participant sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediaFlags {
    /// Microphone.
    pub audio: bool,
    /// Camera.
    pub video: bool,
    /// Screen.
    pub screen: bool,
}

/// What became of somebody who waited in the lobby.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LobbyDecision {
    /// Who.
    pub user_id: UserId,
    /// Whether they are in.
    pub admitted: bool,
    /// Why that could not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// A participant on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ParticipantView {
    /// The account.
    pub user_id: UserId,
    /// The name from the app's JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Where they stand.
    pub state: ParticipantState,
    /// Whether they may speak.
    pub speech: Speech,
    /// Whether their hand is up.
    pub hand: bool,
    /// What they send.
    pub media: MediaFlags,
    /// The open invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite_id: Option<InviteId>,
}

/// A whole meeting on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeetingView {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where it stands.
    pub state: MeetingState,
    /// Grows with every commit.
    pub rev: u64,
    /// The account that runs it.
    pub host: UserId,
    /// Milliseconds since the epoch.
    pub created_ms: i64,
    /// Milliseconds until its time is over.
    pub ends_in_ms: i64,
    /// Whether it takes nobody in.
    pub locked: bool,
    /// Its rules.
    pub policy: Policy,
    /// Everybody who has or had a part, in the order they came.
    pub participants: Vec<ParticipantView>,
    /// What the app gave at create, at most 2 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

/// How far an invitation got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Not tried yet, or not known.
    Unknown,
    /// Waits at the broker for a device that is not connected.
    Queued,
    /// Handed to a connected device, unconfirmed.
    Sent,
    /// A device has it.
    Delivered,
}

/// An invitation as its inviter sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationView {
    /// Who is invited.
    pub user_id: UserId,
    /// Which invitation.
    pub invite_id: InviteId,
    /// Where the invitee stands.
    pub state: ParticipantState,
    /// How it ended, if it did: `no_answer` (SIP 408), `unreachable` (480), `user_busy` (486), `declined` (603),
    /// `cancelled` (487) or `failed` (504).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How far it got.
    pub reach: Reach,
}

/// Who called whom.
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
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Who called whom.
    pub direction: Direction,
    /// Everybody else who had a part.
    pub peers: Vec<UserId>,
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// How it ended for this user: the end of the invitation if it was not taken, else the meeting's.
    pub reason: String,
    /// When the call became active, if this user was in it; milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// When it ended, in milliseconds since the epoch.
    pub ended_ms: i64,
    /// How long it was active; 0 for a user who was not in it.
    pub duration_ms: i64,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Caller {
    /// The account.
    pub user_id: UserId,
    /// The name from the app's JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// How an invitation reached a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Sent to a connected device: it may ring at once.
    Live,
    /// Came through the queue: ask `sync` before ringing.
    Queued,
}
