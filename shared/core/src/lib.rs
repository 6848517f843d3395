//! The pure core: what a meeting is, and what every command does to it. No clock, randomness, I/O or SDK
//! type comes in here; the table of transitions is implemented by this module and nothing else decides.
//!
//! [`Meeting::open`] makes a meeting, [`decide`] applies a command to one, [`tick`] applies what is overdue.
//! Each gives a [`Decision`]: the state to commit, the call slots to change, and whom to tell what.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::id::{BodyHash, InviteId, MeetingId, RequestId};
use switchboard_protocol::object::{
    BusyPolicy, Media, MediaFlags, MeetingState, Mode, ParticipantState, Policy, Reach, Role,
};

mod action;
mod answer;
mod attend;
pub mod cause;
mod change;
mod connection;
mod decide;
mod destroy;
mod hand;
mod heard;
mod history;
mod host;
mod invite;
mod join;
mod limits;
mod lobby;
mod media;
mod merge;
mod moderate;
mod notice;
mod open;
mod redo;
mod refusal;
mod reply;
mod seen;
mod speech;
mod tell;
mod tick;
mod update;
mod view;
mod warning;

#[cfg(test)]
mod tests;

pub use connection::{Connection, connection};
pub use decide::{Action, Command, Decision, SlotChange, decide, tick};
pub use destroy::end_by_admin;
pub use heard::{Heard, media_heard};
pub use host::{HostAway, HostChange};
pub use invite::{Device, Invitee};
pub use join::{Joining, Moved};
pub use limits::{
    CALLER_CHECK_MS, CHECK_MS, DEVICES_MAX, EMPTY_MS, HOST_GRACE_MS, JOIN_MS, KNOWN_REQUESTS, PEOPLE_MAX,
    RECONNECT_DIRECT_MS, RECONNECT_GROUP_MS, RING_GRACE_MS, TOMBSTONE_MS, UNUSED_MS, WARNINGS_MS,
};
pub use media::MediaAct;
pub use open::Opening;
pub use redo::redo;
pub use refusal::Refusal;
pub use seen::{MediaSeen, media_seen};
pub use speech::SpeechState;
pub use tell::{Class, Grant, Tell};
pub use update::Update;
pub use warning::Warning;

/// What the core may know of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds since the epoch.
    pub ms: i64,
    /// Whether the RTC service can tell who is in the media; otherwise the terminals' reports are trusted.
    pub rtc_tells: bool,
    /// Whether the RTC service takes the right to speak from somebody who is in the media when it is told to.
    pub rtc_restricts: bool,
}

/// A meeting with everything that is decided from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meeting {
    /// Derived from the create request.
    pub id: MeetingId,
    /// Direct or group; a direct meeting may become a group, never back.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// Given at create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Given at create, passed on as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
    /// The rules.
    pub policy: Policy,
    /// Who runs it.
    pub host: UserId,
    /// Where it stands.
    pub phase: Phase,
    /// Grows by one with every commit.
    pub rev: u64,
    /// The last revision that all members were told.
    pub told_rev: u64,
    /// The revision in which a direct meeting became a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouped_rev: Option<u64>,
    /// Milliseconds since the epoch, as all `_ms` fields that are no durations.
    pub created_ms: i64,
    /// When its time is over.
    pub ends_at_ms: i64,
    /// When it became active for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_since_ms: Option<i64>,
    /// Takes nobody in.
    pub locked: bool,
    /// How long its invitations ring.
    pub ring_seconds: u32,
    /// How many seats there are.
    pub max_participants: u32,
    /// The request that made it, remembered apart from the others since it decides the meeting's id.
    pub created_by: Creation,
    /// Everybody who has or had a part.
    pub participants: BTreeMap<UserId, Participant>,
    /// The last requests of each device.
    pub requests: BTreeMap<ClientId, Vec<Known>>,
    /// The last time that the host changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_change: Option<HostChange>,
    /// Until when the meeting waits for a host who has gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_away: Option<HostAway>,
    /// The last warning of the end that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
    /// The revision in which a hand went up or down.
    #[serde(default)]
    pub hands_rev: u64,
    /// The revision in which its rules, title, lock or end were changed.
    #[serde(default)]
    pub updated_rev: u64,
    /// The meeting in which it went on: its create met a call of the same two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<MeetingId>,
    /// How far each invitation got on each device. Kept beside the record, written without touching `rev`.
    #[serde(skip)]
    pub reached: BTreeMap<InviteId, BTreeMap<ClientId, Reach>>,
}

/// Where a meeting stands, with what only that state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Phase {
    /// Nobody was invited, nobody is in the media.
    Created,
    /// Somebody was invited and it is not active yet.
    Ringing,
    /// Enough have joined.
    Active,
    /// Everybody has gone.
    Empty {
        /// When it ends unless somebody comes.
        until_ms: i64,
    },
    /// Over.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at_ms: i64,
        /// The revision that ended it.
        rev: u64,
    },
}

impl Phase {
    /// The state's name on the wire.
    #[must_use]
    pub fn name(self) -> MeetingState {
        match self {
            Self::Created => MeetingState::Created,
            Self::Ringing => MeetingState::Ringing,
            Self::Active => MeetingState::Active,
            Self::Empty { .. } => MeetingState::Empty,
            Self::Ended { .. } => MeetingState::Ended,
        }
    }
}

