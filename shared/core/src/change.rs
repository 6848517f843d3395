//! A meeting while it is being changed: the working copy, and the moves that every transition is made of.

use super::{EMPTY_MS, Leg, Meeting, Now, Participant, Phase, SlotChange};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::{MediaFlags, Mode, ParticipantState};

/// The working copy of a meeting. `changed` says whether there is anything to commit.
pub(super) struct Change {
    pub(super) meeting: Meeting,
    pub(super) now: Now,
    /// The revision that the commit will make.
    pub(super) rev: u64,
    pub(super) changed: bool,
    pub(super) slots: Vec<SlotChange>,
}

impl Change {
    pub(super) fn of(meeting: &Meeting, now: Now) -> Self {
        Self { meeting: meeting.clone(), now, rev: meeting.rev + 1, changed: false, slots: Vec::new() }
    }

    /// Moves a participant to `state`; whoever has no part any more gives back the call slot.
    pub(super) fn set_state(&mut self, user: &UserId, state: ParticipantState) {
        let Some(participant) = self.meeting.participants.get_mut(user) else { return };
        participant.state = state;
        participant.changed_rev = self.rev;
        self.changed = true;
        if state == ParticipantState::Joined {
            participant.joined_ms.get_or_insert(self.now.ms);
        }
        if matches!(state, ParticipantState::Joined | ParticipantState::Reconnecting | ParticipantState::Left)
        {
            // The seat stays where it is: no other device takes it any more.
            participant.waiting = Vec::new();
        }
        if !state.is_member() && !state.is_pending() {
            participant.join_by_ms = None;
            participant.check_at_ms = None;
            participant.away = None;
            participant.hand_rev = None;
            if std::mem::take(&mut participant.holds_slot) {
                self.slots.push(SlotChange::Free(user.clone()));
            }
        }
    }

    /// Gives `user` a seat on `device`, and the call slot if this meeting does not hold it yet.
    pub(super) fn seat(&mut self, user: &UserId, device: &ClientId) {
        let join_by_ms = self.now.ms + super::JOIN_MS;
        if let Some(participant) = self.meeting.participants.get_mut(user) {
            participant.seat = Some(device.clone());
            participant.seated_rev = self.rev;
            participant.seated_ms = self.now.ms;
            participant.joined_ms = None;
            participant.media = MediaFlags::default();
            participant.join_by_ms = Some(join_by_ms);
            if !std::mem::replace(&mut participant.holds_slot, true) {
                self.slots.push(SlotChange::Claim(user.clone()));
            }
        }
        self.set_state(user, ParticipantState::Accepted);
    }

    /// Ends an open invitation without a seat: all its devices are told to stop.
    pub(super) fn close_invitation(&mut self, user: &UserId, state: ParticipantState) {
        self.each_leg(user, |_| Leg::Closed);
        self.set_state(user, state);
    }

    /// Sets every leg of the user's invitation.
    pub(super) fn each_leg(&mut self, user: &UserId, leg: impl Fn(&ClientId) -> Leg) {
        let rev = self.rev;
        let Some(invitation) = self.meeting.participants.get_mut(user).and_then(|p| p.invitation.as_mut())
        else {
            return;
        };
        invitation.closed_rev = rev;
        // Only an open offer shows it, and a meeting remembers many.
        invitation.ext = None;
        for (device, state) in &mut invitation.legs {
            *state = leg(device);
        }
    }

    /// Ends the meeting for everybody who still has a part in it.
    pub(super) fn end(&mut self, reason: EndReason) {
        let concerned = |p: &Participant| {
            p.state.is_member() || p.state.is_pending() || p.state == ParticipantState::Lobby
        };
        for user in self.users(concerned) {
            if self.meeting.participants[&user].state.is_pending() {
                self.close_invitation(&user, ParticipantState::Ended);
            } else {
                self.set_state(&user, ParticipantState::Ended);
            }
        }
        self.meeting.phase = Phase::Ended { reason, at_ms: self.now.ms, rev: self.rev };
        self.changed = true;
    }

    /// The users whose participant fits, in a list of its own so that they can be changed.
    pub(super) fn users(&self, fits: impl Fn(&Participant) -> bool) -> Vec<UserId> {
        self.meeting.participants.values().filter(|p| fits(p)).map(|p| p.user_id.clone()).collect()
    }

    /// What follows when somebody joined, left or ended: activity, emptiness, and the end of direct calls.
    pub(super) fn settle(&mut self) {
        if self.meeting.end().is_some() {
            return;
        }
        match self.meeting.mode {
            Mode::Direct => self.settle_direct(),
            Mode::Group => {
                self.settle_host();
                self.settle_group();
            }
        }
    }

    /// A direct call ends with the first side that goes, or when its invitation ends without an answer.
    fn settle_direct(&mut self) {
        let members = self.meeting.members().count();
        let pending = self.users(|p| p.state.is_pending());
        if members == 0 || (members == 1 && pending.is_empty()) {
            // Whoever is still rung is rung in vain: the caller has gone.
            for user in &pending {
                self.close_invitation(user, ParticipantState::Cancelled);
            }
            let reason = self.direct_end();
            self.end(reason);
        } else if self.joined() >= 2 {
            self.activate();
        }
    }

    /// Why a direct call ends, read from how its sides went.
    fn direct_end(&self) -> EndReason {
        let changed = |fits: &dyn Fn(&Participant) -> bool| {
            self.meeting.participants.values().any(|p| p.changed_rev == self.rev && fits(p))
        };
        if changed(&|p| p.state == ParticipantState::Banned && p.seat.is_none()) {
            // Banned while it still rang: nobody answered.
            return EndReason::Cancelled;
        }
        let of = |state| changed(&|p| p.state == state);
        [
            (ParticipantState::Cancelled, EndReason::Cancelled),
            (ParticipantState::Declined, EndReason::AllDeclined),
            (ParticipantState::NoAnswer, EndReason::NoAnswer),
            (ParticipantState::Unreachable, EndReason::Unreachable),
            (ParticipantState::UserBusy, EndReason::Busy),
            (ParticipantState::Failed, EndReason::RtcFailed),
            (ParticipantState::Lost, EndReason::Lost),
        ]
        .into_iter()
        .find_map(|(state, reason)| of(state).then_some(reason))
        .unwrap_or(EndReason::Completed)
    }

    fn settle_group(&mut self) {
        if self.meeting.end().is_some() {
            return;
        }
        let in_media =
            |p: &Participant| matches!(p.state, ParticipantState::Joined | ParticipantState::Reconnecting);
        match self.meeting.phase {
            Phase::Created | Phase::Ringing | Phase::Empty { .. } if self.joined() >= 1 => self.activate(),
            Phase::Active if !self.meeting.members().any(in_media) => {
                self.meeting.phase = Phase::Empty { until_ms: self.now.ms + EMPTY_MS };
                self.changed = true;
            }
            _ => {}
        }
    }

    fn activate(&mut self) {
        if self.meeting.phase != Phase::Active {
            self.meeting.phase = Phase::Active;
            self.meeting.active_since_ms.get_or_insert(self.now.ms);
            self.changed = true;
            // Whoever comes so late is told at once how little time is left.
            self.warn();
        }
    }

    fn joined(&self) -> usize {
        self.meeting.participants.values().filter(|p| p.state == ParticipantState::Joined).count()
    }
}
