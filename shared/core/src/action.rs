//! What can be asked of a meeting.

use super::{Invitee, Joining, Update};
use serde_json::{Map, Value};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::{BodyHash, InviteId, RequestId};
use switchboard_protocol::object::{BusyPolicy, MediaFlags, Role, UserOrAll};
use switchboard_protocol::requests::{MediaReport, MuteMode};

/// A request of one device on a meeting that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The device that asks, as the broker proved it.
    pub by: ClientId,
    /// The request's id.
    pub request_id: RequestId,
    /// What it said.
    pub hash: BodyHash,
    /// What it asks.
    pub action: Action,
}

/// What can be asked of a meeting.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The create of this very meeting came again.
    CreateAgain,
    /// This device rings.
    Ringing {
        /// For which invitation.
        invite_id: InviteId,
    },
    /// The user takes the call on this device.
    Accept {
        /// Which invitation.
        invite_id: InviteId,
    },
    /// The user does not take the call.
    Reject {
        /// Which invitation.
        invite_id: InviteId,
    },
    /// This device alone stops ringing.
    Silence {
        /// For which invitation.
        invite_id: InviteId,
    },
    /// A member brings more people in.
    Invite {
        /// Whom, with what the table knows of them.
        invitees: Vec<Invitee>,
        /// How long it rings; the meeting's own time if absent.
        ring_seconds: Option<u32>,
        /// What the app passes along.
        ext: Option<Map<String, Value>>,
    },
    /// Invitations are taken back.
    CancelInvite {
        /// Whose; all that are pending if absent.
        invitees: Option<Vec<UserId>>,
    },
    /// This device comes back to its seat.
    Rejoin,
    /// This device says that it is in the media or not any more.
    ReportMedia {
        /// In or out.
        state: MediaReport,
        /// What it sends.
        media: MediaFlags,
        /// Whether that is so: the RTC service says it, or cannot tell.
        verified: bool,
    },
    /// The user needs a fresh token.
    RefreshToken,
    /// The user speaks again after a soft mute.
    UnmuteSelf,
    /// The user hangs up.
    Leave,
    /// A host mutes somebody.
    Mute {
        /// Whom.
        whom: UserOrAll,
        /// How.
        mode: MuteMode,
        /// How long a block lasts.
        for_seconds: Option<u32>,
    },
    /// A host gives the right to speak back.
    AllowSpeech {
        /// Whose.
        whom: UserOrAll,
    },
    /// A direct call of this user to the other side of this one meets it.
    Merge {
        /// Whom the user calls.
        peer: UserId,
        /// What that call does if the other one is busy.
        busy: BusyPolicy,
    },
    /// The user takes back a call that met this one.
    TakeBack,
    /// The user comes in without an invitation, or on another device.
    Join(Joining),
    /// The user raises a hand.
    RaiseHand,
    /// The user lowers the hand.
    LowerHand,
    /// A host lets people in from the lobby.
    Admit {
        /// Whom; all that wait if absent.
        users: Option<Vec<UserId>>,
    },
    /// A host turns people away from the lobby.
    Deny {
        /// Whom; all that wait if absent.
        users: Option<Vec<UserId>>,
    },
    /// The host makes somebody else host.
    TransferHost {
        /// Whom.
        user: UserId,
    },
    /// The host makes somebody a cohost or takes that back.
    SetRole {
        /// Whom.
        user: UserId,
        /// What they are from now on.
        role: Role,
    },
    /// A host changes lock, rules, title or end.
    UpdateMeeting(Update),
    /// A host puts somebody out.
    Remove {
        /// Whom.
        user: UserId,
        /// Whether they may not come back.
        ban: bool,
        /// How long a ban lasts.
        for_seconds: Option<u32>,
    },
    /// The host ends it for all.
    Destroy,
}
