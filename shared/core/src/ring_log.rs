//! The invitations that one user made within the last hour, and their limits: the number in a minute, in an
//! hour, and to one callee who did not answer.

use crate::input::Invitee;
use crate::meeting::Meeting;
use crate::request_limits::RequestLimits;
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::limits::MAX_MINUTES;

const MINUTE_MS: i64 = 60_000;
/// Milliseconds for which an invitation is counted. Older invitations are removed from the log.
pub const RINGS_KEPT_MS: i64 = 60 * MINUTE_MS;

/// Longest life of a meeting in milliseconds, with all extensions.
pub const LONGEST_MEETING_MS: i64 = MAX_MINUTES as i64 * MINUTE_MS;

/// The invitations of one user, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RingLog {
    /// One entry for each request that invited users or created a meeting.
    pub requests: Vec<RungUsers>,
    /// Meetings that the user created, with the time in milliseconds since the epoch, oldest first. They may
    /// have ended.
    pub created: Vec<(i64, MeetingId)>,
}

/// The users that one request rang.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungUsers {
    /// Time of the request, in milliseconds since the epoch.
    pub at_ms: i64,
    /// The meeting. Its record has the results of the invitations.
    pub meeting_id: MeetingId,
    /// Users who, as far as is known, did not accept the call.
    pub users: Vec<UserId>,
    /// Number of users who are known to have accepted the call. A create request without invitees counts as
    /// one.
    pub answered: u32,
}

impl RungUsers {
    fn count(&self) -> usize {
        self.users.len() + self.answered as usize
    }
}

impl RingLog {
    /// Returns the log with another request and without entries that are too old to count. If no entry
    /// counts, a request may ring as many users as the protocol allows, even more than a limit.
    ///
    /// # Errors
    /// The milliseconds to wait, if the request exceeds a limit.
    pub fn with(&self, request: RungUsers, limits: &RequestLimits) -> Result<Self, i64> {
        let now_ms = request.at_ms;
        let mut requests = self.recent(now_ms);
        let all: Vec<(i64, usize)> = requests.iter().map(|it| (it.at_ms, it.count())).collect();
        let of = |user: &UserId| -> Vec<(i64, usize)> {
            let to_user = requests.iter().filter(|it| it.users.contains(user));
            to_user.map(|it| (it.at_ms, 1)).collect()
        };
        let pair_wait =
            |user: &UserId| wait_ms(&of(user), 1, limits.unanswered_rings_per_hour, RINGS_KEPT_MS, now_ms);
        let waits = [
            wait_ms(&all, request.count(), limits.invitations_per_minute, MINUTE_MS, now_ms),
            wait_ms(&all, request.count(), limits.invitations_per_hour, RINGS_KEPT_MS, now_ms),
        ];
        match waits.into_iter().chain(request.users.iter().map(pair_wait)).max() {
            Some(wait_ms) if wait_ms > 0 => Err(wait_ms),
            _ => {
                requests.push(request);
                Ok(Self { requests, created: self.created.clone() })
            }
        }
    }

    /// Returns the meetings whose records must be read to decide whether a request exceeds the limit of
    /// unanswered rings. Empty if the request is within the limit even without any answers, so an ordinary
    /// call needs no read.
    #[must_use]
    pub fn doubtful(&self, users: &[UserId], limits: &RequestLimits, now_ms: i64) -> BTreeSet<MeetingId> {
        let recent = self.recent(now_ms);
        let of = |user: &UserId| -> Vec<&RungUsers> {
            recent.iter().filter(|it| it.users.contains(user)).collect()
        };
        let full =
            users.iter().map(of).filter(|rings| rings.len() >= limits.unanswered_rings_per_hour as usize);
        full.flatten().map(|rung| rung.meeting_id.clone()).collect()
    }

    /// Counts the users who accepted the call of `meeting` as answered.
    #[must_use]
    pub fn answered_in(&self, meeting: &Meeting) -> Self {
        let has_answered = |user: &UserId| {
            let participant = meeting.participants.get(user);
            participant
                .is_some_and(|p| p.had_seat || p.times.answered_ms.is_some() || p.times.joined_ms.is_some())
        };
        let mut requests = self.requests.clone();
        for rung in requests.iter_mut().filter(|rung| rung.meeting_id == meeting.id) {
            let before = rung.users.len();
            rung.users.retain(|user| !has_answered(user));
            rung.answered += u32::try_from(before - rung.users.len()).unwrap_or(u32::MAX);
        }
        Self { requests, created: self.created.clone() }
    }

    /// Returns the log with another created meeting, and without those that must have ended.
    #[must_use]
    pub fn with_created(mut self, meeting: &Meeting) -> Self {
        self.created.retain(|(at_ms, _)| at_ms + LONGEST_MEETING_MS > meeting.created_ms);
        self.created.push((meeting.created_ms, meeting.id.clone()));
        self
    }

    fn recent(&self, now_ms: i64) -> Vec<RungUsers> {
        let counts = |rung: &&RungUsers| rung.at_ms + RINGS_KEPT_MS > now_ms;
        self.requests.iter().filter(counts).cloned().collect()
    }
}

