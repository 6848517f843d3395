//! The other calls of a user who takes a seat. A call slot names one meeting, so the one before has to be left, or found by
//! other means.

use crate::error::ServeError;
use crate::ports::{Meetings, Ports, Users};
use crate::service::Service;
use switchboard_core::{Input, Now};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::limits::MAX_MINUTES;

impl<P: Ports> Service<P> {
    /// Gives up the seats of `user` in all meetings but `here`. Safe to repeat.
    pub async fn leave_others(&self, user: &UserId, here: &MeetingId, now: Now) -> Result<(), ServeError> {
        let mut ids = self.table.meetings_of(user).await?;
        ids.remove(here);
        for loaded in self.table.meetings(&ids).await? {
            if loaded.meeting.participants.get(user).is_some_and(|p| p.is_member()) {
                let input = Input::AcceptedElsewhere { user: user.clone() };
                Box::pin(self.apply(loaded, &input, now)).await?;
            }
        }
        Ok(())
    }

    /// Lets the broker's events about `user` find the meeting `held`, from which another meeting is about to take the call
    /// slot.
    pub async fn keep_findable(
        &self,
        user: &UserId,
        held: Option<MeetingId>,
        now: Now,
    ) -> Result<(), ServeError> {
        let Some(held) = held else { return Ok(()) };
        let until_ms = now.ms + i64::from(MAX_MINUTES) * 60_000;
        Ok(self.table.keep_part(user, &held, until_ms).await?)
    }
}
