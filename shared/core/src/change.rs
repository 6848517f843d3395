//! The working copy of a meeting: the steps that transitions are made of, and the decision that results.

use crate::cause::Cause;
use crate::decision::{Decision, SlotChange};
use crate::input::{Now, RtcCapabilities};
use crate::invitation::{Invitation, Leg};
use crate::meeting::{End, Meeting, Phase};
use crate::notices::notices;
use crate::outgoing::{Outgoing, ReplyResult};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::remark::Remark;
use crate::removal_proof::RemovalProof;
use crate::rtc_actions::rtc_actions;
use crate::stamped::Stamped;
use crate::standing::{AwayFrom, Exit, Former, OpenInvitation, OutReason, Presence, Seat, Standing};
use crate::times::Times;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::Role;

/// The working copy of a meeting, on which one input is applied.
pub(crate) struct Change {
    pub(crate) meeting: Meeting,
    pub(crate) now: Now,
    pub(crate) rtc: RtcCapabilities,
    /// The revision that the commit will make.
    pub(crate) rev: u64,
    /// True if the commit must write the meeting.
    pub(crate) is_changed: bool,
    pub(crate) slots: Vec<SlotChange>,
}

impl Change {
    pub(crate) fn of(meeting: &Meeting, now: Now, rtc: RtcCapabilities) -> Self {
        Self {
            meeting: meeting.clone(),
            now,
            rtc,
            rev: meeting.rev + 1,
            is_changed: false,
            slots: Vec::new(),
        }
    }

    /// Returns the participant of the device's user.
    pub(crate) fn participant(&self, device: &ClientId) -> Option<&Participant> {
        self.meeting.participants.get(&device.user())
    }

    /// Returns the seat that `device` has.
    pub(crate) fn seat_of(&mut self, device: &ClientId) -> Option<&mut Seat> {
        let participant = self.meeting.participants.get_mut(&device.user())?;
        participant.seat_mut().filter(|seat| seat.device == *device)
    }

    /// Returns the seat that `user` has, on any device.
    pub(crate) fn seat_of_user(&mut self, user: &UserId) -> Option<&mut Seat> {
        self.meeting.participants.get_mut(user)?.seat_mut()
    }

    /// Changes the standing of `user` to the result of `next`, which gets the present standing. Claims or
    /// frees the call slot accordingly.
    pub(crate) fn set_standing(&mut self, user: &UserId, next: impl FnOnce(Standing) -> Standing) {
        let Some(participant) = self.meeting.participants.get_mut(user) else { return };
        let held = participant.holds_slot();
        let present = Standing::clone(&participant.standing);
        participant.standing.set(next(present), self.rev);
        if participant.is_member() || participant.is_pending() {
            participant.removal_proof = None;
        }
        match (held, participant.holds_slot()) {
            (false, true) => self.slots.push(SlotChange::Claim(user.clone())),
            (true, false) => self.slots.push(SlotChange::Free(user.clone())),
            _ => {}
        }
        self.is_changed = true;
    }

    /// Claims the call slot of `user`, even if this meeting held the slot before and another meeting took it.
    pub(crate) fn claim_slot(&mut self, user: &UserId) {
        let claim = SlotChange::Claim(user.clone());
        if !self.slots.contains(&claim) {
            self.slots.push(claim);
        }
    }

    /// Records a time of the user's part in the call.
    pub(crate) fn record_time(&mut self, user: &UserId, record: impl FnOnce(&mut Times, i64)) {
        let now_ms = self.now.ms;
        if let Some(participant) = self.meeting.participants.get_mut(user) {
            record(&mut participant.times, now_ms);
        }
    }

    /// Gives `user` an open invitation. A user who had a part in the meeting before keeps place and role.
    pub(crate) fn invite(&mut self, user: &UserId, name: Option<&String>, pending: OpenInvitation) {
        if let Some(participant) = self.meeting.participants.get_mut(user) {
            participant.had_seat = false;
            self.set_standing(user, |_| Standing::Invited(pending));
        } else {
            let holds_slot = pending.holds_slot;
            self.add_participant(user, name, Standing::Invited(pending));
            if holds_slot {
                self.slots.push(SlotChange::Claim(user.clone()));
            }
        }
        self.record_time(user, Times::invited);
    }

    /// Adds a user who had no part in the meeting.
    pub(crate) fn add_participant(&mut self, user: &UserId, name: Option<&String>, standing: Standing) {
        let order = u32::try_from(self.meeting.participants.len()).unwrap_or(u32::MAX);
        let standing = Stamped::new(standing, self.rev);
        let role = if self.meeting.first_cohosts.contains(user) { Role::Cohost } else { Role::Member };
        let participant = Participant::new(user.clone(), name.cloned(), role, order, standing);
        self.meeting.participants.insert(user.clone(), participant);
        self.is_changed = true;
    }

