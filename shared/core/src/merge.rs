//! A direct call that meets a call of the same two: who calls back while being rung takes that call (T16), and who
//! calls again while dropped out of it comes back to it (T17). So two people who call each other always meet.

use super::change::Change;
use super::reply::{Outcome, Reply};
use super::{Leg, Meeting, Now, Opening, Participant, Phase, Refusal, tick};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{BusyPolicy, Mode, ParticipantState as State};
use switchboard_protocol::requests::CreateMeeting;

impl Meeting {
    /// Whether the call that `by` asks for is this one, as it stands at `now`. Asked of the meeting that holds the
    /// slot of `by`, before anybody is found busy.
    #[must_use]
    pub fn meets(&self, by: &ClientId, create: &CreateMeeting, now: Now) -> bool {
        let settled = tick(self, now).next;
        let present = settled.as_ref().unwrap_or(self);
        let peer = create.invitees.first().filter(|_| create.mode == Mode::Direct);
        peer.is_some_and(|peer| {
            present.is_glare(&by.user(), peer, create.policy.unwrap_or_default().busy)
                || present.is_dropped_call(&by.user(), peer)
        })
    }

    /// T16: `user` calls `peer`, who rings `user` in this call. Who wants calls to wait wants two of them.
    fn is_glare(&self, user: &UserId, peer: &UserId, busy: BusyPolicy) -> bool {
        let rung = |p: &Participant| {
            p.state.is_pending() && p.invitation.as_ref().is_some_and(|i| i.inviter == *peer)
        };
        self.is_live_direct()
            && busy != BusyPolicy::Ring
            && self.policy.busy != BusyPolicy::Ring
            && self.participants.get(user).is_some_and(rung)
            && self.participants.get(peer).is_some_and(|p| p.state.is_member())
    }

    /// T17: `user` dropped out of this call with `peer`.
    fn is_dropped_call(&self, user: &UserId, peer: &UserId) -> bool {
        self.is_live_direct()
            && self.participants.get(user).is_some_and(|p| p.state == State::Reconnecting)
            && self.participants.get(peer).is_some_and(|p| p.state.is_member())
    }

    fn is_live_direct(&self) -> bool {
        self.mode == Mode::Direct && self.end().is_none()
    }

    /// The mark that a create leaves which met this call: the same create finds its way here again.
    #[must_use]
    pub fn merged_mark(&self, opening: &Opening, now: Now) -> Meeting {
        let mut mark = super::open::blank(opening, now);
        mark.rev = 1;
        mark.phase = Phase::Ended { reason: EndReason::Merged, at_ms: now.ms, rev: 1 };
        mark.merged_into = Some(self.id.clone());
        if let Some(caller) = mark.participants.get_mut(&opening.by.user()) {
            caller.state = State::Ended;
        }
        mark
    }
}

impl Change {
    /// T16 and T17. Refused with `state_conflict` if the two calls do not meet (any more): then it is a call of its own.
    pub(super) fn merge(&mut self, by: &ClientId, peer: &UserId, busy: BusyPolicy) -> Outcome {
        let user = by.user();
        if self.meeting.is_glare(&user, peer, busy) {
            self.set_leg(by, Leg::Won);
            self.each_leg(&user, |device| if device == by { Leg::Won } else { Leg::LostElsewhere });
            self.enter(by);
            if let Some(participant) = self.meeting.participants.get_mut(&user) {
                participant.merged_rev = self.rev;
            }
        } else if self.meeting.is_dropped_call(&user, peer) {
            // The request is remembered here even if the RTC service is who says that its user is back.
            self.changed = true;
            if self.seated(by).is_ok() {
                self.here(by);
                self.comes_back(by);
            } else {
                self.move_seat(by);
            }
        } else {
            return Err(Refusal::new(Code::StateConflict, "the two calls do not meet"));
        }
        self.merged_again(by)
    }

    /// The answer to a create that met this call, from the present state.
    pub(super) fn merged_again(&self, by: &ClientId) -> Outcome {
        self.seated(by)?;
        Ok(Reply::Seat(|meeting, now_ms| Body::MeetingMerged { meeting: meeting.view(now_ms) }))
    }

    /// A create that met this call is taken back: its device hangs up, and hears of the call that it asked for.
    pub(super) fn take_back(&mut self, by: &ClientId) -> Outcome {
        self.leave(by)?;
        Ok(Reply::Body(taken_back()))
    }
}

/// What the call that was asked for came to: it was never made.
pub(super) fn taken_back() -> Body {
    let reason = EndReason::Cancelled;
    Body::MeetingEnded { reason, sip: reason.sip(), duration_ms: 0 }
}
