//! The table as the adapter of [`Meetings`] and [`Users`]. The other files have the methods of the same
//! names.

use super::Table;
use crate::ports::{
    Commit, CommitResult, DeviceSession, DeviceWrite, Due, DuePage, DueRange, HistoryCursor, Loaded,
    Meetings, OpeningView, Slot, StoreError, Stored, StoredRings, Users,
};
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{Availability, AvailabilityChange, CreateMark};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::{CallView, Reach};

impl Meetings for Table {
    async fn meeting(&self, id: &MeetingId) -> Result<Option<Stored>, StoreError> {
        Self::meeting(self, id).await
    }

    async fn meetings(&self, ids: &BTreeSet<MeetingId>) -> Result<Vec<Loaded>, StoreError> {
        Self::meetings(self, ids).await
    }

    async fn commit(&self, commit: &Commit<'_>) -> Result<CommitResult, StoreError> {
        Self::commit(self, commit).await
    }

    async fn put_mark(&self, mark: &CreateMark) -> Result<CommitResult, StoreError> {
        self.put_mark(mark).await
    }

    async fn mark_effects_done(
        &self,
        id: &MeetingId,
        rev: u64,
        reached: &BTreeMap<(InviteId, ClientId), Reach>,
    ) -> Result<Option<Loaded>, StoreError> {
        Self::mark_effects_done(self, id, rev, reached).await
    }

    async fn count_retelling(&self, id: &MeetingId, rev: u64, now_ms: i64) -> Result<bool, StoreError> {
        Self::count_retelling(self, id, rev, now_ms).await
    }

    async fn claim_channel(&self, id: &MeetingId, since_ms: i64, now_ms: i64) -> Result<bool, StoreError> {
        Self::claim_channel(self, id, since_ms, now_ms).await
    }

    async fn due(&self, range: &DueRange) -> Result<DuePage, StoreError> {
        Self::due(self, range).await
    }

    async fn postpone(&self, due: &Due, until_ms: i64) -> Result<(), StoreError> {
        Self::postpone(self, due, until_ms).await
    }

    async fn correct_due(&self, id: &MeetingId, rev: u64, due_at_ms: Option<i64>) -> Result<(), StoreError> {
        Self::correct_due(self, id, rev, due_at_ms).await
    }
}

impl Users for Table {
    async fn opening(
        &self,
        id: &MeetingId,
        users: &[UserId],
        caller: Option<&UserId>,
        now_ms: i64,
    ) -> Result<OpeningView, StoreError> {
        Self::opening(self, id, users, caller, now_ms).await
    }

    async fn rings(&self, user: &UserId) -> Result<StoredRings, StoreError> {
        Self::rings(self, user).await
    }

    async fn availability(&self, user: &UserId) -> Result<Availability, StoreError> {
        Self::availability(self, user).await
    }

    async fn block_user(&self, user: &UserId, other: &UserId) -> Result<Option<Availability>, StoreError> {
        Self::block_user(self, user, other).await
    }

    async fn unblock_user(&self, user: &UserId, other: &UserId) -> Result<Availability, StoreError> {
        Self::unblock_user(self, user, other).await
    }

    async fn set_availability(
        &self,
        user: &UserId,
        change: &AvailabilityChange,
    ) -> Result<Availability, StoreError> {
        Self::set_availability(self, user, change).await
    }

    async fn meetings_of(&self, user: &UserId, now_ms: i64) -> Result<BTreeSet<MeetingId>, StoreError> {
        Self::meetings_of(self, user, now_ms).await
    }

    async fn keep_part(
        &self,
        user: &UserId,
        id: &MeetingId,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<(), StoreError> {
        Self::keep_part(self, user, id, now_ms, until_ms).await
    }

    async fn slot(&self, user: &UserId) -> Result<Option<Slot>, StoreError> {
        Self::slot(self, user).await
    }

    async fn device_connected(
        &self,
        session: &DeviceSession,
        queue_ms: Option<i64>,
    ) -> Result<DeviceWrite, StoreError> {
        Self::device_connected(self, session, queue_ms).await
    }

    async fn connected_since_ms(&self, device: &ClientId) -> Result<Option<i64>, StoreError> {
        Self::connected_since_ms(self, device).await
    }

    async fn device_disconnected(&self, session: &DeviceSession) -> Result<DeviceWrite, StoreError> {
        Self::device_disconnected(self, session).await
    }

    async fn write_calls(&self, calls: &[(UserId, CallView)]) -> Result<(), StoreError> {
        Self::write_calls(self, calls).await
    }

    async fn calls(
        &self,
        user: &UserId,
        from: Option<&HistoryCursor>,
        limit: u32,
    ) -> Result<(Vec<CallView>, Option<HistoryCursor>), StoreError> {
        Self::calls(self, user, from, limit).await
    }
}
