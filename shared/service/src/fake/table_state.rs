//! The contents of the table in memory, and the writes to it.

use crate::ports::{Commit, CommitResult, Loaded, Pending, SlotWrite, Stored, StoredRings};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use switchboard_core::{Availability, CreateMark, Meeting};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::{CallView, Reach};

/// The contents of the table. A clone shares the large parts until one of the two changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableState {
    /// The meetings.
    pub meetings: BTreeMap<MeetingId, StoredMeeting>,
    /// The create requests that made no meeting.
    pub marks: BTreeMap<MeetingId, CreateMark>,
    /// The call slots.
    pub slots: BTreeMap<UserId, MeetingId>,
    /// The users with their devices.
    pub users: Arc<BTreeMap<UserId, StoredUser>>,
    /// The invitations of users within the last hour.
    pub rings: BTreeMap<UserId, StoredRings>,
    /// The settings of users about calls of others.
    pub availabilities: BTreeMap<UserId, Availability>,
    /// References from users to meetings.
    pub parts: BTreeSet<(UserId, MeetingId)>,
    /// Number of times that repeats of the request which made a revision told others again.
    pub retold: BTreeMap<(MeetingId, u64), usize>,
    /// Times at which the channels of meetings were last created again.
    pub channels: BTreeMap<MeetingId, i64>,
    /// The call histories, by end and meeting.
    pub calls: BTreeMap<UserId, BTreeMap<(i64, MeetingId), CallView>>,
}

/// The record of a meeting.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredMeeting {
    /// The state that the revision guards.
    pub meeting: Arc<Meeting>,
    /// Reach of each offer.
    pub reached: BTreeMap<InviteId, BTreeMap<ClientId, Reach>>,
    /// Commits whose effects are not known to be done, by revision.
    pub pending: BTreeMap<u64, Pending>,
    /// Deadline in the index.
    pub due_at_ms: Option<i64>,
}

/// The record of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredUser {
    /// Display name.
    pub name: Option<String>,
    /// Devices.
    pub devices: BTreeMap<ClientId, StoredDevice>,
}

/// A device of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredDevice {
    /// Time of the last connection, in milliseconds since the epoch.
    pub seen_ms: i64,
    /// The broker's id and counter of the device's latest session; `None` for a device that only `authorize`
    /// registered.
    pub session: Option<(String, i64)>,
    /// `true` while the session is connected.
    pub is_online: bool,
    /// Milliseconds for which the device's queue outlives the connection; `None` if unknown.
    pub queue_ms: Option<i64>,
}

impl StoredMeeting {
    /// Returns the meeting as the table returns it.
    #[must_use]
    pub fn loaded(&self) -> Loaded {
        let mut meeting = Meeting::clone(&self.meeting);
        meeting.reached.clone_from(&self.reached);
        Loaded { meeting, pending: self.pending.clone(), due_at_ms: self.due_at_ms }
    }
}

impl TableState {
    /// Adds a user with a display name and devices that were last connected at `seen_ms`.
    pub fn add_user(&mut self, user: &UserId, name: Option<&str>, devices: &[ClientId], seen_ms: i64) {
        let device = |id: &ClientId| (id.clone(), StoredDevice { seen_ms, ..StoredDevice::default() });
        let devices = devices.iter().map(device).collect();
        let stored = StoredUser { name: name.map(str::to_owned), devices };
        Arc::make_mut(&mut self.users).insert(user.clone(), stored);
    }

    /// Writes a commit if its conditions hold.
    pub fn commit(&mut self, commit: &Commit<'_>) -> CommitResult {
        let next = commit.next;
        let stored = self.meetings.get(&next.id);
        if stored.map_or(0, |stored| stored.meeting.rev) != commit.seen_rev {
            return CommitResult::Lost(self.stored(&next.id).map(Box::new));
        }
        if self.marks.contains_key(&next.id) {
            return CommitResult::Lost(self.stored(&next.id).map(Box::new));
        }
        if commit.slots.iter().any(|slot| self.is_taken(slot)) {
            return CommitResult::SlotTaken;
        }
        if commit.mark.is_some_and(|mark| self.stored(&mark.meeting_id).is_some()) {
            return CommitResult::Lost(None);
        }
        if let Some(rings) = &commit.rings {
            let stored = self.rings.entry(rings.user.clone()).or_default();
            if stored.version != rings.seen_version {
                return CommitResult::Lost(None);
            }
            *stored = StoredRings { log: rings.log.clone(), version: rings.seen_version + 1 };
        }
        for slot in &commit.slots {
            self.write_slot(slot, &next.id);
        }
        self.parts.extend(commit.parts.iter().map(|user| (user.clone(), next.id.clone())));
        for user in &commit.gone_parts {
            self.parts.remove(&(user.clone(), next.id.clone()));
        }
        if let Some(mark) = commit.mark {
            self.marks.insert(mark.meeting_id.clone(), mark.clone());
        }
        let stored = self.meetings.entry(next.id.clone()).or_insert_with(|| StoredMeeting::new(next));
        // The table does not store `reached` together with the state.
        stored.meeting = Arc::new(Meeting { reached: BTreeMap::new(), ..next.clone() });
        for (invite, device) in &commit.forgotten {
            if let Some(devices) = stored.reached.get_mut(invite) {
                devices.remove(device);
            }
        }
        stored.reached.retain(|_, devices| !devices.is_empty());
        stored.pending.retain(|rev, _| !commit.dropped_pending.contains(rev));
        stored.pending.extend(commit.pending.iter().map(|pending| (next.rev, pending.clone())));
        stored.due_at_ms = commit.due_at_ms;
        CommitResult::Done
    }

    /// Writes the record of a create request that made no meeting, if the id is unknown.
    pub fn put_mark(&mut self, mark: &CreateMark) -> CommitResult {
        if let Some(stored) = self.stored(&mark.meeting_id) {
            return CommitResult::Lost(Some(Box::new(stored)));
        }
        self.marks.insert(mark.meeting_id.clone(), mark.clone());
        CommitResult::Done
    }

    /// Returns the record of a meeting's id, as the table returns it.
    #[must_use]
    pub fn stored(&self, id: &MeetingId) -> Option<Stored> {
        let mark = || self.marks.get(id).cloned().map(Stored::Mark);
        self.meetings.get(id).map(|stored| Stored::Meeting(stored.loaded())).or_else(mark)
    }

    fn is_taken(&self, slot: &SlotWrite) -> bool {
        match slot {
            SlotWrite::Take { user, seen } => {
                self.slots.get(user).is_some_and(|holder| Some(holder) != seen.as_ref())
            }
            SlotWrite::Require { user, holder } => self.slots.get(user) != Some(holder),
            SlotWrite::Overwrite(_) | SlotWrite::Free(_) => false,
        }
    }

    fn write_slot(&mut self, slot: &SlotWrite, meeting: &MeetingId) {
        match slot {
            SlotWrite::Take { user, .. } | SlotWrite::Overwrite(user) => {
                self.slots.insert(user.clone(), meeting.clone());
            }
            SlotWrite::Free(user) => {
                if self.slots.get(user) == Some(meeting) {
                    self.slots.remove(user);
                }
            }
            SlotWrite::Require { .. } => {}
        }
    }
}

impl StoredMeeting {
    /// Makes the record of a new meeting.
    #[must_use]
    pub fn new(meeting: &Meeting) -> Self {
        Self {
            meeting: Arc::new(meeting.clone()),
            reached: BTreeMap::new(),
            pending: BTreeMap::new(),
            due_at_ms: None,
        }
    }
}
