//! The meeting: the state from which every decision is made.

use crate::invitation::Invitation;
use crate::participant::Participant;
use crate::stamped::Stamped;
use crate::standing::Standing;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::id::{BodyHash, InviteId, MeetingId, RequestId};
use switchboard_protocol::object::{BusyPolicy, Media, MeetingState, Mode, Policy, Reach};

/// A meeting. All fields `…_ms` are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Meeting {
    /// Id, derived from the create request.
    pub id: MeetingId,
    /// Direct or group. A direct meeting may become a group; a group never becomes direct.
    pub mode: Stamped<Mode>,
    /// Audio or video.
    pub media: Media,
    /// Object of the app from the create request. The service does not read it.
    pub ext: Option<Map<String, Value>>,
    /// Settings that hosts may change.
    pub settings: Stamped<Settings>,
    /// Account of the host.
    pub host: UserId,
    /// Account of the previous host; `None` if the host never changed.
    pub previous_host: Option<Stamped<UserId>>,
    /// Deadline for an absent host to return, if the policy is `grace_end`.
    pub host_away_until_ms: Option<Stamped<i64>>,
    /// Milliseconds before the end at which the last warning was due; revision 0 for a skipped warning.
    pub warning_before_ms: Option<Stamped<i64>>,
    /// State of the meeting as a whole.
    pub phase: Phase,
    /// Reason that the host gave for the end. At most 200 characters.
    pub end_text: Option<String>,
    /// Revision, which grows by one with every commit.
    pub rev: u64,
    /// Latest revision with a notice to all members.
    pub notified_rev: u64,
    /// Time of creation.
    pub created_ms: i64,
    /// Time at which the meeting became active for the first time.
    pub active_since_ms: Option<i64>,
    /// True if a participant was in the media at any time.
    pub is_used: bool,
    /// Seconds that the meeting's invitations ring.
    pub ring_seconds: u32,
    /// Number of seats.
    pub max_participants: u32,
    /// Milliseconds after which the meeting ends if no user joins it.
    pub unused_ms: i64,
    /// Milliseconds after which the meeting ends, if it is a group, when all users have left.
    pub empty_ms: i64,
    /// Accounts from the create request that are cohosts as soon as they have a part in the meeting.
    pub first_cohosts: BTreeSet<UserId>,
    /// Accounts from the create request that become host, in this order, when the host leaves.
    pub succession: Vec<UserId>,
    /// The create request. It is stored apart from the other requests because the meeting's id is derived
    /// from it.
    pub created_by: Creation,
    /// All users who have or had a part in the meeting.
    pub participants: BTreeMap<UserId, Participant>,
    /// Latest applied requests of each device, at most
    /// [`MAX_REQUESTS_PER_DEVICE`](crate::MAX_REQUESTS_PER_DEVICE).
    pub requests: BTreeMap<ClientId, Vec<Stamped<AppliedRequest>>>,
    /// Reach of each invitation on each device. The reach is stored beside the meeting and written without a
    /// new revision.
    pub reached: BTreeMap<InviteId, BTreeMap<ClientId, Reach>>,
}

/// Settings of a meeting that hosts may change.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// True if the meeting refuses newcomers.
    pub locked: bool,
    /// The rules.
    pub policy: Policy,
    /// Title.
    pub title: Option<String>,
    /// Time at which the meeting ends, in milliseconds since the epoch.
    pub ends_at_ms: i64,
}

/// State of a meeting as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No user was invited, and no user is in the media.
    Created,
    /// A user was invited, and the meeting was never active.
    Ringing,
    /// Enough participants are or were in the media: one in a group, two in a direct call.
    Active,
    /// Every participant of the group has left.
    Empty {
        /// Time at which the meeting ends unless a user joins.
        until_ms: i64,
    },
    /// The meeting has ended.
    Ended(End),
}

/// The end of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Reason.
    pub reason: EndReason,
    /// Time of the end.
    pub at_ms: i64,
    /// Revision that ended the meeting.
    pub rev: u64,
}

impl Phase {
    /// Returns the state's name on the wire.
    #[must_use]
    pub fn name(self) -> MeetingState {
        match self {
            Self::Created => MeetingState::Created,
            Self::Ringing => MeetingState::Ringing,
            Self::Active => MeetingState::Active,
            Self::Empty { .. } => MeetingState::Empty,
            Self::Ended(_) => MeetingState::Ended,
        }
    }
}

