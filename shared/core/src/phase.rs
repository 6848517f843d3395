//! Consequences for the meeting as a whole if a participant joins or leaves, or an invitation ends: activity,
//! emptiness, and the end of direct calls (T14, T39–T41).

use crate::change::Change;
use crate::meeting::Phase;
use crate::participant::Participant;
use crate::standing::{OutReason, Presence};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::Mode;

impl Change {
    /// Updates the meeting's phase to match its participants.
    pub(crate) fn update_phase(&mut self) {
        if self.meeting.end().is_some() {
            return;
        }
        match *self.meeting.mode {
            Mode::Direct => self.update_direct(),
            Mode::Group => {
                self.update_host();
                self.update_group();
            }
        }
    }

    /// Ends a direct call if one user leaves, or if its invitation ends without an answer.
    fn update_direct(&mut self) {
        let members = self.meeting.members().count();
        let pending = self.meeting.users(Participant::is_pending);
        if members == 0 || (members == 1 && pending.is_empty()) {
            // The caller has left, so the callee's devices stop ringing.
            for user in &pending {
                self.close_invitation(user, OutReason::Cancelled);
            }
            let reason = self.direct_end();
            self.end(reason);
        } else if self.meeting.count_joined() >= 2 {
            self.activate();
        }
    }

    /// Returns the reason for which a direct call ends, read from the participants that changed in this
    /// commit.
    fn direct_end(&self) -> EndReason {
        let out_now = |condition: &dyn Fn(&Participant, OutReason) -> bool| {
            let mut changed = self.meeting.participants.values().filter(|p| p.standing.is_from(self.rev));
            changed.any(|p| p.out_reason().is_some_and(|reason| condition(p, reason)))
        };
        if out_now(&|p, reason| matches!(reason, OutReason::Banned { .. }) && p.last_seat().is_none()) {
            // The user was banned while the invitation was open, so nobody answered.
            return EndReason::Cancelled;
        }
        [
            (OutReason::Cancelled, EndReason::Cancelled),
            (OutReason::Declined, EndReason::AllDeclined),
            (OutReason::NoAnswer, EndReason::NoAnswer),
            (OutReason::Unreachable, EndReason::Unreachable),
            (OutReason::DoNotDisturb, EndReason::Unreachable),
            (OutReason::UserBusy, EndReason::Busy),
            (OutReason::Failed, EndReason::RtcFailed),
            (OutReason::Lost, EndReason::Lost),
        ]
        .into_iter()
        .find_map(|(out, end)| out_now(&|_, reason| reason == out).then_some(end))
        .unwrap_or(EndReason::Completed)
    }

    fn update_group(&mut self) {
        let is_in_media = |p: &Participant| {
            p.seat().is_some_and(|seat| !matches!(seat.presence, Presence::OnTheWay { .. }))
        };
        match self.meeting.phase {
            Phase::Created | Phase::Ringing | Phase::Empty { .. } if self.meeting.count_joined() >= 1 => {
                self.activate();
            }
            Phase::Active if !self.meeting.members().any(is_in_media) => {
                self.meeting.phase = Phase::Empty { until_ms: self.now.ms + self.meeting.empty_ms };
                self.is_changed = true;
            }
            _ => {}
        }
        // If `empty_seconds` is 0, the meeting ends at once, unless a seat is on its way into the media.
        if self.meeting.empty_end_ms().is_some_and(|end_ms| end_ms <= self.now.ms) {
            self.end(EndReason::Empty);
        }
    }

    fn activate(&mut self) {
        if self.meeting.phase != Phase::Active {
            self.meeting.phase = Phase::Active;
            self.meeting.active_since_ms.get_or_insert(self.now.ms);
            self.is_changed = true;
            // A meeting that becomes active late gets its warning at once.
            self.warn();
        }
    }
}
