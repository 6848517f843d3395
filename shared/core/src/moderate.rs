//! What host and cohosts do to others: putting them out, for now or for good (T32, T33).

use super::change::Change;
use super::reply::Outcome;
use super::{Leg, Refusal};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{ParticipantState as State, Role};

impl Change {
    /// Refuses whoever is not in the host set: host and cohosts who are in the meeting.
    pub(super) fn must_be_hosting(&self, by: &ClientId) -> Result<(), Refusal> {
        let hosting = |p: &super::Participant| p.state.is_member() && p.role != Role::Member;
        if self.participant(by).is_some_and(hosting) {
            Ok(())
        } else {
            Err(Refusal::new(Code::NotHost, "only the host and the cohosts may do this"))
        }
    }

    /// T32, T33. Who is put out has no role any more; a ban also closes an invitation that still rings.
    pub(super) fn remove(
        &mut self,
        by: &ClientId,
        user: &UserId,
        ban: bool,
        for_seconds: Option<u32>,
    ) -> Outcome {
        self.must_be_hosting(by)?;
        let Some(state) = self.meeting.participants.get(user).map(|p| p.state) else {
            return Err(Refusal::new(Code::UserNotFound, "that user has no part in this meeting"));
        };
        if *user == self.meeting.host {
            return Err(Refusal::new(Code::Forbidden, "the host cannot be removed"));
        }
        if !ban && !state.is_member() && state != State::Lobby {
            let words = "that user is not in the meeting; an invitation is taken back with cancel_invite";
            return Err(Refusal::new(Code::UserNotFound, words));
        }
        if state.is_pending() {
            self.each_leg(user, |_| Leg::Closed);
        }
        if let Some(participant) = self.meeting.participants.get_mut(user) {
            participant.role = Role::Member;
            participant.banned_until_ms =
                for_seconds.filter(|_| ban).map(|seconds| self.now.ms + i64::from(seconds) * 1_000);
        }
        self.set_state(user, if ban { State::Banned } else { State::Removed });
        self.settle();
        Ok(self.participant_answer(user).into())
    }

    /// A ban whose time is over leaves a stranger. Nobody is told: nothing changes until they ask.
    pub(super) fn end_bans(&mut self) {
        let now_ms = self.now.ms;
        let over = |p: &super::Participant| {
            p.state == State::Banned && p.banned_until_ms.is_some_and(|at| at <= now_ms)
        };
        for user in self.users(over) {
            if let Some(participant) = self.meeting.participants.get_mut(&user) {
                participant.state = State::Removed;
                participant.banned_until_ms = None;
                self.changed = true;
            }
        }
    }

    /// The participant as an answer.
    pub(super) fn participant_answer(&self, user: &UserId) -> Option<Body> {
        let participant = self.meeting.participants.get(user)?;
        Some(Body::ParticipantUpdated { participant: participant.view(self.now.ms) })
    }
}