/// Returns the milliseconds until `more` events are within the limit. `past` has the time and the number of
/// earlier events, oldest first. The result is at most `within_ms`: an event may be later than `now_ms`, since
/// another process with another clock counted it.
fn wait_ms(past: &[(i64, usize)], more: usize, limit: u32, within_ms: i64, now_ms: i64) -> i64 {
    let mut counted: usize =
        past.iter().filter(|(at_ms, _)| at_ms + within_ms > now_ms).map(|(_, n)| n).sum();
    let mut wait_ms = 0;
    for (at_ms, number) in past.iter().filter(|(at_ms, _)| at_ms + within_ms > now_ms) {
        if counted == 0 || counted + more <= limit as usize {
            break;
        }
        counted -= number;
        wait_ms = (at_ms + within_ms - now_ms).min(within_ms);
    }
    wait_ms
}

impl Meeting {
    /// Returns the users that the present revision invited. Users in another call are among them: their devices
    /// did not ring, and got a missed call.
    #[must_use]
    pub fn rung(&self, invitees: &[Invitee]) -> Vec<UserId> {
        let is_rung = |invitee: &&Invitee| {
            self.participants.get(&invitee.user_id).is_some_and(|p| {
                let is_this = p.invitation().is_some_and(|invitation| invitation.id == invitee.invite_id);
                is_this && p.standing.is_from(self.rev)
            })
        };
        invitees.iter().filter(is_rung).map(|invitee| invitee.user_id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::{Call, user};

    const LIMITS: RequestLimits = RequestLimits {
        invitations_per_minute: 3,
        invitations_per_hour: 5,
        unanswered_rings_per_hour: 2,
        ..RequestLimits::NONE
    };

    fn ring(at_ms: i64, names: &[&str]) -> RungUsers {
        let users = names.iter().map(|name| user(name)).collect();
        let meeting_id = format!("m{at_ms}").parse().expect("an id");
        RungUsers { at_ms, meeting_id, users, answered: 0 }
    }

    fn log(rings: &[(i64, &[&str])]) -> RingLog {
        let requests = rings.iter().map(|(at_ms, names)| ring(*at_ms, names)).collect();
        RingLog { requests, created: Vec::new() }
    }

    #[test]
    fn a_caller_has_a_limit_in_a_minute_and_one_in_an_hour() {
        let past = log(&[(0, &["a"]), (10_000, &["b", "c"])]);
        assert_eq!(
            past.with(ring(20_000, &["d"]), &LIMITS),
            Err(40_000),
            "until the first one is a minute old"
        );
        assert_eq!(past.with(ring(20_000, &["d", "e"]), &LIMITS), Err(50_000), "both of the second request");
        assert!(past.with(ring(60_000, &["d"]), &LIMITS).is_ok());
        let past = log(&[(0, &["a", "b", "c"]), (70_000, &["d", "e"])]);
        assert_eq!(past.with(ring(200_000, &["f"]), &LIMITS), Err(3_400_000));
        let later = past.with(ring(RINGS_KEPT_MS, &["f"]), &LIMITS).expect("the first ones do not count");
        assert_eq!(later.requests.len(), 2, "what does not count is forgotten");
    }

    #[test]
    fn a_wait_is_no_longer_than_the_window_though_another_clock_is_ahead() {
        let past = log(&[(7, &["a", "b", "c"])]);
        assert_eq!(past.with(ring(5, &["d"]), &LIMITS), Err(60_000));
    }

    #[test]
    fn a_large_group_may_ring_after_a_pause() {
        let many = ["a", "b", "c", "d", "e", "f"];
        assert!(RingLog::default().with(ring(0, &many), &LIMITS).is_ok());
        let past = log(&[(0, &many)]);
        assert_eq!(past.with(ring(1_000, &["g"]), &LIMITS), Err(RINGS_KEPT_MS - 1_000));
    }

    #[test]
    fn rings_that_the_same_user_did_not_take_have_a_limit_of_their_own() {
        let past = log(&[(0, &["bob"]), (100_000, &["bob"])]);
        assert_eq!(past.with(ring(200_000, &["bob"]), &LIMITS), Err(RINGS_KEPT_MS - 200_000));
        assert!(past.with(ring(200_000, &["carol"]), &LIMITS).is_ok());
        assert_eq!(past.doubtful(&[user("bob")], &LIMITS, 200_000).len(), 2);
        assert!(past.doubtful(&[user("carol")], &LIMITS, 200_000).is_empty());
        assert!(past.doubtful(&[user("bob")], &LIMITS, RINGS_KEPT_MS).is_empty());
    }

    #[test]
    fn a_call_that_was_taken_counts_for_the_caller_and_not_for_the_pair() {
        let mut call = Call::direct();
        let mut past = log(&[(0, &["bob"]), (100_000, &["bob"])]);
        past.requests[0].meeting_id = call.meeting.id.clone();
        assert_eq!(past.answered_in(&call.meeting), past, "it rings");
        call.rejects("bob.phone").expect("declines");
        assert_eq!(past.answered_in(&call.meeting), past, "a call that was declined was not taken");
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        call.leaves("bob.phone").expect("leaves");
        let taken = past.answered_in(&call.meeting);
        assert_eq!((taken.requests[0].count(), taken.requests[0].users.len()), (1, 0));
        assert!(taken.with(ring(200_000, &["bob"]), &LIMITS).is_ok());
    }
}
