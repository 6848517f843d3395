//! A stored meeting, and the contents of one commit.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use switchboard_core::{Cause, CreateMark, Meeting, RingLog, RtcCapabilities, SlotChange};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Reach;

/// The record of a meeting's id.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored<T = Loaded> {
    /// A meeting.
    Meeting(T),
    /// A create request that made no meeting of its own.
    Mark(CreateMark),
}

impl<T> Stored<T> {
    /// Returns the meeting; `None` for a create request that made no meeting.
    pub fn into_meeting(self) -> Option<T> {
        match self {
            Self::Meeting(meeting) => Some(meeting),
            Self::Mark(_) => None,
        }
    }
}

impl Stored {
    /// Returns whether this is a meeting that has not ended.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Meeting(loaded) if loaded.meeting.end().is_none())
    }

    /// Returns whether this is a meeting in which `user` has a seat.
    #[must_use]
    pub fn has_member(&self, user: &UserId) -> bool {
        matches!(self, Self::Meeting(loaded) if loaded.meeting.has_member(user))
    }

    /// Returns the users in the lobby of the meeting that a request about `named` users, or all, decides
    /// about.
    #[must_use]
    pub fn waiting_users(&self, named: Option<&[UserId]>) -> Vec<UserId> {
        match self {
            Self::Meeting(loaded) => loaded.meeting.waiting_users(named),
            Self::Mark(_) => Vec::new(),
        }
    }
}

/// Reach of each invitation on each device. It is stored beside the meeting and written without a new
/// revision.
pub type Reached = BTreeMap<InviteId, BTreeMap<ClientId, Reach>>;

/// A meeting read from the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The state.
    pub meeting: Meeting,
    /// Commits whose effects are not known to be done, by revision.
    pub pending: BTreeMap<u64, Pending>,
    /// Deadline of the meeting in the index, in milliseconds since the epoch.
    pub due_at_ms: Option<i64>,
}

impl Loaded {
    /// Returns the time at which the meeting needs `wake` next, in milliseconds since the epoch: its next
    /// deadline, or the time to repeat pending effects.
    #[must_use]
    pub fn next_due_ms(&self, rtc: RtcCapabilities) -> Option<i64> {
        let pending = self.pending.values().map(|pending| pending.due_ms);
        pending.chain(self.meeting.next_deadline_ms(rtc)).min()
    }
}

/// A commit whose effects are not known to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Cause of the commit.
    pub cause: Cause,
    /// Time at which `wake` repeats the effects, in milliseconds since the epoch.
    pub due_ms: i64,
}

/// Everything that one commit writes.
#[derive(Debug, Clone)]
pub struct Commit<'a> {
    /// State to write.
    pub next: &'a Meeting,
    /// Revision from which the decision was made; 0 for a meeting that must not exist yet.
    pub seen_rev: u64,
    /// Call slots that change in the same transaction.
    pub slots: Vec<SlotWrite>,
    /// Mark that makes `wake` repeat the effects until they are reported as done.
    pub pending: Option<Pending>,
    /// Deadline of the meeting for the index, in milliseconds since the epoch.
    pub due_at_ms: Option<i64>,
    /// Users who get a reference to the meeting, with which `sync` finds it.
    pub parts: Vec<UserId>,
    /// Users whose reference is removed, as far as the transaction has room for it. Other references expire.
    pub gone_parts: Vec<UserId>,
    /// Offers whose reach is removed, since nothing depends on it any longer.
    pub forgotten: Vec<(InviteId, ClientId)>,
    /// Revisions whose marks of pending effects are removed, since there are more than [`MAX_PENDING`].
    pub dropped_pending: Vec<u64>,
    /// Record of a create request that was merged into this meeting. It must not exist yet.
    pub mark: Option<&'a CreateMark>,
    /// Time of the commit, in milliseconds since the epoch.
    pub now_ms: i64,
    /// The inviter's invitations, including those of this commit.
    pub rings: Option<RingsWrite>,
}

/// Largest number of commits of one meeting whose effects are not known to be done. Beyond it, the oldest
/// mark is dropped, since `wake` checks the participants of the channel in any case.
pub const MAX_PENDING: usize = 32;

/// A change of a call slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotWrite {
    /// Takes a slot that is free, or that still names the meeting `seen`, which has ended or which the user has
    /// left.
    Take {
        /// User whose slot it is.
        user: UserId,
        /// Meeting that the slot may name.
        seen: Option<MeetingId>,
    },
    /// Takes the slot from any other meeting.
    Overwrite(UserId),
    /// Empties the slot, if it still names this meeting.
    Free(UserId),
    /// Changes nothing, and requires that the slot names another meeting, `holder`.
    Require {
        /// User whose slot it is.
        user: UserId,
        /// Meeting that the slot must name.
        holder: MeetingId,
    },
}

/// A claim takes the slot from any other meeting. Only a create request and a slot that returns require a free
/// slot: [`SlotWrite::Take`].
impl From<&SlotChange> for SlotWrite {
    fn from(change: &SlotChange) -> Self {
        match change {
            SlotChange::Claim(user) => Self::Overwrite(user.clone()),
            SlotChange::Free(user) => Self::Free(user.clone()),
            SlotChange::Reclaim { user, from } => Self::Take { user: user.clone(), seen: Some(from.clone()) },
            SlotChange::TakenBy { user, call } => Self::Require { user: user.clone(), holder: call.clone() },
        }
    }
}

/// A write of a user's invitations. The commit is lost if another write came first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingsWrite {
    /// The inviter.
    pub user: UserId,
    /// Invitations to store.
    pub log: RingLog,
    /// Version of the invitations that were read.
    pub seen_version: u64,
    /// Time of the request, in milliseconds since the epoch.
    pub at_ms: i64,
}

/// Result of a commit.
#[derive(Debug)]
pub enum CommitResult {
    /// The commit is written.
    Done,
    /// Another commit came first. Contains the stored record, if the table returned it.
    Lost(Option<Box<Stored>>),
    /// A slot does not name the required meeting: the slot of a [`SlotWrite::Take`] names another live
    /// meeting, or that of a [`SlotWrite::Require`] does not name the holder.
    SlotTaken,
    /// Another transaction works on the same items; a retry may succeed.
    Conflict,
}

/// An entry of the index of deadlines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Deadline of the meeting, in milliseconds since the epoch.
    pub due_at_ms: i64,
}

/// Largest number of entries of the index of deadlines that one read returns.
pub const MAX_DUE: usize = 1_000;

/// A part of the entries of the index of deadlines until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRange {
    /// Latest deadline, in milliseconds since the epoch.
    pub until_ms: i64,
    /// The entry after which the range begins, for each partition of the index. `None` for the whole index;
    /// otherwise partitions that are not in the map are omitted.
    pub after: Option<BTreeMap<usize, Due>>,
}

impl DueRange {
    /// Returns the range of all entries until a time.
    #[must_use]
    pub const fn until(until_ms: i64) -> Self {
        Self { until_ms, after: None }
    }
}

/// The first entries of a range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DuePage {
    /// The entries, at most [`MAX_DUE`].
    pub due: Vec<Due>,
    /// The range of the other entries; `None` if there are no others.
    pub rest: Option<DueRange>,
}
