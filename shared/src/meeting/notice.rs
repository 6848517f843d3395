//! Who is told what: read from the state, for one revision.
//!
//! Whatever a commit changed carries that commit's revision. So the news of a commit can be told again
//! later (a request was repeated, a function died) and only what is still true is told.

use super::{Grant, Invitation, Leg, Meeting, Participant, Tell};
use crate::address::ClientId;
use crate::cause::Cause;
use crate::message::downlink::{Body, ClosedReason};
use crate::message::object::ParticipantState as State;

/// The news of the commit that made `rev`, as far as it still holds.
pub(super) fn notices(meeting: &Meeting, rev: u64, cause: &Cause, now_ms: i64) -> Vec<Tell> {
    let ended_now = meeting.end().is_some_and(|(_, _, ended_rev)| ended_rev == rev);
    let news = News { meeting, rev, cause, now_ms };
    let mut tells = Vec::new();
    if meeting.grouped_rev == Some(rev) && !ended_now {
        news.to_all_members(&mut tells);
    }
    for participant in meeting.participants.values().filter(|p| p.changed_rev == rev) {
        news.of_invitation(participant, &mut tells);
        if !ended_now {
            news.to_members(participant, &mut tells);
        }
    }
    if ended_now {
        news.of_end(&mut tells);
    }
    tells
}

struct News<'a> {
    meeting: &'a Meeting,
    rev: u64,
    cause: &'a Cause,
    now_ms: i64,
}

impl News<'_> {
    fn tell(&self, to: &ClientId, subject: &str, body: Body<Grant>) -> Tell {
        Tell::news(self.meeting, to, self.cause, subject, body)
    }

    /// The invitee's devices, and the inviter.
    fn of_invitation(&self, participant: &Participant, tells: &mut Vec<Tell>) {
        let Some(invitation) = &participant.invitation else { return };
        match participant.state {
            State::Invited => {
                for device in
                    invitation.legs.iter().filter(|(_, leg)| **leg == Leg::Offered).map(|(device, _)| device)
                {
                    let offer = self.meeting.offer(&participant.user_id, invitation, self.now_ms);
                    tells.push(self.tell(device, invitation.id.as_str(), Body::Invitation(offer)));
                }
            }
            State::Accepted => {
                self.close(invitation, Leg::LostElsewhere, ClosedReason::AnsweredElsewhere, tells);
            }
            State::Declined => {
                self.inviter(participant, invitation, tells);
                self.close(invitation, Leg::LostElsewhere, ClosedReason::DeclinedElsewhere, tells);
            }
            State::Ringing | State::Failed => self.inviter(participant, invitation, tells),
            State::UserBusy => {
                self.inviter(participant, invitation, tells);
                self.missed(invitation, "user_busy", tells);
            }
            State::NoAnswer | State::Unreachable => {
                self.inviter(participant, invitation, tells);
                self.close(invitation, Leg::Closed, ClosedReason::Expired, tells);
                self.missed(invitation, participant.state.end_code().unwrap_or_default(), tells);
            }
            State::Cancelled => {
                self.close(invitation, Leg::Closed, ClosedReason::Cancelled, tells);
                self.missed(invitation, "cancelled", tells);
            }
            // Only those who were still rung: who had a seat is told the end itself.
            State::Ended if participant.seat.is_none() => {
                self.close(invitation, Leg::Closed, ClosedReason::MeetingEnded, tells);
                self.missed(invitation, "meeting_ended", tells);
            }
            _ => {}
        }
    }

    fn inviter(&self, participant: &Participant, invitation: &Invitation, tells: &mut Vec<Tell>) {
        let inviter = self.meeting.participants.get(&invitation.inviter);
        // An inviter who has gone hears nothing; one for whom the call ends just now still does.
        let seat = inviter
            .filter(|p| p.state.is_member() || p.changed_rev == self.rev)
            .and_then(|p| p.seat.as_ref());
        if let Some(seat) = seat {
            tells.push(self.tell(
                seat,
                invitation.id.as_str(),
                self.meeting.invitation_updated(participant, invitation),
            ));
        }
    }

    fn close(&self, invitation: &Invitation, leg: Leg, reason: ClosedReason, tells: &mut Vec<Tell>) {
        for (device, _) in invitation.legs.iter().filter(|(_, state)| **state == leg) {
            let body = Body::InvitationClosed { invite_id: invitation.id.clone(), reason };
            tells.push(self.tell(device, invitation.id.as_str(), body));
        }
    }

    fn missed(&self, invitation: &Invitation, reason: &str, tells: &mut Vec<Tell>) {
        for device in invitation.legs.keys() {
            let from = self.meeting.from(&invitation.inviter);
            let body = Body::MissedCall { from, reason: reason.to_owned(), at_ms: self.now_ms };
            tells.push(self.tell(device, invitation.id.as_str(), body));
        }
    }

    /// The roster: every member hears that this participant changed.
    fn to_members(&self, participant: &Participant, tells: &mut Vec<Tell>) {
        let told = match participant.state {
            State::Accepted | State::Joined | State::Reconnecting | State::Left | State::Lost => true,
            // Those who are invited with the create stand in its answer.
            State::Invited => self.rev > 1,
            _ => false,
        };
        if !told {
            return;
        }
        for member in self.meeting.members() {
            // The device that accepted has the whole meeting in its answer.
            if member.user_id == participant.user_id && participant.state == State::Accepted {
                continue;
            }
            let Some(seat) = &member.seat else { continue };
            let body = Body::ParticipantUpdated { participant: participant.view() };
            let tell = self.tell(seat, participant.user_id.as_str(), body);
            tells.push(Tell { prev_rev: Some(self.meeting.told_rev), ..tell });
        }
    }

    /// A direct call became a group.
    fn to_all_members(&self, tells: &mut Vec<Tell>) {
        for seat in self.meeting.members().filter_map(|member| member.seat.as_ref()) {
            let body = Body::MeetingUpdated { meeting: self.meeting.view(self.now_ms) };
            let tell = self.tell(seat, "", body);
            tells.push(Tell { prev_rev: Some(self.meeting.told_rev), ..tell });
        }
    }

    fn of_end(&self, tells: &mut Vec<Tell>) {
        let ended = self
            .meeting
            .participants
            .values()
            .filter(|p| p.changed_rev == self.rev && p.state == State::Ended);
        for seat in ended.filter_map(|p| p.seat.as_ref()) {
            if let Some(body) = self.meeting.ended_body() {
                tells.push(self.tell(seat, "", body));
            }
        }
    }
}
