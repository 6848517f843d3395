//! The other calls of a user who takes a seat. A call slot names one meeting. So the user has to leave the
//! previous meeting, or the table needs another reference to it.

use crate::error::ServeError;
use crate::error_chain::ErrorChain;
use crate::ports::{Loaded, Meetings, Ports, Stored, UserRecord, Users};
use crate::service::Service;
use futures::future::join_all;
use std::collections::BTreeMap;
use switchboard_core::{Input, Meeting, Now, Participant, Refusal};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::limits::MAX_MINUTES;

/// Largest number of calls that are searched for the one to which a call slot returns.
const MAX_CALLS_BEFORE: usize = 4;

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

    /// Returns the call slots of the users who gave up their seats in the commit of `next` to the calls in which
    /// they still are. Returns `false` if that failed; then `wake` repeats it with the effects of the commit.
    pub(crate) async fn return_slots(&self, next: Option<&Meeting>, now: Now) -> bool {
        match next {
            Some(next) => self.return_slots_of(next, next.rev, now).await,
            None => true,
        }
    }

    /// Does the same as [`return_slots`](Self::return_slots) for the commit of the revision `rev`.
    pub(crate) async fn return_slots_of(&self, meeting: &Meeting, rev: u64, now: Now) -> bool {
        let mut is_done = true;
        for (user, call) in meeting.slots_to_return(rev) {
            if let Err(error) = self.return_slot(&user, call, &meeting.id, now).await {
                tracing::warn!(
                    meeting.id = %meeting.id, user = %user, error = %ErrorChain(&error),
                    "call slot not returned to the user's other call; `wake` will return it"
                );
                is_done = false;
            }
        }
        is_done
    }

    /// Returns the call slot of `user`, who left the call `from`, to `call`. If the user has left that call as
    /// well, returns the slot to the call in which the user was before. The commit of the call that gets the
    /// slot requires that the user is still in it, so no slot names a call without its user.
    async fn return_slot(
        &self,
        user: &UserId,
        mut call: MeetingId,
        from: &MeetingId,
        now: Now,
    ) -> Result<(), ServeError> {
        for _ in 0..MAX_CALLS_BEFORE {
            let stored = self.table.meeting(&call).await?.and_then(Stored::into_meeting);
            let Some(loaded) = stored else { return Ok(()) };
            if loaded.meeting.wants_slot_of(user, now, self.rtc_capabilities()) {
                let input = Input::LeftOtherCall { user: user.clone(), call: from.clone() };
                self.decide_and_commit(loaded, &input, now, self.rtc_capabilities()).await?;
                return Ok(());
            }
            let seat = loaded.meeting.participants.get(user).and_then(Participant::last_seat);
            match seat.and_then(|seat| seat.other_call.clone()) {
                Some(before) => call = before,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Stores references to the other calls of users who are about to be admitted to the meeting `here`.
    /// Returns these calls.
    pub async fn keep_other_calls_findable(
        &self,
        here: &MeetingId,
        users: &[UserId],
        now: Now,
    ) -> Result<BTreeMap<UserId, MeetingId>, ServeError> {
        if users.is_empty() {
            return Ok(BTreeMap::new());
        }
        let view = self.table.opening(here, users, None, now.ms).await?;
        let other = |(user, record): (UserId, UserRecord)| {
            let held = record.slot.map(|slot| slot.meeting_id).filter(|held| held != here)?;
            Some((user, held))
        };
        let others: BTreeMap<UserId, MeetingId> = view.users.into_iter().filter_map(other).collect();
        let kept = others.iter().map(|(user, held)| self.keep_findable(user, Some(held.clone()), now));
        join_all(kept).await.into_iter().collect::<Result<(), ServeError>>()?;
        Ok(others)
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
