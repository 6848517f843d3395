//! Those who are to be invited, with what the table knows of them.

use super::{Failure, Service};
use crate::store::{Loaded, StoreError, UserRecord};
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{Device, Invitee, Now};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::{InviteId, MeetingId};

/// Users as the table knows them, and the meeting that was read with them.
pub struct People {
    /// The meeting that was asked for, if there is one.
    pub meeting: Option<Loaded>,
    users: BTreeMap<UserId, UserRecord>,
    /// Meetings that the users' call slots name.
    holders: Vec<Loaded>,
    occupied: BTreeSet<UserId>,
}

impl Service {
    /// Reads the meeting `id` and `users` in one round trip; one more where a call slot is held.
    pub async fn people(&self, id: &MeetingId, users: &[UserId], now: Now) -> Result<People, Failure> {
        let view = self.table.opening(id, users, now.ms).await?;
        let (holders, occupied) = self.occupied(id, &view.users, now).await?;
        Ok(People { meeting: view.meeting, users: view.users, holders, occupied })
    }

    /// The same in one round trip, where it does not matter who is in another call.
    pub async fn people_of(&self, id: &MeetingId, users: &[UserId], now: Now) -> Result<People, Failure> {
        let view = self.table.opening(id, users, now.ms).await?;
        let (holders, occupied) = (Vec::new(), BTreeSet::new());
        Ok(People { meeting: view.meeting, users: view.users, holders, occupied })
    }

    /// Who really is in another call. A held slot is believed only after its meeting was looked at, so that a crash
    /// never leaves anybody busy for good.
    async fn occupied(
        &self,
        here: &MeetingId,
        users: &BTreeMap<UserId, UserRecord>,
        now: Now,
    ) -> Result<(Vec<Loaded>, BTreeSet<UserId>), StoreError> {
        let held =
            |(user, record): (&UserId, &UserRecord)| Some((user.clone(), record.slot.clone()?.meeting_id));
        let held: Vec<(UserId, MeetingId)> =
            users.iter().filter_map(held).filter(|(_, id)| id != here).collect();
        let holders = self.table.meetings(&held.iter().map(|(_, id)| id.clone()).collect()).await?;
        let lives = |(user, id): &(UserId, MeetingId)| {
            holders.iter().any(|holder| holder.meeting.id == *id && holder.meeting.occupies(user, now))
        };
        let occupied = held.into_iter().filter(lives).map(|(user, _)| user).collect();
        Ok((holders, occupied))
    }
}

impl People {
    /// The name from the user's JWT.
    #[must_use]
    pub fn name(&self, user: &UserId) -> Option<String> {
        self.users.get(user).and_then(|record| record.name.clone())
    }

    /// Whether the user is in another call.
    #[must_use]
    pub fn is_busy(&self, user: &UserId) -> bool {
        self.occupied.contains(user)
    }

    /// The meeting that the user's call slot names; a dead one unless the user is busy.
    #[must_use]
    pub fn slot_holder(&self, user: &UserId) -> Option<MeetingId> {
        self.users.get(user).and_then(|record| record.slot.as_ref()).map(|slot| slot.meeting_id.clone())
    }

    /// The meeting that the user's call slot names, as it was read.
    #[must_use]
    pub fn call_of(&self, user: &UserId) -> Option<&Loaded> {
        let id = self.slot_holder(user)?;
        self.holders.iter().find(|holder| holder.meeting.id == id)
    }

    /// The user's known devices.
    #[must_use]
    pub fn devices(&self, user: &UserId) -> Vec<Device> {
        self.users.get(user).map(|record| record.devices.clone()).unwrap_or_default()
    }

    /// The user as an invitee.
    #[must_use]
    pub fn invitee(&self, user: &UserId, invite_id: InviteId) -> Invitee {
        Invitee {
            user_id: user.clone(),
            invite_id,
            name: self.name(user),
            devices: self.devices(user),
            busy: self.is_busy(user),
        }
    }
}
