//! The other calls of a user who takes a seat. A call slot names one meeting. So the user has to leave the
//! previous meeting, or the table needs another reference to it.

use crate::error::ServeError;
use crate::ports::{Loaded, Meetings, Ports, Stored, UserRecord, Users};
use crate::service::Service;
use futures::future::join_all;
use switchboard_core::{Input, Now, Refusal};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::limits::MAX_MINUTES;

/// A meeting, and the table's data about a user who takes a seat in it.
pub struct MeetingOfUser {
    /// The meeting's record.
    pub stored: Stored,
    /// Display name from the user's JWT.
    pub name: Option<String>,
    /// The other meeting that the user's call slot names, if any. It may have ended.
    pub other_call: Option<MeetingId>,
}

impl<P: Ports> Service<P> {
    /// Reads the meeting `id` and the record of `user` in one round trip. Refuses with `meeting_not_found`
    /// for an unknown id.
    pub async fn load_with_other_call(
        &self,
        id: &MeetingId,
        user: &UserId,
        now: Now,
    ) -> Result<MeetingOfUser, ServeError> {
        let mut view = self.table.opening(id, std::slice::from_ref(user), None, now.ms).await?;
        let stored = view.meeting.ok_or_else(Refusal::meeting_not_found)?;
        let UserRecord { name, slot, .. } = view.users.remove(user).unwrap_or_default();
        let other_call = slot.map(|slot| slot.meeting_id).filter(|held| held != id);
        Ok(MeetingOfUser { stored, name, other_call })
    }

    /// Gives up the seats of `user` in all calls except `here`, which the user accepted. A call is left only
    /// while `here` holds the user's call slot, so if the user accepts two calls at the same time, one of
    /// them stays. Safe to repeat.
    pub async fn leave_other_calls(
        &self,
        user: &UserId,
        here: &MeetingId,
        now: Now,
    ) -> Result<(), ServeError> {
        let mut ids = self.table.meetings_of(user, now.ms).await?;
        ids.remove(here);
        let input = Input::LeftForOtherCall { user: user.clone(), call: here.clone() };
        let others = self.table.meetings(&ids).await?.into_iter();
        let has_seat = |loaded: &Loaded| loaded.meeting.has_member(user);
        let left = others.filter(has_seat).map(|loaded| Box::pin(self.leave_other_call(loaded, &input, now)));
        join_all(left).await.into_iter().collect()
    }

    async fn leave_other_call(&self, other: Loaded, input: &Input, now: Now) -> Result<(), ServeError> {
        let (report, _) = self.apply(other, input, now).await?;
        self.put_report_of_other_call(&report, now).await;
        Ok(())
    }

    /// Stores references to the other calls of users who are about to be admitted to the meeting `here`.
    pub async fn keep_other_calls_findable(
        &self,
        here: &MeetingId,
        users: &[UserId],
        now: Now,
    ) -> Result<(), ServeError> {
        if users.is_empty() {
            return Ok(());
        }
        let view = self.table.opening(here, users, None, now.ms).await?;
        let held = |record: &UserRecord| record.slot.clone().map(|slot| slot.meeting_id);
        let kept = view.users.iter().map(|(user, record)| {
            let held = held(record).filter(|held| held != here);
            self.keep_findable(user, held, now)
        });
        join_all(kept).await.into_iter().collect()
    }

    /// Stores a reference to the meeting `held` before another meeting takes its call slot. With it, the
    /// broker's events about `user` and a repeated accept still find `held`.
    pub async fn keep_findable(
        &self,
        user: &UserId,
        held: Option<MeetingId>,
        now: Now,
    ) -> Result<(), ServeError> {
        let Some(held) = held else { return Ok(()) };
        let until_ms = now.ms + i64::from(MAX_MINUTES) * 60_000;
        Ok(self.table.keep_part(user, &held, now.ms, until_ms).await?)
    }
}