    /// Marks the user of a seat as joined to the media.
    pub(crate) fn join_media(&mut self, user: &UserId) {
        let now_ms = self.now.ms;
        if self.meeting.has_member(user) {
            self.meeting.is_used = true;
            self.set_presence(user, Presence::Joined);
            self.record_time(user, Times::joined);
        }
        if let Some(seat) = self.seat_of_user(user) {
            seat.joined_ms.get_or_insert(now_ms);
            seat.check_at_ms = None;
            // The RTC service does not report which device of the user is in the media.
            if !seat.is_unclaimed() {
                seat.claimants.clear();
            }
        }
    }

    /// Marks the user of a seat as dropped from the media. The seat is kept until `until_ms`.
    pub(crate) fn drop_seat(&mut self, user: &UserId, until_ms: i64) {
        let Some(seat) = self.seat_of_user(user) else { return };
        let from = match seat.presence {
            Presence::Joined => AwayFrom::Media,
            Presence::OnTheWay { join_by_ms } => AwayFrom::OnTheWay { join_by_ms },
            Presence::Away { from, .. } => from,
        };
        seat.check_at_ms = None;
        self.set_presence(user, Presence::Away { until_ms, from });
        self.record_time(user, Times::dropped);
    }

    /// Changes the presence of a seat, and notifies the members.
    pub(crate) fn set_presence(&mut self, user: &UserId, presence: Presence) {
        self.set_standing(user, |standing| match standing {
            Standing::Seated(seat) => Standing::Seated(Box::new(Seat { presence, ..*seat })),
            other => other,
        });
    }

    /// Ends the part of `user` in the meeting.
    pub(crate) fn put_out(&mut self, user: &UserId, reason: OutReason) {
        self.put_out_with(user, reason, Remark::default());
    }

    /// Ends the part of `user` in the meeting, and keeps the reason and the text that a user gave for it.
    pub(crate) fn put_out_with(&mut self, user: &UserId, reason: OutReason, remark: Remark) {
        if self.meeting.has_member(user) {
            self.record_time(user, Times::left);
        }
        if let Some(proof) = self.new_removal_proof(user, reason)
            && let Some(participant) = self.meeting.participants.get_mut(user)
        {
            participant.removal_proof = Some(proof);
        }
        let was_pending = self.meeting.participants.get(user).is_some_and(Participant::is_pending);
        self.set_standing(user, |standing| {
            let from = match standing {
                Standing::Invited(pending) => Former::Invitation(pending.invitation),
                Standing::Lobby { devices } => Former::Lobby(devices),
                Standing::Seated(seat) => Former::Seat(Box::new(Seat {
                    check_at_ms: None,
                    hand: Stamped::default(),
                    claimants: devices_to_notify(seat.claimants, reason),
                    presence: closed_presence(seat.presence),
                    ..*seat
                })),
                Standing::Out(exit) => exit.from,
            };
            Standing::Out(Exit { reason, from, remark })
        });
        let participant = self.meeting.participants.get(user);
        if was_pending && participant.is_some_and(|p| p.missed_reason().is_some()) {
            self.record_time(user, Times::missed);
        }
    }

    /// Returns the new removal proof of a user who is put out. A user who was removed before keeps the present
    /// proof. A user who never had a seat has no proof, since the user never had a join token.
    fn new_removal_proof(&self, user: &UserId, reason: OutReason) -> Option<RemovalProof> {
        let is_removal = matches!(reason, OutReason::Removed | OutReason::Banned { .. });
        let participant = self.meeting.participants.get(user).filter(|_| is_removal)?;
        let may_be_in_media = self.rtc.reports_presence && participant.had_media();
        (may_be_in_media && participant.removal_proof.is_none())
            .then(|| RemovalProof::new(self.now.ms, self.rev))
    }

    /// Ends an open invitation without a seat. Every device stops ringing.
    pub(crate) fn close_invitation(&mut self, user: &UserId, reason: OutReason) {
        self.close_invitation_with(user, reason, Remark::default());
    }

    /// Ends an open invitation without a seat, and keeps the reason and the text that a user gave for it.
    pub(crate) fn close_invitation_with(&mut self, user: &UserId, reason: OutReason, remark: Remark) {
        let rev = self.rev;
        if let Some(invitation) =
            self.meeting.participants.get_mut(user).and_then(Participant::invitation_mut)
        {
            invitation.close(rev, |_| Leg::Closed);
        }
        self.put_out_with(user, reason, remark);
    }

    /// Returns the latest invitation of the device's user.
    pub(crate) fn invitation_of(&mut self, device: &ClientId) -> Option<&mut Invitation> {
        self.meeting.participants.get_mut(&device.user())?.invitation_mut()
    }

    /// Ends the meeting for all users who still have a part in it.
    pub(crate) fn end(&mut self, reason: EndReason) {
        for user in self.meeting.users(|p| p.out_reason().is_none()) {
            if self.meeting.participants[&user].is_pending() {
                self.close_invitation(&user, OutReason::Ended);
            } else {
                self.put_out(&user, OutReason::Ended);
            }
        }
        self.meeting.phase = Phase::Ended(End { reason, at_ms: self.now.ms, rev: self.rev });
        self.is_changed = true;
    }

