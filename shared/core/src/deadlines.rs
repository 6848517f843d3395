//! Deadlines. Each one is a field of the meeting. Every input first applies all deadlines that have passed,
//! so a late timer never changes an outcome.

use crate::change::Change;
use crate::decision::Decision;
use crate::input::{Now, RtcCapabilities};
use crate::limits::RING_GRACE_MS;
use crate::meeting::{Meeting, Phase};
use crate::participant::Participant;
use crate::standing::{OutReason, Presence, Standing};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::Reach;

/// Applies the deadlines of `meeting` that have passed, and nothing else.
pub(crate) fn applied(meeting: &Meeting, now: Now, rtc: RtcCapabilities) -> Decision {
    let mut change = Change::of(meeting, now, rtc);
    change.apply_deadlines();
    change.into_decision(None)
}

impl Change {
    /// Applies every deadline that has passed.
    pub(crate) fn apply_deadlines(&mut self) {
        if self.meeting.end().is_some() {
            return;
        }
        let now_ms = self.now.ms;
        for user in self.meeting.users(|p| ring_end_ms(p).is_some_and(|end_ms| end_ms <= now_ms)) {
            // T13: a device that received the offer could have answered; without one, no device was reached.
            let invitation = self.meeting.participants[&user].invitation();
            let reached =
                invitation.is_some_and(|invitation| self.meeting.reach(invitation) == Reach::Delivered);
            self.close_invitation(&user, if reached { OutReason::NoAnswer } else { OutReason::Unreachable });
        }
        if self.rtc.reports_presence {
            for user in self.meeting.users(|p| join_end_ms(p).is_some_and(|end_ms| end_ms <= now_ms)) {
                self.put_out(&user, OutReason::Failed);
            }
        }
        if !self.rtc.reports_presence {
            self.drop_unconfirmed();
        }
        // T26. `wake` checks the device before it applies this deadline.
        for user in self.meeting.users(|p| away_end_ms(p).is_some_and(|end_ms| end_ms <= now_ms)) {
            self.put_out(&user, OutReason::Lost);
        }
        self.end_blocks();
        self.end_bans();
        if self.rtc.reports_presence {
            self.postpone_removal_checks();
        }
        if self.is_changed {
            self.update_phase();
        }
        self.end_if_due();
    }

    fn end_if_due(&mut self) {
        let (meeting, now_ms) = (&self.meeting, self.now.ms);
        if meeting.end().is_some() {
            return;
        }
        if meeting.settings.ends_at_ms <= now_ms {
            self.end(EndReason::MaxDuration);
        } else if meeting.empty_end_ms().is_some_and(|end_ms| end_ms <= now_ms) {
            self.end(EndReason::Empty);
        } else if unused_end_ms(meeting).is_some_and(|end_ms| end_ms <= now_ms) {
            self.end(EndReason::Unused);
        } else if meeting.host_away_until_ms.is_some_and(|until_ms| *until_ms <= now_ms) {
            self.end(EndReason::HostLeft);
        } else {
            self.warn();
        }
    }

    /// Changes an expired ban into a removal: the user counts as not invited. No user notices the change
    /// before the banned user joins, so no notice is sent.
    fn end_bans(&mut self) {
        let now_ms = self.now.ms;
        for user in self.meeting.users(|p| ban_end_ms(p).is_some_and(|end_ms| end_ms <= now_ms)) {
            if let Some(participant) = self.meeting.participants.get_mut(&user)
                && let Standing::Out(exit) = participant.standing.amend()
            {
                exit.reason = OutReason::Removed;
                self.is_changed = true;
            }
        }
    }
}

fn ring_end_ms(participant: &Participant) -> Option<i64> {
    let invitation = participant.invitation().filter(|_| participant.is_pending())?;
    Some(invitation.deadline_ms + RING_GRACE_MS)
}