/// The request that made a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// The device that asked.
    pub client_id: ClientId,
    /// Its request, and what it asked.
    pub request: Known,
}

/// A request that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its id.
    pub id: RequestId,
    /// What it said.
    pub hash: BodyHash,
    /// The revision that it made.
    pub rev: u64,
}

/// Somebody who has or had a part in a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// The account.
    pub user_id: UserId,
    /// The name from the app's JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The place in the order of arrival.
    pub order: u32,
    /// What they may do.
    pub role: Role,
    /// The revision in which the role was given.
    #[serde(default)]
    pub role_rev: u64,
    /// Where they stand.
    pub state: ParticipantState,
    /// The revision in which `state` was set: what that commit told is told again only while this holds.
    pub changed_rev: u64,
    /// The device that they are in with, kept after they left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<ClientId>,
    /// The revision in which the present seat was taken.
    #[serde(default)]
    pub seated_rev: u64,
    /// When the present seat was taken.
    #[serde(default)]
    pub seated_ms: i64,
    /// When the present seat first was in the media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_ms: Option<i64>,
    /// The seat's last move to another device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// Devices that hear whether the user is let in from the lobby.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<ClientId>,
    /// The revision in which this user's own call met this one.
    #[serde(default)]
    pub merged_rev: u64,
    /// When a seat that did not reach the media is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_by_ms: Option<i64>,
    /// When a seat whose device left the broker is looked at: only then it counts as dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_at_ms: Option<i64>,
    /// What holds while the participant is `reconnecting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
    /// Whether this meeting holds the user's call slot.
    pub holds_slot: bool,
    /// Whether they may speak.
    pub speech: SpeechState,
    /// When a ban ends by itself; a ban without it lasts as long as the meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banned_until_ms: Option<i64>,
    /// What the RTC service last told by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Heard>,
    /// The revision in which they raised their hand, while it is up: the order in which hands were raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_rev: Option<u64>,
    /// What they send.
    pub media: MediaFlags,
    /// The last invitation; creators have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
}

/// How a dropped participant comes back, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// When the seat is given up.
    pub until_ms: i64,
    /// Whether the participant was in the media.
    pub was_joined: bool,
}

/// An invitation of one user, offered to all of the user's devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// Which one.
    pub id: InviteId,
    /// Who invited.
    pub inviter: UserId,
    /// When it may not ring any more.
    pub deadline_ms: i64,
    /// How long it rings, in milliseconds: the broker keeps the news of its end as long as it may keep the offer.
    #[serde(default)]
    pub rings_ms: i64,
    /// What each device of the invitee did with it.
    pub legs: BTreeMap<ClientId, Leg>,
    /// The revision in which it was answered or closed, on all devices.
    #[serde(default)]
    pub closed_rev: u64,
    /// What the app passed with this invitation; otherwise the meeting's own is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

/// What one device did with an offer. Delivery is kept apart, in [`Meeting::reached`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// It was offered.
    Offered,
    /// It rings.
    Alerting,
    /// It rang, and its user silenced it.
    Silenced,
    /// It took the call.
    Won,
    /// Another device of the user answered.
    LostElsewhere,
    /// The offer is closed.
    Closed,
}

impl Meeting {
    /// Why and when the meeting ended, with the revision that ended it.
    #[must_use]
    pub fn end(&self) -> Option<(EndReason, i64, u64)> {
        match self.phase {
            Phase::Ended { reason, at_ms, rev } => Some((reason, at_ms, rev)),
            _ => None,
        }
    }

    /// Participants who have a seat.
    pub fn members(&self) -> impl Iterator<Item = &Participant> {
        self.participants.values().filter(|p| p.state.is_member())
    }

    /// Participants whose invitation is open.
    pub fn pending(&self) -> impl Iterator<Item = &Participant> {
        self.participants.values().filter(|p| p.state.is_pending())
    }

    /// Whether `user` is in this live meeting or may still answer an invitation to it.
    #[must_use]
    pub fn concerns(&self, user: &UserId) -> bool {
        let part = self.participants.get(user);
        self.end().is_none() && part.is_some_and(|p| p.state.is_member() || p.state.is_pending())
    }

    /// Users who find this meeting by an item of their own from the present revision on: those who came into a group
    /// with it. A direct call is found by the call slot, unless its sides may be in other calls as well.
    #[must_use]
    pub fn new_parts(&self) -> Vec<UserId> {
        let became = self.grouped_rev == Some(self.rev);
        let came = |p: &&Participant| {
            let invited = p.changed_rev == self.rev && p.state.is_pending() && p.invitation.is_some();
            let opened = self.rev == 1 && p.state.is_member();
            // Who came without an invitation; an invitation has left its item.
            let joined = p.seated_rev == self.rev && p.invitation.is_none() && p.state.is_member();
            invited || opened || joined || (became && p.state.is_member())
        };
        let has_slots = self.mode == Mode::Direct && self.policy.busy == BusyPolicy::Reject;
        if has_slots || self.end().is_some() {
            return Vec::new();
        }
        self.participants.values().filter(came).map(|p| p.user_id.clone()).collect()
    }

    /// Whether `user`'s call slot rightly names this meeting at `now`: it is live, and the user in it or invited.
    #[must_use]
    pub fn occupies(&self, user: &UserId, now: Now) -> bool {
        let settled = tick(self, now).next;
        settled.as_ref().unwrap_or(self).concerns(user)
    }
}
