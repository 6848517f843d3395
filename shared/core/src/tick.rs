//! What time does to a meeting. Every deadline is a field of the record; a late timer never changes an outcome.

use super::change::Change;
use super::{Meeting, Participant, Phase, RING_GRACE_MS, UNUSED_MS};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::{ParticipantState as State, Reach};

impl Change {
    /// Applies everything that is due at `now`.
    pub(super) fn tick(&mut self) {
        if self.meeting.end().is_some() {
            return;
        }
        let now_ms = self.now.ms;
        for user in self.users(|p| ring_end(p).is_some_and(|end| end <= now_ms)) {
            // T13: a device that had it could have answered; otherwise nobody was ever reached.
            let reached = self.meeting.participants[&user]
                .invitation
                .as_ref()
                .is_some_and(|invitation| self.meeting.reach(invitation) == Reach::Delivered);
            self.close_invitation(&user, if reached { State::NoAnswer } else { State::Unreachable });
        }
        if self.now.rtc_tells {
            for user in
                self.users(|p| p.state == State::Accepted && p.join_by_ms.is_some_and(|end| end <= now_ms))
            {
                self.set_state(&user, State::Failed);
            }
        }
        // T26; who wakes a meeting at this deadline looks at the device first.
        for user in self
            .users(|p| p.state == State::Reconnecting && p.away.is_some_and(|away| away.until_ms <= now_ms))
        {
            self.set_state(&user, State::Lost);
        }
        self.end_blocks();
        self.end_bans();
        if self.changed {
            self.settle();
        }
        self.end_if_due();
    }

    fn end_if_due(&mut self) {
        let now_ms = self.now.ms;
        if self.meeting.end().is_some() {
            return;
        }
        if self.meeting.ends_at_ms <= now_ms {
            self.end(EndReason::MaxDuration);
        } else if matches!(self.meeting.phase, Phase::Empty { until_ms } if until_ms <= now_ms) {
            self.end(EndReason::Empty);
        } else if unused_end(&self.meeting).is_some_and(|end| end <= now_ms) {
            self.end(EndReason::Unused);
        } else if self.meeting.host_away.is_some_and(|away| away.until_ms <= now_ms) {
            self.end(EndReason::HostLeft);
        } else {
            self.warn();
        }
    }
}

fn ring_end(participant: &Participant) -> Option<i64> {
    let invitation = participant.invitation.as_ref().filter(|_| participant.state.is_pending())?;
    Some(invitation.deadline_ms + RING_GRACE_MS)
}

/// T43: nobody ever joined and nobody rings any more. Whoever has just taken a seat is still on the way into the media.
fn unused_end(meeting: &Meeting) -> Option<i64> {
    let waiting =
        matches!(meeting.phase, Phase::Created | Phase::Ringing) && meeting.pending().next().is_none();
    // One side of a direct call may be in the media, and the report of the other one lost.
    let used = meeting.participants.values().any(|p| p.joined_ms.is_some());
    let on_the_way = meeting.members().filter_map(|p| p.join_by_ms).max();
    (waiting && !used).then_some(on_the_way.into_iter().fold(meeting.created_ms + UNUSED_MS, i64::max))
}

impl Meeting {
    /// The next moment at which time alone changes this meeting, in milliseconds since the epoch.
    #[must_use]
    pub fn next_deadline_ms(&self, rtc_tells: bool) -> Option<i64> {
        if self.end().is_some() {
            return None;
        }
        let rings = self.participants.values().filter_map(ring_end);
        let waiting = self.participants.values().filter(|p| rtc_tells && p.state == State::Accepted);
        let joins = waiting.filter_map(|p| p.join_by_ms);
        let checks = self.members().filter_map(|p| p.check_at_ms);
        let away = self.members().filter_map(|p| p.away).map(|away| away.until_ms);
        let blocks = self.participants.values().filter_map(|p| p.speech.until_ms);
        let bans = self.participants.values().filter_map(|p| p.banned_until_ms);
        let empty = match self.phase {
            Phase::Empty { until_ms } => Some(until_ms),
            _ => None,
        };
        rings
            .chain(joins)
            .chain(checks)
            .chain(away)
            .chain(empty)
            .chain(blocks)
            .chain(bans)
            .chain(unused_end(self))
            .chain(self.host_away.map(|away| away.until_ms))
            .chain(self.next_warning_ms())
            .chain([self.ends_at_ms])
            .min()
    }
}
