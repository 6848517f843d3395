//! The notices of a commit, which are read from the state for one revision (decision 0001).
//!
//! Every value that a commit changed carries the commit's revision. So the notices can be repeated later,
//! after a repeat of the request or a crash of the function, and only those that still apply are repeated.
//! This file has the notices about one participant. Each other subject has a file: the [`meeting`] itself,
//! the [`lobby`], [`speech`], and the [`end`].

mod end;
mod lobby;
mod meeting;
mod speech;

use crate::cause::Cause;
use crate::grant::Grant;
use crate::input::RtcCapabilities;
use crate::invitation::{Invitation, Leg};
use crate::meeting::Meeting;
use crate::outgoing::{DeliveryClass, Outgoing};
use crate::participant::Participant;
use crate::standing::{OutReason, Presence, Standing};
use std::collections::BTreeSet;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::{Body, ClosedReason, RemovedReason};
use switchboard_protocol::object::{Mode, Role};

/// Largest number of participants whose changes in one commit are notified one by one. If more change, each
/// member gets the whole meeting instead: otherwise one request in a meeting of 100 would publish 10,000
/// downlinks.
const MAX_TOLD_SINGLY: usize = 8;

/// Returns the notices of the commit that made `rev`, as far as they still apply.
pub(crate) fn notices(
    meeting: &Meeting,
    rev: u64,
    cause: &Cause,
    now_ms: i64,
    rtc: RtcCapabilities,
) -> Vec<Outgoing> {
    let mut notices = Notices { meeting, rev, cause, now_ms, rtc, list: Vec::new() };
    let is_end = meeting.end().is_some_and(|end| end.rev == rev);
    let changed = meeting.participants.values().filter(|p| p.standing.is_from(rev));
    let has_many = changed.filter(|p| notices.is_roster(p)).count() > MAX_TOLD_SINGLY;
    for participant in meeting.participants.values().filter(|p| p.standing.is_from(rev)) {
        notices.of_invitation(participant);
        notices.of_removal(participant);
        if !is_end {
            if !has_many {
                notices.of_roster(participant);
            }
            notices.of_own_loss(participant);
        }
    }
    for participant in meeting.participants.values().filter(|p| !p.standing.is_from(rev)) {
        notices.of_lost_offers(participant);
    }
    if is_end {
        notices.of_end();
    } else {
        let has_many = notices.of_speech() || has_many;
        notices.of_meeting(has_many);
        notices.of_lobby();
    }
    notices.list
}

/// The notices of one revision while they are collected.
struct Notices<'a> {
    meeting: &'a Meeting,
    rev: u64,
    cause: &'a Cause,
    now_ms: i64,
    rtc: RtcCapabilities,
    list: Vec<Outgoing>,
}

impl Notices<'_> {
    fn notify_device(&mut self, to: &ClientId, subject: &str, body: Body) {
        self.list.push(Outgoing::notice(self.meeting, to, self.cause, subject, body));
    }

    /// Adds one member's copy of a notice to all members. Its `prev_rev` reveals a gap.
    fn notify_member(&mut self, member: &Participant, subject: &str, body: Body) {
        let Some(seat) = member.seat() else { return };
        let grant = matches!(body, Body::MeetingMerged { .. }).then(|| Grant::of(self.meeting, member));
        let notice = Outgoing::notice(self.meeting, &seat.device, self.cause, subject, body);
        self.list.push(Outgoing { prev_rev: Some(self.meeting.notified_rev), grant, ..notice });
    }

    fn notify_all_members(&mut self, subject: &str, body: impl Fn() -> Body) {
        let meeting = self.meeting;
        for member in meeting.members() {
            self.notify_member(member, subject, body());
        }
    }

    fn notify_host_set(&mut self, subject: &str, body: impl Fn() -> Body) {
        let meeting = self.meeting;
        for seat in meeting.members().filter(|p| *p.role != Role::Member).filter_map(Participant::seat) {
            self.notify_device(&seat.device, subject, body());
        }
    }
}

