//! Notices of invitations: to the invitee's devices and to the inviter.

use super::Notices;
use crate::invitation::{Invitation, Leg, closed_by_other_device};
use crate::participant::Participant;
use crate::standing::{OutReason, Presence, Standing};
use switchboard_protocol::downlink::{Body, ClosedReason};

impl Notices<'_> {
    /// To the invitee's devices and to the inviter of a participant who changed.
    pub(super) fn of_invitation(&mut self, participant: &Participant) {
        let Some(invitation) = participant.invitation() else { return };
        match &*participant.standing {
            Standing::Invited(pending) if !pending.is_ringing => self.offers(participant, invitation),
            Standing::Invited(_) => self.notify_inviter(participant, invitation),
            Standing::Seated(seat) => {
                if matches!(seat.presence, Presence::OnTheWay { .. }) && invitation.closed.is_from(self.rev) {
                    self.close(invitation, Leg::Lost, closed_by_other_device(false));
                }
            }
            Standing::Lobby { .. } => {}
            Standing::Out(exit) => self.of_exit(participant, invitation, exit.reason),
        }
    }

    fn of_exit(&mut self, participant: &Participant, invitation: &Invitation, reason: OutReason) {
        let never_seated = participant.last_seat().is_none();
        match reason {
            OutReason::Declined => {
                self.notify_inviter(participant, invitation);
                self.close(invitation, Leg::Lost, closed_by_other_device(true));
            }
            OutReason::Failed => self.notify_inviter(participant, invitation),
            // Declined because the user is busy: the user knows of the call.
            OutReason::UserBusy if participant.has_declined() => {
                self.notify_inviter(participant, invitation);
                self.close(invitation, Leg::Lost, closed_by_other_device(true));
            }
            OutReason::UserBusy => {
                self.notify_inviter(participant, invitation);
                self.missed_call(invitation, "user_busy");
            }
            OutReason::NoAnswer | OutReason::Unreachable => {
                self.notify_inviter(participant, invitation);
                self.close(invitation, Leg::Closed, ClosedReason::Expired);
                self.missed_call(invitation, reason.state().end_code().unwrap_or_default());
            }
            OutReason::Cancelled => {
                self.close(invitation, Leg::Closed, ClosedReason::Cancelled);
                self.missed_call(invitation, "cancelled");
            }
            // A user who had a seat gets `participant_removed`.
            OutReason::Banned { .. } if never_seated => {
                self.close(invitation, Leg::Closed, ClosedReason::Cancelled);
            }
            // A user who had a seat gets `meeting_ended`.
            OutReason::Ended if never_seated => {
                self.close(invitation, Leg::Closed, ClosedReason::MeetingEnded);
                self.missed_call(invitation, "meeting_ended");
            }
            _ => {}
        }
    }

    /// To devices whose offer another device took in this revision, whatever became of their user since.
    pub(super) fn of_lost_offers(&mut self, participant: &Participant) {
        let closed_now = |invitation: &&Invitation| invitation.closed.is_from(self.rev);
        if let Some(invitation) = participant.invitation().filter(closed_now) {
            let is_declined = participant.has_declined();
            self.close(invitation, Leg::Lost, closed_by_other_device(is_declined));
        }
    }

    fn offers(&mut self, participant: &Participant, invitation: &Invitation) {
        for device in invitation.devices(Leg::Offered) {
            let offer = self.meeting.offer(&participant.user_id, invitation, self.now_ms);
            self.notify_device(device, invitation.id.as_str(), Body::Invitation(offer));
        }
    }

    fn notify_inviter(&mut self, participant: &Participant, invitation: &Invitation) {
        // An inviter who left gets nothing; one for whom the call ends in this revision still does.
        let inviter = self.meeting.participants.get(&invitation.inviter);
        let inviter = inviter.filter(|p| p.is_member() || p.standing.is_from(self.rev));
        if let Some(seat) = inviter.and_then(Participant::last_seat) {
            let body = self.meeting.invitation_updated(participant, invitation);
            self.notify_device(&seat.device, invitation.id.as_str(), body);
        }
    }

    fn close(&mut self, invitation: &Invitation, leg: Leg, reason: ClosedReason) {
        for device in invitation.devices(leg) {
            let body = Body::InvitationClosed { invite_id: invitation.id.clone(), reason };
            self.notify_device(device, invitation.id.as_str(), body);
        }
    }

    fn missed_call(&mut self, invitation: &Invitation, reason: &str) {
        for device in invitation.legs.keys() {
            let from = self.meeting.caller(&invitation.inviter);
            let body = Body::MissedCall { from, reason: reason.to_owned(), at_ms: self.now_ms };
            self.notify_device(device, invitation.id.as_str(), body);
        }
    }
}