fn join_end_ms(participant: &Participant) -> Option<i64> {
    match participant.seat()?.presence {
        Presence::OnTheWay { join_by_ms } => join_by_ms,
        _ => None,
    }
}

fn away_end_ms(participant: &Participant) -> Option<i64> {
    participant.seat()?.away_until_ms()
}

fn ban_end_ms(participant: &Participant) -> Option<i64> {
    match participant.out_reason()? {
        OutReason::Banned { until_ms } => until_ms,
        _ => None,
    }
}

/// T43: returns the end of a meeting that no user joined and that has no open invitation. A seat that is
/// still on its way into the media delays the end.
fn unused_end_ms(meeting: &Meeting) -> Option<i64> {
    let is_waiting =
        matches!(meeting.phase, Phase::Created | Phase::Ringing) && meeting.pending().next().is_none();
    // In a direct call, one user may be in the media although the other user's report was lost.
    let end_ms = meeting.created_ms + meeting.unused_ms;
    (is_waiting && !meeting.is_used).then(|| meeting.after_seats_on_the_way(end_ms))
}

impl Meeting {
    /// T42: returns the end of an empty group, in milliseconds since the epoch; `None` if the group is not
    /// empty. A seat that is still on its way into the media delays the end.
    pub(crate) fn empty_end_ms(&self) -> Option<i64> {
        match self.phase {
            Phase::Empty { until_ms } => Some(self.after_seats_on_the_way(until_ms)),
            _ => None,
        }
    }

    /// Returns the later of `end_ms` and the last deadline of a seat on its way into the media.
    fn after_seats_on_the_way(&self, end_ms: i64) -> i64 {
        self.members().filter_map(|p| p.seat()?.join_by_ms()).fold(end_ms, i64::max)
    }

    /// Returns the next deadline, in milliseconds since the epoch; `None` after the end.
    #[must_use]
    pub fn next_deadline_ms(&self, rtc: RtcCapabilities) -> Option<i64> {
        if self.end().is_some() {
            return None;
        }
        let of_participant = |p: &Participant| {
            let join = join_end_ms(p).filter(|_| rtc.reports_presence);
            let check = p.seat().and_then(|seat| seat.check_at_ms);
            let confirm = self.confirm_end_ms(p).filter(|_| !rtc.reports_presence);
            let removal =
                p.removal_proof.as_ref().and_then(|proof| proof.check_at_ms).filter(|_| rtc.reports_presence);
            [ring_end_ms(p), join, check, confirm, away_end_ms(p), p.speech.until_ms, ban_end_ms(p), removal]
        };
        let of_meeting = [
            self.empty_end_ms(),
            unused_end_ms(self),
            self.host_away_until_ms.map(|until_ms| *until_ms),
            self.next_warning_ms(),
            Some(self.settings.ends_at_ms),
        ];
        self.participants.values().flat_map(of_participant).chain(of_meeting).flatten().min()
    }

    /// Returns the devices whose presence must be checked, at the RTC service or at the broker, before a
    /// deadline decides about their seats.
    #[must_use]
    pub fn due_checks(&self, now: Now, rtc: RtcCapabilities) -> Vec<ClientId> {
        let is_due = |p: &&Participant| {
            let join = join_end_ms(p).filter(|_| rtc.reports_presence);
            let check = p.seat().and_then(|seat| seat.check_at_ms);
            [check, away_end_ms(p), join].into_iter().flatten().any(|at_ms| at_ms <= now.ms)
        };
        self.members().filter(is_due).filter_map(|p| Some(p.seat()?.device.clone())).collect()
    }

    /// Returns whether the call slot of `user` may name this meeting at `now`: the result of
    /// [`involves`](Self::involves) after applying the deadlines that have passed.
    #[must_use]
    pub fn holds_slot_of(&self, user: &UserId, now: Now, rtc: RtcCapabilities) -> bool {
        let settled = applied(self, now, rtc).next;
        settled.as_ref().unwrap_or(self).involves(user)
    }
}
