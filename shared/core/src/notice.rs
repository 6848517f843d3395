//! Who is told what: read from the state, for one revision.
//!
//! Whatever a commit changed carries that commit's revision. So the news of a commit can be told again
//! later (a request was repeated, a function died) and only what is still true is told.

mod room;

use super::{Grant, Invitation, Leg, Meeting, Now, Participant, Tell, speech};
use crate::cause::Cause;
use std::collections::BTreeSet;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::{Body, ClosedReason, RemovedReason};
use switchboard_protocol::object::{Mode, ParticipantState as State};

/// The news of the commit that made `rev`, as far as it still holds.
pub(super) fn notices(meeting: &Meeting, rev: u64, cause: &Cause, now: Now) -> Vec<Tell> {
    let ended_now = meeting.end().is_some_and(|(_, _, ended_rev)| ended_rev == rev);
    let news = News { meeting, rev, cause, now, now_ms: now.ms };
    let mut tells = Vec::new();
    for participant in meeting.participants.values().filter(|p| p.changed_rev == rev) {
        news.of_invitation(participant, &mut tells);
        news.of_removal(participant, &mut tells);
        if !ended_now {
            news.to_members(participant, &mut tells);
        }
    }
    for participant in meeting.participants.values().filter(|p| p.changed_rev != rev) {
        news.of_lost_offers(participant, &mut tells);
    }
    if !ended_now {
        news.of_room(&mut tells);
        news.of_speech(&mut tells);
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
    now: Now,
    now_ms: i64,
}

impl News<'_> {
    fn tell(&self, to: &ClientId, subject: &str, body: Body) -> Tell {
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
            State::Accepted if invitation.closed_rev == self.rev => {
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
            // Only those who were still rung: who was in is told about it by `of_removal`.
            State::Banned if participant.seat.is_none() => {
                self.close(invitation, Leg::Closed, ClosedReason::Cancelled, tells);
            }
            // Only those who were still rung: who had a seat is told the end itself.
            State::Ended if participant.seat.is_none() => {
                self.close(invitation, Leg::Closed, ClosedReason::MeetingEnded, tells);
                self.missed(invitation, "meeting_ended", tells);
            }
            _ => {}
        }
    }

    /// Offers that were lost to another device stay lost, whatever became of their user since.
    fn of_lost_offers(&self, participant: &Participant, tells: &mut Vec<Tell>) {
        let invitation = participant.invitation.as_ref().filter(|i| i.closed_rev == self.rev);
        let reason = match participant.state {
            State::Declined => ClosedReason::DeclinedElsewhere,
            _ => ClosedReason::AnsweredElsewhere,
        };
        if let Some(invitation) = invitation {
            self.close(invitation, Leg::LostElsewhere, reason, tells);
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
        if !self.is_roster(participant) {
            return;
        }
        // The device that came in has the whole meeting in its answer.
        let moved = participant.moved.as_ref().is_some_and(|moved| moved.rev == self.rev);
        let knows = moved || participant.state == State::Accepted;
        self.to_all_members(tells, participant.user_id.as_str(), |member| {
            if member.user_id == participant.user_id && knows {
                None
            } else if participant.merged_rev == self.rev {
                Some(Body::MeetingMerged { meeting: self.meeting.view(self.now_ms) })
            } else {
                Some(Body::ParticipantUpdated { participant: participant.view(self.now_ms) })
            }
        });
    }

    /// Whether members are told of this participant's present state.
    fn is_roster(&self, participant: &Participant) -> bool {
        match participant.state {
            State::Accepted
            | State::Joined
            | State::Reconnecting
            | State::Left
            | State::Lost
            | State::Removed
            | State::Banned => true,
            // In a direct call its end says it.
            State::Failed => self.meeting.mode == Mode::Group,
            // Those who are invited with the create stand in its answer.
            State::Invited => self.rev > 1,
            _ => false,
        }
    }

    /// T32, T33: to the device that was in, or to all that were offered to be.
    fn of_removal(&self, participant: &Participant, tells: &mut Vec<Tell>) {
        let (reason, until_in_ms) = match participant.state {
            State::Removed => (RemovedReason::Removed, None),
            State::Banned => {
                let until_ms = participant.banned_until_ms;
                (RemovedReason::Banned, until_ms.map(|until_ms| (until_ms - self.now_ms).max(0)))
            }
            _ => return,
        };
        let offered = participant.invitation.iter().flat_map(|invitation| invitation.legs.keys());
        let mut devices: BTreeSet<&ClientId> = participant.waiting.iter().chain(&participant.seat).collect();
        if devices.is_empty() {
            devices.extend(offered);
        }
        for device in devices {
            let body = Body::ParticipantRemoved { reason, until_in_ms };
            tells.push(self.tell(device, participant.user_id.as_str(), body));
        }
    }

    /// T34–T38: everybody whose speech changed, and everybody else; in one statement where one is true of all.
    fn of_speech(&self, tells: &mut Vec<Tell>) {
        let changed: Vec<&Participant> =
            self.meeting.members().filter(|p| p.speech.rev == self.rev).collect();
        let summary = speech::of_everybody(self.meeting, self.rev, self.now);
        for member in self.meeting.members() {
            let Some(seat) = &member.seat else { continue };
            let own = changed.iter().filter(|p| p.user_id == member.user_id);
            let others = changed.iter().filter(|p| p.user_id != member.user_id && summary.is_none());
            let of_one =
                |p: &&Participant| (p.user_id.as_str().to_owned(), speech::of_one(self.meeting, p, self.now));
            let all = summary.clone().map(|body| ("*".to_owned(), body));
            for (subject, body) in own.chain(others).map(of_one).chain(all) {
                let tell = self.tell(seat, &subject, body);
                tells.push(Tell { prev_rev: Some(self.meeting.told_rev), ..tell });
            }
        }
    }

    /// What every member is told, whoever there is something to say to.
    fn to_all_members(
        &self,
        tells: &mut Vec<Tell>,
        subject: &str,
        body: impl Fn(&Participant) -> Option<Body>,
    ) {
        for member in self.meeting.members() {
            let (Some(seat), Some(body)) = (&member.seat, body(member)) else { continue };
            let merged = matches!(body, Body::MeetingMerged { .. });
            let grant = merged.then(|| Grant::of(self.meeting, member));
            let tell = self.tell(seat, subject, body);
            tells.push(Tell { prev_rev: Some(self.meeting.told_rev), grant, ..tell });
        }
    }

    fn of_end(&self, tells: &mut Vec<Tell>) {
        let ended = self
            .meeting
            .participants
            .values()
            .filter(|p| p.changed_rev == self.rev && p.state == State::Ended);
        // Who still waited in the lobby, or was let in just now, did so on several devices.
        let devices: BTreeSet<&ClientId> = ended.flat_map(|p| p.waiting.iter().chain(&p.seat)).collect();
        for device in devices {
            if let Some(body) = self.meeting.ended_body() {
                tells.push(self.tell(device, "", body));
            }
        }
    }
}