/// Notices about the invitation, to the participant's own devices and to the inviter.
impl Notices<'_> {
    /// Adds the notices about the invitation of a participant who changed, to the invitee's devices and to
    /// the inviter.
    fn of_invitation(&mut self, participant: &Participant) {
        let Some(invitation) = participant.invitation() else { return };
        match &*participant.standing {
            Standing::Invited(pending) if !pending.is_ringing => self.offers(participant, invitation),
            Standing::Invited(_) => self.notify_inviter(participant, invitation),
            Standing::Seated(seat) => {
                if matches!(seat.presence, Presence::OnTheWay { .. }) && invitation.closed.is_from(self.rev) {
                    self.close(invitation, Leg::Lost, ClosedReason::AnsweredElsewhere);
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
                self.close(invitation, Leg::Lost, ClosedReason::DeclinedElsewhere);
            }
            OutReason::Failed => self.notify_inviter(participant, invitation),
            // The user declined because of being busy, and therefore knows of the call.
            OutReason::UserBusy if participant.has_declined() => {
                self.notify_inviter(participant, invitation);
                self.close(invitation, Leg::Lost, ClosedReason::DeclinedElsewhere);
            }
            OutReason::UserBusy | OutReason::DoNotDisturb => {
                self.notify_inviter(participant, invitation);
                self.missed_call(participant, invitation);
            }
            OutReason::NoAnswer | OutReason::Unreachable => {
                self.notify_inviter(participant, invitation);
                self.close(invitation, Leg::Closed, ClosedReason::Expired);
                self.missed_call(participant, invitation);
            }
            OutReason::Cancelled => {
                // In a direct call, the end of the meeting is the notice.
                if self.is_end_of_invitation(participant) {
                    self.notify_inviter(participant, invitation);
                }
                self.close(invitation, Leg::Closed, ClosedReason::Cancelled);
                self.missed_call(participant, invitation);
            }
            // A user who had a seat gets `participant_removed`.
            OutReason::Banned { .. } if never_seated => {
                self.close(invitation, Leg::Closed, ClosedReason::Cancelled);
            }
            // A user who had a seat gets `meeting_ended`.
            OutReason::Ended if never_seated => {
                self.close(invitation, Leg::Closed, ClosedReason::MeetingEnded);
                self.missed_call(participant, invitation);
            }
            _ => {}
        }
    }

    /// Adds notices to devices that lost their offer to another device in this revision, even if the state of
    /// their user changed later.
    fn of_lost_offers(&mut self, participant: &Participant) {
        let closed_now = |invitation: &&Invitation| invitation.closed.is_from(self.rev);
        if let Some(invitation) = participant.invitation().filter(closed_now) {
            let is_declined = participant.has_declined();
            let reason =
                if is_declined { ClosedReason::DeclinedElsewhere } else { ClosedReason::AnsweredElsewhere };
            self.close(invitation, Leg::Lost, reason);
        }
    }

    fn offers(&mut self, participant: &Participant, invitation: &Invitation) {
        // The offer of a silent invitation exists only for its reach and is not sent.
        let silent = invitation.silent.iter().filter_map(|silent| silent.would_queue.as_ref());
        for device in invitation.devices(Leg::Offered).chain(silent) {
            let offer = self.meeting.offer(&participant.user_id, invitation, self.now_ms);
            self.notify_device(device, invitation.id.as_str(), Body::Invitation(offer));
        }
    }

    fn notify_inviter(&mut self, participant: &Participant, invitation: &Invitation) {
        // An inviter who has left gets no notice; an inviter for whom the call ends in this revision gets
        // one.
        let inviter = self.meeting.participants.get(&invitation.inviter);
        let inviter = inviter.filter(|p| p.is_member() || p.standing.is_from(self.rev));
        if let Some(inviter) = inviter
            && let Some(seat) = inviter.last_seat().filter(|_| !self.is_own_cancel(participant, inviter))
        {
            let body = self.meeting.invitation_updated(participant, invitation);
            let subject = invitation.id.as_str();
            let notice = Outgoing::notice(self.meeting, &seat.device, self.cause, subject, body);
            // This notice replaces the inviter's copy of the notice to all members. Without `prev_rev`, the
            // inviter would find a gap.
            let prev_rev = self.is_end_of_invitation(participant).then_some(self.meeting.notified_rev);
            self.list.push(Outgoing { prev_rev, ..notice });
        }
    }

    fn close(&mut self, invitation: &Invitation, leg: Leg, reason: ClosedReason) {
        for device in invitation.devices(leg) {
            let body = self.meeting.invitation_closed(&invitation.id, reason);
            self.notify_device(device, invitation.id.as_str(), body);
        }
    }

    fn missed_call(&mut self, participant: &Participant, invitation: &Invitation) {
        let Some(reason) = participant.missed_reason() else { return };
        // Not the present time: devices recognise the missed call by its time, in a repeat and in `sync`.
        let at_ms = participant.times.missed_ms.unwrap_or(self.now_ms);
        for device in invitation.legs.keys() {
            let from = self.meeting.caller(&invitation.inviter);
            let body = Body::MissedCall { from, reason: reason.to_owned(), at_ms };
            self.notify_device(device, invitation.id.as_str(), body);
        }
    }
}

