//! The table in memory, with faults that a test injects.

use super::process::Process;
use super::table_state::{StoredDevice, StoredMeeting, TableState};
use crate::ports::{
    Commit, CommitResult, DeviceSession, DeviceWrite, Due, DuePage, DueRange, HistoryCursor, Loaded, MAX_DUE,
    Meetings, OpeningView, SESSION_LIFE_MS, Slot, StoreError, Stored, StoredRings, UserRecord, Users,
    queue_until_ms,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use switchboard_core::{Availability, AvailabilityChange, CreateMark, KnownDevice, MAX_TOLD_AGAIN};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::limits::MAX_BLOCKED;
use switchboard_protocol::object::{CallView, Reach};

/// A change by another function between a read and a commit.
type Interference = Box<dyn FnOnce(&mut TableState)>;

/// The table in memory.
#[derive(Default)]
pub struct FakeTable {
    /// The contents.
    pub state: RefCell<TableState>,
    interferences: RefCell<VecDeque<Interference>>,
    failing: RefCell<BTreeSet<&'static str>>,
    hanging: RefCell<BTreeSet<MeetingId>>,
    losing_answer: Cell<Option<&'static str>>,
    crash_after_commit: Cell<bool>,
    process: Process,
}

impl FakeTable {
    pub(super) fn new(state: TableState, process: Process) -> Self {
        Self { state: RefCell::new(state), process, ..Self::default() }
    }

    /// Lets another function change the table directly before the next commit. Several calls are queued, one
    /// for each commit.
    pub fn before_next_commit(&self, interference: impl FnOnce(&mut TableState) + 'static) {
        self.interferences.borrow_mut().push_back(Box::new(interference));
    }

    /// Makes every later call of the port method `operation` fail.
    pub fn fail(&self, operation: &'static str) {
        self.failing.borrow_mut().insert(operation);
    }

    /// Makes every later read of the meeting `id` hang forever.
    pub fn hang(&self, id: &MeetingId) {
        self.hanging.borrow_mut().insert(id.clone());
    }

    /// Makes the next call of the port method `operation` fail after its write, as if its answer were lost.
    pub fn lose_answer(&self, operation: &'static str) {
        self.losing_answer.set(Some(operation));
    }

    /// Ends all injected faults, so that later calls succeed.
    pub fn recover(&self) {
        self.failing.borrow_mut().clear();
    }

    /// Crashes the process directly after its next commit: every later call of the table and the broker fails.
    pub fn crash_after_commit(&self) {
        self.crash_after_commit.set(true);
    }

    /// Returns the stored meeting.
    ///
    /// # Panics
    /// If the id is unknown.
    #[must_use]
    pub fn stored(&self, id: &MeetingId) -> StoredMeeting {
        self.state.borrow().meetings.get(id).cloned().expect("the meeting is stored")
    }

    /// Runs a commit: after the queued interference, and before the crash.
    fn write(&self, commit: impl FnOnce(&mut TableState) -> CommitResult) -> CommitResult {
        let mut state = self.state.borrow_mut();
        if let Some(interfere) = self.interferences.borrow_mut().pop_front() {
            interfere(&mut state);
        }
        let result = commit(&mut state);
        if self.crash_after_commit.get() && matches!(result, CommitResult::Done) {
            self.process.crash();
        }
        result
    }

    /// Returns the result of a write, unless its answer is to be lost.
    fn answer<T>(&self, operation: &'static str, result: T) -> Result<T, StoreError> {
        if self.losing_answer.get() == Some(operation) {
            self.losing_answer.set(None);
            return Err(StoreError::Unavailable { operation, source: "the answer got lost".into() });
        }
        Ok(result)
    }

    fn check(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.process.is_crashed() || self.failing.borrow().contains(operation) {
            return Err(StoreError::Unavailable { operation, source: "fault of the test".into() });
        }
        Ok(())
    }
}

impl Meetings for FakeTable {
    async fn meeting(&self, id: &MeetingId) -> Result<Option<Stored>, StoreError> {
        self.check("meeting")?;
        let hangs = self.hanging.borrow().contains(id);
        if hangs {
            std::future::pending::<()>().await;
        }
        Ok(self.state.borrow().stored(id))
    }

    async fn meetings(&self, ids: &BTreeSet<MeetingId>) -> Result<Vec<Loaded>, StoreError> {
        self.check("meetings")?;
        let state = self.state.borrow();
        Ok(ids.iter().filter_map(|id| state.meetings.get(id)).map(StoredMeeting::loaded).collect())
    }

    async fn commit(&self, commit: &Commit<'_>) -> Result<CommitResult, StoreError> {
        self.check("commit")?;
        Ok(self.write(|state| state.commit(commit)))
    }

    async fn put_mark(&self, mark: &CreateMark) -> Result<CommitResult, StoreError> {
        self.check("put_mark")?;
        Ok(self.write(|state| state.put_mark(mark)))
    }

    async fn mark_effects_done(
        &self,
        id: &MeetingId,
        rev: u64,
        reached: &BTreeMap<(InviteId, ClientId), Reach>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.check("mark_effects_done")?;
        let mut state = self.state.borrow_mut();
        let Some(stored) = state.meetings.get_mut(id) else { return Ok(None) };
        stored.pending.remove(&rev);
        for ((invite, device), reach) in reached {
            stored.reached.entry(invite.clone()).or_default().insert(device.clone(), *reach);
        }
        Ok(Some(stored.loaded()))
    }

    async fn count_retelling(&self, id: &MeetingId, rev: u64, _: i64) -> Result<bool, StoreError> {
        self.check("count_retelling")?;
        let mut state = self.state.borrow_mut();
        let times = state.retold.entry((id.clone(), rev)).or_default();
        let is_within = *times < MAX_TOLD_AGAIN;
        *times += usize::from(is_within);
        self.answer("count_retelling", is_within)
    }

    async fn claim_channel(&self, id: &MeetingId, since_ms: i64, now_ms: i64) -> Result<bool, StoreError> {
        self.check("claim_channel")?;
        let mut state = self.state.borrow_mut();
        let is_free = state.channels.get(id).is_none_or(|made_ms| *made_ms <= since_ms);
        if is_free {
            state.channels.insert(id.clone(), now_ms);
        }
        self.answer("claim_channel", is_free)
    }

    async fn due(&self, range: &DueRange) -> Result<DuePage, StoreError> {
        self.check("due")?;
        let state = self.state.borrow();
        let key = |due: &Due| (due.due_at_ms, due.meeting_id.clone());
        let after = range.after.as_ref().and_then(|after| after.get(&0)).map(key);
        let due = |(id, stored): (&MeetingId, &StoredMeeting)| {
            let due_at_ms = stored.due_at_ms.filter(|due_at_ms| *due_at_ms <= range.until_ms)?;
            Some(Due { meeting_id: id.clone(), due_at_ms })
        };
        let mut due: Vec<Due> = state.meetings.iter().filter_map(due).collect();
        due.retain(|due| after.as_ref().is_none_or(|after| key(due) > *after));
        due.sort_by_key(key);
        let has_more = due.len() > MAX_DUE;
        due.truncate(MAX_DUE);
        let last = due.last().filter(|_| has_more);
        let after = last.map(|last| BTreeMap::from([(0, last.clone())]));
        let rest = after.map(|after| DueRange { until_ms: range.until_ms, after: Some(after) });
        Ok(DuePage { due, rest })
    }

    async fn postpone(&self, due: &Due, until_ms: i64) -> Result<(), StoreError> {
        self.check("postpone")?;
        let mut state = self.state.borrow_mut();
        if let Some(stored) =
            state.meetings.get_mut(&due.meeting_id).filter(|stored| stored.due_at_ms == Some(due.due_at_ms))
        {
            stored.due_at_ms = Some(until_ms);
        }
        Ok(())
    }

    async fn correct_due(&self, id: &MeetingId, rev: u64, due_at_ms: Option<i64>) -> Result<(), StoreError> {
        self.check("correct_due")?;
        let mut state = self.state.borrow_mut();
        if let Some(stored) = state.meetings.get_mut(id).filter(|stored| stored.meeting.rev == rev) {
            stored.due_at_ms = due_at_ms;
        }
        Ok(())
    }
}

impl Users for FakeTable {
    async fn opening(
        &self,
        id: &MeetingId,
        users: &[UserId],
        caller: Option<&UserId>,
        now_ms: i64,
    ) -> Result<OpeningView, StoreError> {
        self.check("opening")?;
        let state = self.state.borrow();
        let meeting = state.stored(id);
        let has_settings = |user: &UserId| caller.is_some_and(|caller| caller != user);
        let record = |user: &UserId| match state.availabilities.get(user).filter(|_| has_settings(user)) {
            Some(availability) => {
                UserRecord { availability: availability.clone(), ..record(&state, user, now_ms) }
            }
            None => record(&state, user, now_ms),
        };
        let users = users.iter().map(|user| (user.clone(), record(user))).collect();
        let rings = caller.and_then(|caller| state.rings.get(caller)).cloned().unwrap_or_default();
        Ok(OpeningView { meeting, users, rings })
    }

    async fn rings(&self, user: &UserId) -> Result<StoredRings, StoreError> {
        self.check("rings")?;
        Ok(self.state.borrow().rings.get(user).cloned().unwrap_or_default())
    }

    async fn availability(&self, user: &UserId) -> Result<Availability, StoreError> {
        self.check("availability")?;
        Ok(self.state.borrow().availabilities.get(user).cloned().unwrap_or_default())
    }

    async fn block_user(&self, user: &UserId, other: &UserId) -> Result<Option<Availability>, StoreError> {
        self.check("block_user")?;
        let mut state = self.state.borrow_mut();
        let settings = state.availabilities.entry(user.clone()).or_default();
        if settings.blocked.len() >= MAX_BLOCKED && !settings.blocked.contains(other) {
            return Ok(None);
        }
        settings.blocked.insert(other.clone());
        Ok(Some(settings.clone()))
    }

    async fn unblock_user(&self, user: &UserId, other: &UserId) -> Result<Availability, StoreError> {
        self.check("unblock_user")?;
        let mut state = self.state.borrow_mut();
        let settings = state.availabilities.entry(user.clone()).or_default();
        settings.blocked.remove(other);
        Ok(settings.clone())
    }

    async fn set_availability(
        &self,
        user: &UserId,
        change: &AvailabilityChange,
    ) -> Result<Availability, StoreError> {
        self.check("set_availability")?;
        let mut state = self.state.borrow_mut();
        let settings = state.availabilities.entry(user.clone()).or_default();
        *settings = settings.with(change);
        Ok(settings.clone())
    }

    async fn meetings_of(&self, user: &UserId, _: i64) -> Result<BTreeSet<MeetingId>, StoreError> {
        self.check("meetings_of")?;
        let state = self.state.borrow();
        let parts = state.parts.iter().filter(|(of, _)| of == user).map(|(_, id)| id);
        Ok(parts.chain(state.slots.get(user)).cloned().collect())
    }

    async fn keep_part(&self, user: &UserId, id: &MeetingId, _: i64, _: i64) -> Result<(), StoreError> {
        self.check("keep_part")?;
        self.state.borrow_mut().parts.insert((user.clone(), id.clone()));
        Ok(())
    }

    async fn slot(&self, user: &UserId) -> Result<Option<Slot>, StoreError> {
        self.check("slot")?;
        let state = self.state.borrow();
        Ok(state.slots.get(user).map(|meeting_id| Slot { meeting_id: meeting_id.clone() }))
    }

    async fn device_connected(
        &self,
        session: &DeviceSession,
        queue_ms: Option<i64>,
    ) -> Result<DeviceWrite, StoreError> {
        self.check("device_connected")?;
        let is_newer = |known: &StoredDevice| {
            known.session.as_ref().is_none_or(|(_, version)| *version < session.version)
        };
        let result = self.write_device(session, true, is_newer, |_| queue_ms);
        self.answer("device_connected", result)
    }

    async fn connected_since_ms(&self, device: &ClientId) -> Result<Option<i64>, StoreError> {
        self.check("connected_since_ms")?;
        let state = self.state.borrow();
        let stored = state.users.get(&device.user()).and_then(|user| user.devices.get(device));
        let connected = stored.filter(|stored| stored.is_online || stored.session.is_none());
        Ok(connected.map(|stored| stored.seen_ms))
    }

    async fn device_disconnected(&self, session: &DeviceSession) -> Result<DeviceWrite, StoreError> {
        self.check("device_disconnected")?;
        let is_current_or_newer = |known: &StoredDevice| match &known.session {
            None => true,
            Some((id, version)) => (*id == session.session && known.is_online) || *version < session.version,
        };
        let result = self.write_device(session, false, is_current_or_newer, |known| known.queue_ms);
        self.answer("device_disconnected", result)
    }

    async fn write_calls(&self, calls: &[(UserId, CallView)]) -> Result<(), StoreError> {
        self.check("write_calls")?;
        let mut state = self.state.borrow_mut();
        for (user, call) in calls {
            let key = (call.ended_ms, call.meeting_id.clone());
            state.calls.entry(user.clone()).or_default().insert(key, call.clone());
        }
        Ok(())
    }

    async fn calls(
        &self,
        user: &UserId,
        from: Option<&HistoryCursor>,
        limit: u32,
    ) -> Result<(Vec<CallView>, Option<HistoryCursor>), StoreError> {
        self.check("calls")?;
        let state = self.state.borrow();
        let is_after = |call: &&CallView| from.is_none_or(|from| HistoryCursor::of(call) < *from);
        let mut calls = state.calls.get(user).into_iter().flat_map(|calls| calls.values().rev());
        let page: Vec<CallView> = calls.by_ref().filter(is_after).take(limit as usize).cloned().collect();
        let next = calls.next().and(page.last()).map(HistoryCursor::of);
        Ok((page, next))
    }
}

impl FakeTable {
    fn write_device(
        &self,
        session: &DeviceSession,
        is_online: bool,
        may_be_written: impl FnOnce(&StoredDevice) -> bool,
        queue_ms: impl FnOnce(&StoredDevice) -> Option<i64>,
    ) -> DeviceWrite {
        let mut state = self.state.borrow_mut();
        let user = Arc::make_mut(&mut state.users).entry(session.client_id.user()).or_default();
        let device = user.devices.entry(session.client_id.clone()).or_default();
        let of = Some((session.session.clone(), session.version));
        if may_be_written(device) {
            let queue_ms = queue_ms(device);
            *device = StoredDevice { seen_ms: session.at_ms, session: of, is_online, queue_ms };
            DeviceWrite::Done
        } else if device.session == of && device.is_online == is_online {
            DeviceWrite::Repeated
        } else {
            DeviceWrite::Outdated
        }
    }
}

fn record(state: &TableState, user: &UserId, now_ms: i64) -> UserRecord {
    let stored = state.users.get(user);
    let devices = stored.into_iter().flat_map(|stored| &stored.devices);
    UserRecord {
        name: stored.and_then(|stored| stored.name.clone()),
        devices: devices
            .map(|(id, device)| KnownDevice {
                client_id: id.clone(),
                seen_ms: device.seen_ms,
                queue_until_ms: device
                    .queue_ms
                    .map(|ms| queue_until_ms(ms, device.is_online, device.seen_ms, now_ms)),
            })
            .filter(|device| device.seen_ms + SESSION_LIFE_MS > now_ms)
            .collect(),
        slot: state.slots.get(user).map(|meeting_id| Slot { meeting_id: meeting_id.clone() }),
        availability: Availability::default(),
    }
}
