//! The users that a request names, with their stored records.

use crate::error::ServeError;
use crate::ports::{Loaded, Meetings, Ports, StoreError, Stored, StoredRings, UserRecord, Users};
use crate::service::Service;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{Access, Invitee, KnownDevice, Now};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::{InviteId, MeetingId};

/// The records of users, and the meeting that was read with them.
pub struct KnownUsers {
    /// The user who calls or invites, with the time. The access of the caller to the others depends on both.
    caller: Option<(UserId, Now)>,
    /// The meeting; `None` for an unknown id.
    pub meeting: Option<Stored>,
    /// The invitations of the caller.
    pub rings: StoredRings,
    users: BTreeMap<UserId, UserRecord>,
    /// Meetings that the users' call slots name.
    slot_meetings: Vec<Loaded>,
    busy: BTreeSet<UserId>,
}

impl<P: Ports> Service<P> {
    /// Reads the meeting `id` and `users` in one round trip. If any call slot names a meeting, reads these
    /// meetings in a second one. `caller` is the user who calls or invites the others.
    pub async fn load_users(
        &self,
        id: &MeetingId,
        users: &[UserId],
        caller: &UserId,
        now: Now,
    ) -> Result<KnownUsers, ServeError> {
        let view = self.table.opening(id, users, Some(caller), now.ms).await?;
        let (slot_meetings, busy) = self.load_calls(id, &view.users, now).await?;
        let caller = Some((caller.clone(), now));
        Ok(KnownUsers {
            caller,
            meeting: view.meeting,
            rings: view.rings,
            users: view.users,
            slot_meetings,
            busy,
        })
    }

    /// Reads the meeting `id` and `users` in one round trip, without their settings and without checking for
    /// busy users.
    pub async fn load_users_without_calls(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now: Now,
    ) -> Result<KnownUsers, ServeError> {
        let view = self.table.opening(id, users, None, now.ms).await?;
        let (slot_meetings, busy) = (Vec::new(), BTreeSet::new());
        Ok(KnownUsers {
            caller: None,
            meeting: view.meeting,
            rings: view.rings,
            users: view.users,
            slot_meetings,
            busy,
        })
    }

    /// Reads the meetings of the users' call slots, and returns the users who are in another call. A slot
    /// counts only if its meeting is live, so that a crash never leaves a user busy permanently.
    async fn load_calls(
        &self,
        here: &MeetingId,
        users: &BTreeMap<UserId, UserRecord>,
        now: Now,
    ) -> Result<(Vec<Loaded>, BTreeSet<UserId>), StoreError> {
        let slot =
            |(user, record): (&UserId, &UserRecord)| Some((user.clone(), record.slot.clone()?.meeting_id));
        let slots: Vec<(UserId, MeetingId)> =
            users.iter().filter_map(slot).filter(|(_, id)| id != here).collect();
        let meetings = self.table.meetings(&slots.iter().map(|(_, id)| id.clone()).collect()).await?;
        let rtc = self.rtc_capabilities();
        let is_busy = |(user, id): &(UserId, MeetingId)| {
            meetings
                .iter()
                .any(|loaded| loaded.meeting.id == *id && loaded.meeting.holds_slot_of(user, now, rtc))
        };
        let busy = slots.into_iter().filter(is_busy).map(|(user, _)| user).collect();
        Ok((meetings, busy))
    }
}

impl KnownUsers {
    /// Returns the display name from the user's JWT.
    #[must_use]
    pub fn name(&self, user: &UserId) -> Option<String> {
        self.users.get(user).and_then(|record| record.name.clone())
    }

    /// Returns whether the user is in another call.
    #[must_use]
    pub fn is_busy(&self, user: &UserId) -> bool {
        self.busy.contains(user)
    }

    /// Returns whether the other call in which the user is only rings, and the caller is its inviter. Such a
    /// user is not in a call that keeps the caller from ringing once more.
    fn is_rung_by_caller(&self, user: &UserId) -> bool {
        let participant = self.call_of(user).and_then(|call| call.meeting.participants.get(user));
        let inviter =
            participant.filter(|p| p.is_pending()).and_then(|p| p.invitation()).map(|it| &it.inviter);
        inviter.is_some() && inviter == self.caller.as_ref().map(|(caller, _)| caller)
    }

    /// Returns the other call that the user is in.
    #[must_use]
    pub fn busy_in(&self, user: &UserId) -> Option<MeetingId> {
        self.slot_meeting(user).filter(|_| self.is_busy(user))
    }

    /// Returns the meeting that the user's call slot names. It has ended, unless the user is busy.
    #[must_use]
    pub fn slot_meeting(&self, user: &UserId) -> Option<MeetingId> {
        self.users.get(user).and_then(|record| record.slot.as_ref()).map(|slot| slot.meeting_id.clone())
    }

    /// Returns the stored meeting that the user's call slot names.
    #[must_use]
    pub fn call_of(&self, user: &UserId) -> Option<&Loaded> {
        let id = self.slot_meeting(user)?;
        self.slot_meetings.iter().find(|loaded| loaded.meeting.id == id)
    }

    /// Returns the user's devices.
    #[must_use]
    pub fn devices(&self, user: &UserId) -> Vec<KnownDevice> {
        self.users.get(user).map(|record| record.devices.clone()).unwrap_or_default()
    }

    /// Returns the access of the caller to the user.
    fn access(&self, user: &UserId) -> Access {
        let availability = self.users.get(user).map(|record| &record.availability);
        let of = availability.zip(self.caller.as_ref());
        of.map(|(availability, (caller, now))| availability.access(caller, now.ms)).unwrap_or_default()
    }

    /// Returns the user as an invitee.
    #[must_use]
    pub fn invitee(&self, user: &UserId, invite_id: InviteId) -> Invitee {
        Invitee {
            user_id: user.clone(),
            invite_id,
            name: self.name(user),
            devices: self.devices(user),
            busy: self.is_busy(user) && !self.is_rung_by_caller(user),
            access: self.access(user),
        }
    }
}
