//! Answering an invitation: ring, accept, reject (T5–T9, T12).

use super::change::Change;
use super::decide::Action;
use super::reply::{Outcome, Reply};
use super::{Leg, Refusal, Tell};
use crate::cause::Cause;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::{Body, ClosedReason};
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::ParticipantState as State;

impl Change {
    /// T5. Stored once: a further device that rings changes nothing but its own leg.
    pub(super) fn ringing(&mut self, by: &ClientId, invite_id: &InviteId) -> Outcome {
        self.open_invitation(by, invite_id)?;
        let first = self.participant(by).is_some_and(|p| p.state == State::Invited);
        if first {
            self.set_leg(by, Leg::Alerting);
            self.set_state(&by.user(), State::Ringing);
        } else if !self.has_leg(by) {
            // A device that learnt of the offer by itself must be told when it closes.
            self.set_leg(by, Leg::Alerting);
            self.changed = true;
        }
        Ok(Reply::Nothing)
    }

    /// T6: the first to commit wins; every other device of the user stops ringing.
    pub(super) fn accept(&mut self, by: &ClientId, invite_id: &InviteId) -> Outcome {
        self.open_invitation(by, invite_id)?;
        self.free_seat()?;
        self.set_leg(by, Leg::Won);
        self.each_leg(&by.user(), |device| if device == by { Leg::Won } else { Leg::LostElsewhere });
        self.enter(by);
        Ok(ACCEPTED)
    }

    /// T8, and T14 where that ends a direct call.
    pub(super) fn reject(&mut self, by: &ClientId, invite_id: &InviteId) -> Outcome {
        self.open_invitation(by, invite_id)?;
        self.each_leg(&by.user(), |device| if device == by { Leg::Closed } else { Leg::LostElsewhere });
        self.set_state(&by.user(), State::Declined);
        self.settle();
        Ok(Reply::Body(Body::Ok {}))
    }

    /// T10: only this device stops; the others ring on.
    pub(super) fn silence(&mut self, by: &ClientId, invite_id: &InviteId) -> Outcome {
        let Some(participant) = self.invited(by, invite_id) else { return Err(not_found()) };
        let leg = participant.invitation.as_ref().and_then(|i| i.legs.get(by)).copied();
        if participant.state.is_pending() && leg != Some(Leg::Silenced) {
            self.set_leg(by, Leg::Silenced);
            self.changed = true;
        }
        Ok(Reply::Body(Body::Ok {}))
    }

    fn invited(&self, by: &ClientId, invite_id: &InviteId) -> Option<&super::Participant> {
        self.participant(by).filter(|p| p.invitation.as_ref().is_some_and(|i| i.id == *invite_id))
    }

    /// Says why an invitation cannot be answered, if it cannot.
    pub(super) fn open_invitation(&self, by: &ClientId, invite_id: &InviteId) -> Result<(), Refusal> {
        let Some(participant) = self.invited(by, invite_id) else { return Err(not_found()) };
        match participant.state {
            State::Invited | State::Ringing => Ok(()),
            State::Cancelled => Err(Refusal::new(Code::InvitationCancelled, "the invitation was taken back")),
            State::NoAnswer | State::Unreachable => {
                Err(Refusal::new(Code::InvitationExpired, "the invitation's time is over"))
            }
            State::Banned => Err(Refusal::new(Code::Banned, "you are banned from this meeting")),
            _ => Err(Refusal::new(Code::AlreadyAnswered, "the invitation was answered already")),
        }
    }

    /// T7: a device that comes too late is also told to stop ringing.
    pub(super) fn late_answer(
        &self,
        by: &ClientId,
        action: &Action,
        code: Code,
        cause: &Cause,
    ) -> Option<Tell> {
        let Action::Accept { invite_id } = action else { return None };
        let elsewhere =
            self.participant(by).is_some_and(|p| p.state.is_member() && p.seat.as_ref() != Some(by));
        (code == Code::AlreadyAnswered && elsewhere).then(|| {
            let body = Body::InvitationClosed {
                invite_id: invite_id.clone(),
                reason: ClosedReason::AnsweredElsewhere,
            };
            Tell::news(&self.meeting, by, cause, invite_id.as_str(), body)
        })
    }

    /// The creator's own time to reach the media runs from the first accept.
    pub(super) fn start_hosts_deadline(&mut self) {
        let join_by_ms = self.now.ms + super::JOIN_MS;
        let creator = self.meeting.created_by.client_id.user();
        if let Some(creator) = self.meeting.participants.get_mut(&creator)
            && creator.state == State::Accepted
        {
            creator.join_by_ms.get_or_insert(join_by_ms);
        }
    }

    pub(super) fn participant(&self, by: &ClientId) -> Option<&super::Participant> {
        self.meeting.participants.get(&by.user())
    }

    fn has_leg(&self, by: &ClientId) -> bool {
        let invitation = self.participant(by).and_then(|p| p.invitation.as_ref());
        invitation.is_some_and(|invitation| invitation.legs.contains_key(by))
    }

    pub(super) fn set_leg(&mut self, by: &ClientId, leg: Leg) {
        let participant = self.meeting.participants.get_mut(&by.user());
        if let Some(invitation) = participant.and_then(|p| p.invitation.as_mut()) {
            invitation.legs.insert(by.clone(), leg);
        }
    }
}

fn not_found() -> Refusal {
    Refusal::new(Code::InvitationNotFound, "there is no such invitation for you")
}

/// The answer to an accept.
pub(super) const ACCEPTED: Reply =
    Reply::Seat(|meeting, now_ms| Body::InvitationAccepted { meeting: meeting.view(now_ms) });