/// The create request of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// The sender's device.
    pub client_id: ClientId,
    /// The request.
    pub request: Stamped<AppliedRequest>,
}

/// A request that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedRequest {
    /// Id of the request.
    pub id: RequestId,
    /// Hash of the request's body.
    pub hash: BodyHash,
}

impl Meeting {
    /// Returns the end; `None` while the meeting is live.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        match self.phase {
            Phase::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Returns the participants who have a seat.
    pub fn members(&self) -> impl Iterator<Item = &Participant> {
        self.participants.values().filter(|p| p.is_member())
    }

    /// Returns the participants whose invitation is open.
    pub fn pending(&self) -> impl Iterator<Item = &Participant> {
        self.participants.values().filter(|p| p.is_pending())
    }

    /// Returns whether the meeting is live and `user` has a seat or an open invitation. A silent invitation does not count.
    #[must_use]
    pub fn involves(&self, user: &UserId) -> bool {
        let participant = self.participants.get(user);
        self.end().is_none()
            && participant.is_some_and(|p| p.is_member() || (p.is_pending() && !p.is_silent()))
    }

    /// Returns the users who need a part item to find this meeting from the present revision on: those who
    /// entered a group in this revision. The users of a direct call find it by their call slots, unless they
    /// may be in other calls as well.
    #[must_use]
    pub fn new_parts(&self) -> Vec<UserId> {
        let became_group = self.mode.rev() > 0 && self.mode.is_from(self.rev);
        let is_new = |p: &&Participant| {
            let invited = p.standing.is_from(self.rev) && p.is_pending() && !p.is_silent();
            let opened = self.rev == 1 && p.is_member();
            // A participant who was invited has the part item of the invitation, unless the invitation was
            // silent.
            let has_part = p.invitation().is_some() && !p.is_silent();
            let joined = p.seat().is_some_and(|seat| seat.entry.is_from(self.rev)) && !has_part;
            invited || opened || joined || (became_group && p.is_member())
        };
        if self.is_found_by_slots() || self.end().is_some() {
            return Vec::new();
        }
        self.participants.values().filter(is_new).map(|p| p.user_id.clone()).collect()
    }

    /// Returns whether the call slots of the meeting's users name the meeting, so that the users need no part
    /// items.
    fn is_found_by_slots(&self) -> bool {
        *self.mode == Mode::Direct && self.settings.policy.busy == BusyPolicy::Reject
    }

    /// Returns the users whose part item is useless after the present revision: all users, if it ends the
    /// meeting. Before the end, a user who left may find a missed call by the part item.
    #[must_use]
    pub fn gone_parts(&self) -> Vec<UserId> {
        if self.is_found_by_slots() || self.end().is_none_or(|end| end.rev != self.rev) {
            return Vec::new();
        }
        self.users(|_| true)
    }

    /// Returns whether the request `request_id` of `client_id` made the revision `rev`.
    #[must_use]
    pub fn is_made_by(&self, rev: u64, client_id: &ClientId, request_id: &RequestId) -> bool {
        let applied = self.requests.get(client_id).into_iter().flatten();
        applied
            .chain([&self.created_by.request])
            .any(|applied| applied.id == *request_id && applied.is_from(rev))
    }

    /// Returns the best reach of an invitation over its devices. A device that rang has received the offer.
    #[must_use]
    pub fn reach(&self, invitation: &Invitation) -> Reach {
        let known = self.reached.get(&invitation.id).and_then(|devices| devices.values().max()).copied();
        if invitation.has_rung() { Reach::Delivered } else { known.unwrap_or(Reach::Unknown) }
    }

    /// Returns the accounts of the participants that meet `condition`, as a copy, so that the participants
    /// can be changed.
    pub(crate) fn users(&self, condition: impl Fn(&Participant) -> bool) -> Vec<UserId> {
        self.participants.values().filter(|p| condition(p)).map(|p| p.user_id.clone()).collect()
    }

    /// Returns whether `user` has a seat.
    #[must_use]
    pub fn has_member(&self, user: &UserId) -> bool {
        self.participants.get(user).is_some_and(Participant::is_member)
    }

    /// Returns the number of participants in the media.
    pub(crate) fn count_joined(&self) -> usize {
        let joined = |p: &&Participant| matches!(&*p.standing, Standing::Seated(seat) if seat.is_joined());
        self.participants.values().filter(joined).count()
    }
}
