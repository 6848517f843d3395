//! The limits of a user's invitations, which are counted in the table with the commit that invites.

use crate::error::ServeError;
use crate::ports::{Loaded, Meetings, Ports, RingsWrite, StoredRings};
use crate::service::Service;
use std::collections::BTreeSet;
use switchboard_core::{Decision, Input, Invitee, Meeting, Now, Refusal, RingLog, RungUsers, decide};
use switchboard_protocol::address::UserId;
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;

/// Milliseconds after which a user who has created too many live meetings may retry. The end of a meeting is
/// not known in advance.
const LIVE_WAIT_MS: i64 = 60_000;

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
    /// Returns the inviter's invitations, including those of `decision`; `None` if the decision neither invites
    /// a user nor creates a meeting. Refuses with `rate_limited` beyond a limit. Reads the meetings of earlier
    /// requests only if the limit of unanswered rings or of live meetings may be reached.
    pub async fn count_rings(
        &self,
        inviter: &Inviter<'_>,
        decision: &Decision,
        now: Now,
    ) -> Result<Option<RingsWrite>, ServeError> {
        let Some(next) = &decision.next else { return Ok(None) };
        let users = next.rung(inviter.invitees);
        let is_new = next.rev == 1;
        if users.is_empty() && !is_new {
            return Ok(None);
        }
        let mut log = inviter.rings.log.clone();
        if is_new && next.end().is_none() {
            log = self.count_live_meeting(log, next, now).await?;
        }
        let doubtful = log.doubtful(&users, &self.limits, now.ms);
        if !doubtful.is_empty() {
            for loaded in self.table.meetings(&doubtful).await? {
                log = log.answered_in(&loaded.meeting);
            }
        }
        // A create request without invitees counts as one invitation, so that a flood of them has a limit.
        let answered = u32::from(users.is_empty());
        let request = RungUsers { at_ms: now.ms, meeting_id: next.id.clone(), users, answered };
        let log = log.with(request, &self.limits).map_err(Refusal::rate_limited)?;
        let (user, seen_version) = (inviter.user.clone(), inviter.rings.version);
        Ok(Some(RingsWrite { user, log, seen_version, at_ms: now.ms }))
    }

    /// Returns the log with the new meeting `next`. Refuses with `rate_limited` if the user has created as
    /// many live meetings as a user may. Reads them only if the log has as many.
    async fn count_live_meeting(
        &self,
        mut log: RingLog,
        next: &Meeting,
        now: Now,
    ) -> Result<RingLog, ServeError> {
        let max = self.limits.live_meetings_per_user as usize;
        if log.created.len() >= max {
            let ids = log.created.iter().map(|(_, id)| id.clone()).collect();
            let is_live = |loaded: &Loaded| {
                let decision = decide(&loaded.meeting, &Input::Deadline, now, self.rtc_capabilities());
                decision.next.as_ref().unwrap_or(&loaded.meeting).end().is_none()
            };
            let meetings = self.table.meetings(&ids).await?;
            let live: BTreeSet<&MeetingId> =
                meetings.iter().filter(|loaded| is_live(loaded)).map(|loaded| &loaded.meeting.id).collect();
            log.created.retain(|(_, id)| live.contains(id));
        }
        if log.created.len() >= max {
            let message = format!("you created {max} live meetings; end one of them, or retry later");
            let refusal = Refusal::new(Code::RateLimited, message);
            return Err(Refusal { retry_after_ms: Some(LIVE_WAIT_MS), ..refusal }.into());
        }
        Ok(log.with_created(next))
    }
}
