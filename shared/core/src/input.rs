//! Everything that the core decides on.

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::{BodyHash, InviteId, RequestId};
use switchboard_protocol::media_event::MediaEvent;
use switchboard_protocol::object::{BusyPolicy, MediaFlags, PolicyChange, Role, UserOrAll};
use switchboard_protocol::requests::{MediaReport, MuteMode};

/// The time of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds since the epoch.
    pub ms: i64,
}

/// Capabilities of the configured RTC service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtcCapabilities {
    /// True if it reports which users are in a channel. Otherwise the reports of the terminals are trusted.
    pub reports_presence: bool,
    /// True if it takes the right to publish audio from a user who is in the channel.
    pub enforces_rights: bool,
}

/// One input to a meeting.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A request of a terminal.
    Command(Command),
    /// A deadline is over. Every other input applies deadlines too.
    Deadline,
    /// The broker connected or disconnected a device.
    Device {
        /// The device.
        client_id: ClientId,
        /// Its status.
        status: DeviceStatus,
    },
    /// The RTC service answered who is in the channel.
    Presence(ChannelPresence),
    /// A signed callback of the RTC service.
    Callback {
        /// The event.
        event: MediaEvent,
        /// The participant that the event is about; `None` for an event about the channel or an unknown user.
        user: Option<UserId>,
    },
    /// The operator of the service ends the meeting (T46).
    AdminEnd,
}

/// Status of a device at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceStatus {
    /// It disconnected just now.
    Disconnected,
    /// The check found it not connected.
    StillDisconnected,
    /// It is connected.
    Connected,
}

/// Report of the RTC service about a meeting's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelPresence {
    /// A user joined.
    Joined {
        /// Account.
        user: UserId,
    },
    /// A user left.
    Left {
        /// Account.
        user: UserId,
        /// True if on purpose; otherwise the connection broke.
        clean: bool,
    },
    /// The channel is closed or does not exist: no user is in it.
    Closed,
    /// Exactly these users are in the channel.
    Exactly {
        /// Accounts.
        users: BTreeSet<UserId>,
        /// Revision that was known when the service was asked. Ignored for participants who changed after it.
        rev: u64,
    },
}

/// A request of one device to a meeting that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The sender's device, as the broker proved it.
    pub by: ClientId,
    /// The request's id.
    pub request_id: RequestId,
    /// Hash of the request's body.
    pub hash: BodyHash,
    /// The action that the sender asks for.
    pub action: Action,
}

/// The action that a sender asks for. The transition of each is in the file of its name under `actions/`.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A repeat of the create request that made this meeting.
    CreateAgain,
    /// This device rings.
    Ringing {
        /// The invitation.
        invite_id: InviteId,
    },
    /// The user accepts the invitation on this device.
    Accept {
        /// The invitation.
        invite_id: InviteId,
    },
    /// The user rejects the invitation on all devices.
    Reject {
        /// The invitation.
        invite_id: InviteId,
    },
    /// This device alone stops ringing.
    Silence {
        /// The invitation.
        invite_id: InviteId,
    },
    /// A member invites more users.
    Invite {
        /// The users, with what the table knows of them.
        invitees: Vec<Invitee>,
        /// Seconds that the invitations ring; the meeting's own setting if absent.
        ring_seconds: Option<u32>,
        /// Opaque object of the app.
        ext: Option<Map<String, Value>>,
    },
    /// The inviter or the host cancels invitations.
    CancelInvite {
        /// Accounts; all with an open invitation if absent.
        invitees: Option<Vec<UserId>>,
    },
    /// A direct call to the other side of this one merges with it.
    Merge {
        /// Account of the callee.
        peer: UserId,
        /// Busy policy of the call that merges.
        busy: BusyPolicy,
    },
    /// The sender takes back a call that merged with this one.
    TakeBack,
    /// The user comes in without an invitation, or on another device.
    Join(Joiner),
    /// This device comes back to its seat.
    Rejoin,
    /// This device reports that it is in the media, or left it.
    ReportMedia {
        /// In or out.
        state: MediaReport,
        /// Media that the device sends.
        media: MediaFlags,
        /// True if the RTC service confirms the report, or does not report presence.
        verified: bool,
    },
    /// The sender needs a fresh join token.
    RefreshToken,
    /// The user raises a hand.
    RaiseHand,
    /// The user lowers the hand.
    LowerHand,
    /// The user speaks again after a soft mute.
    UnmuteSelf,
    /// The user hangs up.
    Leave,
    /// A host mutes a user.
    Mute {
        /// The user, or all.
        target: UserOrAll,
        /// Soft or hard.
        mode: MuteMode,
        /// Seconds that a block lasts.
        for_seconds: Option<u32>,
    },
    /// A host gives the right to speak back.
    AllowSpeech {
        /// The user, or all.
        target: UserOrAll,
    },
    /// A host removes or bans a user.
    Remove {
        /// Account.
        user: UserId,
        /// True if the user may not come back.
        ban: bool,
        /// Seconds that a ban lasts.
        for_seconds: Option<u32>,
    },
    /// A host admits users from the lobby.
    Admit {
        /// Accounts; all who wait if absent.
        users: Option<Vec<UserId>>,
    },
    /// A host denies users the entry from the lobby.
    Deny {
        /// Accounts; all who wait if absent.
        users: Option<Vec<UserId>>,
    },
    /// The host makes another member host.
    TransferHost {
        /// Account.
        user: UserId,
    },
    /// The host makes a participant cohost, or member again.
    SetRole {
        /// Account.
        user: UserId,
        /// The new role.
        role: Role,
    },
    /// A host changes the meeting's settings.
    UpdateMeeting(SettingsChange),
    /// The host ends the meeting for all.
    Destroy,
}

/// A device of a user, as the table knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Client ID.
    pub client_id: ClientId,
    /// Time of the last connection, in milliseconds since the epoch.
    pub seen_ms: i64,
}

/// A user to invite, with what the table knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    /// Account.
    pub user_id: UserId,
    /// Id of the invitation, derived from the request.
    pub invite_id: InviteId,
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// Devices. At most [`MAX_DEVICES`](crate::MAX_DEVICES) are offered the invitation, the latest seen first.
    pub devices: Vec<KnownDevice>,
    /// True if the user is in another call.
    pub busy: bool,
}

/// A user who joins, with what the table knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joiner {
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// Devices: in the lobby, all of them are notified of the decision.
    pub devices: Vec<KnownDevice>,
    /// True if a seat on another device of the same user moves to this device.
    pub takeover: bool,
}

/// A change of a meeting's settings. Absent fields keep their value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsChange {
    /// True if nobody may come in.
    pub locked: Option<bool>,
    /// The rules.
    pub policy: Option<PolicyChange>,
    /// Title.
    pub title: Option<String>,
    /// Minutes by which the meeting ends later.
    pub extend_minutes: Option<u32>,
}