/// Notices to the members about the participant's state, role and media, and to devices that lost the seat.
impl Notices<'_> {
    /// T62, T63: adds the notice that a removed participant is out of the media or has returned, to the host
    /// set only. Other members do not need it, and a removed user could flood all their devices with it.
    fn of_removal_proof(&mut self, participant: &Participant) {
        if participant.removal_proof.as_ref().is_some_and(|proof| proof.gone_ms.is_from(self.rev)) {
            let now_ms = self.now_ms;
            self.notify_host_set(participant.user_id.as_str(), || Body::ParticipantUpdated {
                participant: participant.view(now_ms),
            });
        }
    }

    /// Adds the notice to all members about a participant who changed.
    fn of_roster(&mut self, participant: &Participant) {
        if !self.is_roster(participant) {
            return;
        }
        let seat = participant.seat();
        // The device that took the seat has the whole meeting in its answer.
        let is_moved = participant
            .last_seat()
            .is_some_and(|seat| seat.moved_from.as_ref().is_some_and(|from| from.is_from(self.rev)));
        let is_informed =
            is_moved || seat.is_some_and(|seat| matches!(seat.presence, Presence::OnTheWay { .. }));
        let is_merge = seat.is_some_and(|seat| seat.entry.is_merge && seat.entry.is_from(self.rev));
        let meeting = self.meeting;
        for member in meeting.members() {
            if (member.user_id == participant.user_id && is_informed)
                || self.hears_as_inviter(participant, member)
            {
                continue;
            }
            let body = if is_merge {
                Body::MeetingMerged { meeting: meeting.brief_view(self.now_ms) }
            } else {
                Body::ParticipantUpdated { participant: participant.view(self.now_ms) }
            };
            self.notify_member(member, participant.user_id.as_str(), body);
        }
    }

    /// T19, T26, T27: adds the notice to the device whose seat has ended, unless the device's own request
    /// ended it. That device may still be connected to the broker and may still show its media.
    fn of_own_loss(&mut self, participant: &Participant) {
        let Some(device) = self.lost_seat(participant) else { return };
        let body = Body::ParticipantUpdated { participant: participant.view(self.now_ms) };
        self.notify_device(device, participant.user_id.as_str(), body);
    }

    /// Returns the device whose seat ended in this revision without a request of the device.
    fn lost_seat<'b>(&self, participant: &'b Participant) -> Option<&'b ClientId> {
        let is_loss =
            matches!(participant.out_reason(), Some(OutReason::Left | OutReason::Lost | OutReason::Failed));
        let seat = participant.last_seat().filter(|_| is_loss && participant.standing.is_from(self.rev))?;
        (!self.cause.is_request_of(&seat.device)).then_some(&seat.device)
    }

    /// Returns whether members get a notice of the participant's present state.
    fn is_roster(&self, participant: &Participant) -> bool {
        match &*participant.standing {
            Standing::Seated(_) => true,
            // The answer to the create request lists the users that it invites.
            Standing::Invited(pending) => !pending.is_ringing && self.rev > 1,
            Standing::Lobby { .. } => false,
            Standing::Out(exit) => match exit.reason {
                OutReason::Left | OutReason::Lost | OutReason::Removed | OutReason::Banned { .. } => true,
                // In a direct call, the end of the meeting is the notice.
                OutReason::Failed => *self.meeting.mode == Mode::Group,
                _ => self.is_end_of_invitation(participant),
            },
        }
    }

    /// Returns whether the participant's invitation ended without a seat in a group that continues (T52). In
    /// a direct call, the meeting ends as well. The answer to the create request lists the invitations that
    /// ended at once.
    fn is_end_of_invitation(&self, participant: &Participant) -> bool {
        let is_end = matches!(
            participant.out_reason(),
            Some(
                OutReason::Declined
                    | OutReason::UserBusy
                    | OutReason::NoAnswer
                    | OutReason::Unreachable
                    | OutReason::DoNotDisturb
                    | OutReason::Cancelled
            )
        );
        is_end && *self.meeting.mode == Mode::Group && self.meeting.end().is_none() && self.rev > 1
    }

    /// Returns whether `member` is notified of the end of the participant's invitation by
    /// `invitation_updated`.
    fn hears_as_inviter(&self, participant: &Participant, member: &Participant) -> bool {
        participant.invitation().is_some_and(|invitation| invitation.inviter == member.user_id)
            && self.is_end_of_invitation(participant)
            && !self.is_own_cancel(participant, member)
    }

    /// Returns whether the inviter's device cancelled the participant's invitation, and therefore has the
    /// answer.
    fn is_own_cancel(&self, participant: &Participant, inviter: &Participant) -> bool {
        participant.out_reason() == Some(OutReason::Cancelled)
            && inviter.last_seat().is_some_and(|seat| self.cause.is_request_of(&seat.device))
    }

    /// Adds the notice of a changed role, unless the notice about the state shows the role.
    fn of_role(&mut self, participant: &Participant) {
        if participant.role.is_from(self.rev)
            && !(participant.standing.is_from(self.rev) && self.is_roster(participant))
        {
            let now_ms = self.now_ms;
            self.notify_all_members(participant.user_id.as_str(), || Body::ParticipantUpdated {
                participant: participant.view(now_ms),
            });
        }
    }

    /// Adds the notice of a change of the media that a seat sends, unless the notice about the state shows
    /// the media. A disconnected device does not need the notice later.
    fn of_media(&mut self, participant: &Participant) {
        let is_changed = participant.seat().is_some_and(|seat| seat.media.is_from(self.rev));
        if is_changed && !participant.standing.is_from(self.rev) {
            let before = self.list.len();
            let now_ms = self.now_ms;
            self.notify_all_members(participant.user_id.as_str(), || Body::ParticipantUpdated {
                participant: participant.view(now_ms),
            });
            for notice in &mut self.list[before..] {
                notice.class = DeliveryClass::BestEffort;
            }
        }
    }

    /// T28: adds the notice to the device that had the seat before the move.
    fn of_move(&mut self, participant: &Participant) {
        let Some(seat) = participant.last_seat() else { return };
        let moved_from = seat.moved_from.as_ref().filter(|from| from.is_from(self.rev));
        if let Some(from) = moved_from.filter(|from| seat.device != ***from) {
            let body =
                Body::ParticipantRemoved { reason: RemovedReason::Moved, until_in_ms: None, text: None };
            self.notify_device(from, participant.user_id.as_str(), body);
        }
    }

    /// T32, T33: adds the notice of a removal to the device that had the seat, to the user's devices in the
    /// lobby, or to those with an offer.
    fn of_removal(&mut self, participant: &Participant) {
        let (reason, until_in_ms) = match participant.out_reason() {
            Some(OutReason::Removed) => (RemovedReason::Removed, None),
            Some(OutReason::Banned { until_ms }) => {
                (RemovedReason::Banned, until_ms.map(|until_ms| (until_ms - self.now_ms).max(0)))
            }
            _ => return,
        };
        let seat = participant.last_seat().map(|seat| &seat.device);
        let mut devices: BTreeSet<&ClientId> = participant.lobby_devices().iter().chain(seat).collect();
        if devices.is_empty() {
            devices
                .extend(participant.invitation().into_iter().flat_map(|invitation| invitation.legs.keys()));
        }
        let text = participant.remark().and_then(|remark| remark.text.clone());
        for device in devices {
            let body = Body::ParticipantRemoved { reason, until_in_ms, text: text.clone() };
            self.notify_device(device, participant.user_id.as_str(), body);
        }
    }
}
