//! The limits of a user's invitations, which are counted in the table with the commit that invites.

use crate::error::ServeError;
use crate::ports::{Meetings, Ports, RingsWrite, StoredRings};
use crate::service::Service;
use switchboard_core::{Decision, Invitee, Now, Refusal, RungUsers};
use switchboard_protocol::address::UserId;

/// A user who invites, with the user's earlier invitations.
#[derive(Debug)]
pub struct Inviter<'a> {
    /// Account.
    pub user: UserId,
    /// Invitations of the user within the last hour.
    pub rings: StoredRings,
    /// Users that the request names.
    pub invitees: &'a [Invitee],
}

impl<P: Ports> Service<P> {
    /// Returns the inviter's invitations, including those of `decision`; `None` if the decision invites
    /// nobody. Refuses with `rate_limited` beyond a limit. Reads the meetings of earlier rings only if the
    /// limit of unanswered rings may be reached.
    pub async fn count_rings(
        &self,
        inviter: &Inviter<'_>,
        decision: &Decision,
        now: Now,
    ) -> Result<Option<RingsWrite>, ServeError> {
        let Some(next) = &decision.next else { return Ok(None) };
        let users = next.rung(inviter.invitees);
        if users.is_empty() {
            return Ok(None);
        }
        let mut log = inviter.rings.log.clone();
        let doubtful = log.doubtful(&users, &self.limits, now.ms);
        if !doubtful.is_empty() {
            for loaded in self.table.meetings(&doubtful).await? {
                log = log.answered_in(&loaded.meeting);
            }
        }
        let request = RungUsers { at_ms: now.ms, meeting_id: next.id.clone(), users, answered: 0 };
        let log = log.with(request, &self.limits).map_err(Refusal::rate_limited)?;
        let (user, seen_version) = (inviter.user.clone(), inviter.rings.version);
        Ok(Some(RingsWrite { user, log, seen_version, at_ms: now.ms }))
    }
}