    /// Returns the decision on a request of the device `by`. The answer is built from the committed meeting,
    /// so it shows the revision of the commit.
    pub(crate) fn into_answered_decision(self, by: &ClientId, cause: &Cause, reply: ReplyResult) -> Decision {
        match reply {
            Ok(reply) => {
                let now_ms = self.now.ms;
                let answer = |meeting: &Meeting| Outgoing::reply(by, cause, reply, meeting, now_ms);
                if self.is_changed {
                    let decision = self.into_decision(Some(cause));
                    Decision { answer: decision.next.as_ref().and_then(answer), ..decision }
                } else {
                    Decision { answer: answer(&self.meeting), ..Decision::default() }
                }
            }
            Err(refusal) => {
                let code = refusal.code;
                let answer = Some(Outgoing::answer(by, cause, refusal.into_body()));
                Decision { answer, refused: Some(code), ..self.into_decision(None) }
            }
        }
    }

    /// Returns the decision without an answer: the state to commit with its new revision, if the input
    /// changed the meeting, and the notices and RTC actions that are read from this state. `request` is the
    /// request that was applied.
    pub(crate) fn into_decision(mut self, request: Option<&Cause>) -> Decision {
        if !self.is_changed {
            return Decision::default();
        }
        self.fit_record();
        let cause = Cause::of_revision(request.cloned(), &self.meeting, self.rev);
        let mut meeting = self.meeting;
        meeting.rev = self.rev;
        let notices = notices(&meeting, self.rev, &cause, self.now.ms, self.rtc);
        if notices.iter().any(|notice| notice.prev_rev.is_some()) {
            meeting.notified_rev = self.rev;
        }
        let rtc_actions = rtc_actions(&meeting, self.rev);
        Decision { next: Some(meeting), slots: self.slots, rtc_actions, notices, ..Decision::default() }
    }

    // Guards: each one refuses a command that the state does not allow.

    /// Refuses a device that does not have its user's seat: `banned`, or `not_admitted`.
    pub(crate) fn require_seat(&self, by: &ClientId) -> Result<(), Refusal> {
        match self.participant(by) {
            Some(p) if p.sits_on(by) => Ok(()),
            Some(p) if p.is_banned() => Err(Refusal::banned()),
            _ => Err(Refusal::not_admitted()),
        }
    }

    /// Refuses a sender who may not see the meeting: `banned`, or `forbidden`. Users who were in the meeting
    /// at its end may see its last state.
    pub(crate) fn require_view(&self, by: &ClientId) -> Result<(), Refusal> {
        let ended_with_it = |p: &Participant| {
            self.meeting.end().is_some() && p.out_reason() == Some(OutReason::Ended) && !p.left_lobby()
        };
        match self.participant(by) {
            Some(p) if p.may_see() || ended_with_it(p) => Ok(()),
            Some(p) if p.is_banned() => Err(Refusal::banned()),
            _ => Err(Refusal::new(
                Code::Forbidden,
                "you no longer have a part in this meeting; ask its host to invite you",
            )),
        }
    }

    /// Refuses with `meeting_full` while every seat is taken.
    pub(crate) fn require_free_seat(&self) -> Result<(), Refusal> {
        if self.meeting.members().count() < self.meeting.max_participants as usize {
            Ok(())
        } else {
            Err(Refusal::new(Code::MeetingFull, "every seat is taken; retry when a participant has left"))
        }
    }

    /// Refuses with `locked` while the meeting is locked.
    pub(crate) fn require_unlocked(&self) -> Result<(), Refusal> {
        if self.meeting.settings.locked {
            Err(Refusal::new(Code::Locked, "the meeting is locked; ask a host to unlock it"))
        } else {
            Ok(())
        }
    }

    /// Refuses with `not_host` a sender outside of the host set (host and cohosts who have a seat).
    pub(crate) fn require_host_set(&self, by: &ClientId) -> Result<(), Refusal> {
        if self.participant(by).is_some_and(|p| p.is_member() && *p.role != Role::Member) {
            Ok(())
        } else {
            Err(Refusal::new(
                Code::NotHost,
                "only the host and the cohosts may send this request; ask one of them",
            ))
        }
    }

    /// Refuses with `not_host` every sender but a host who has a seat, on any device. A host who left has no
    /// powers until they return.
    pub(crate) fn require_host(&self, by: &ClientId) -> Result<(), Refusal> {
        if self.meeting.host == by.user() && self.meeting.has_member(&by.user()) {
            Ok(())
        } else {
            Err(Refusal::new(Code::NotHost, "only the host may send this request; ask the host"))
        }
    }
}

/// Returns the presence that stays on record when a participant gives up the seat.
const fn closed_presence(presence: Presence) -> Presence {
    match presence {
        Presence::OnTheWay { .. } => Presence::OnTheWay { join_by_ms: None },
        other => other,
    }
}

/// Returns the devices that might have claimed the seat and have to be notified of its end. After a voluntary
/// leave, there are none.
fn devices_to_notify(claimants: Vec<ClientId>, reason: OutReason) -> Vec<ClientId> {
    if reason == OutReason::Left { Vec::new() } else { claimants }
}
