//! What the broker knows of a seat's device. Losing the connection never hangs up by itself: it is looked at
//! later, then the seat is kept for a while, and only then given up (T15, T24–T26).

use super::change::Change;
use super::{
    Away, CALLER_CHECK_MS, CHECK_MS, Decision, JOIN_MS, Meeting, Now, Participant, RECONNECT_DIRECT_MS,
    RECONNECT_GROUP_MS,
};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::object::{Mode, ParticipantState as State};

/// What was seen of a device at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It disconnected just now.
    Dropped,
    /// It was looked at when that was due, and is not connected.
    Gone,
    /// It is connected.
    Here,
}

/// Applies what was seen of `device`; nothing changes unless it has a seat. Overdue deadlines are applied first,
/// except that a device that is here comes back even if its time is just over.
#[must_use]
pub fn connection(meeting: &Meeting, device: &ClientId, seen: Connection, now: Now) -> Decision {
    let mut change = Change::of(meeting, now);
    if seen == Connection::Here {
        change.here(device);
    }
    change.tick();
    if change.meeting.end().is_none() {
        match seen {
            Connection::Dropped => change.dropped(device),
            Connection::Gone => change.gone(device),
            Connection::Here => {}
        }
    }
    change.decision_of_time()
}

impl Meeting {
    /// Devices that must be looked at, at the RTC service or the broker, before time decides about their seat.
    #[must_use]
    pub fn due_checks(&self, now: Now) -> Vec<ClientId> {
        let due = |p: &&Participant| {
            let away = p.away.filter(|_| p.state == State::Reconnecting).map(|away| away.until_ms);
            let join = p.join_by_ms.filter(|_| now.rtc_tells && p.state == State::Accepted);
            p.state.is_member() && [p.check_at_ms, away, join].into_iter().flatten().any(|at| at <= now.ms)
        };
        self.participants.values().filter(due).filter_map(|p| p.seat.clone()).collect()
    }
}

impl Change {
    fn seat_of(&mut self, device: &ClientId) -> Option<&mut Participant> {
        let participant = self.meeting.participants.get_mut(&device.user());
        participant.filter(|p| p.state.is_member() && p.seat.as_ref() == Some(device))
    }

    fn dropped(&mut self, device: &ClientId) {
        let in_media = self.seat_of(device).is_some_and(|p| p.state == State::Joined);
        // Where the RTC service can tell, losing the broker is only a reason to ask it.
        if self.now.rtc_tells && !in_media && !self.is_waiting_caller(device) {
            return;
        }
        let wait_ms = if self.is_waiting_caller(device) { CALLER_CHECK_MS } else { CHECK_MS };
        let check_at_ms = self.now.ms + wait_ms;
        if let Some(participant) =
            self.seat_of(device).filter(|p| p.check_at_ms.is_none() && p.away.is_none())
        {
            participant.check_at_ms = Some(check_at_ms);
            self.changed = true;
        }
    }

    fn gone(&mut self, device: &ClientId) {
        let now_ms = self.now.ms;
        let due = |p: &mut Participant| p.check_at_ms.is_some_and(|at| at <= now_ms);
        if !self.seat_of(device).is_some_and(due) {
            return;
        }
        let user = device.user();
        if self.now.rtc_tells && !self.is_waiting_caller(device) {
            // Who is in the media is the RTC service's to say.
            if let Some(participant) = self.seat_of(device) {
                participant.check_at_ms = None;
                self.changed = true;
            }
            return;
        }
        if self.is_waiting_caller(device) {
            // T15: nobody answered and the caller has gone: it must not ring on.
            self.set_state(&user, State::Lost);
        } else {
            let grace_ms =
                if self.meeting.mode == Mode::Direct { RECONNECT_DIRECT_MS } else { RECONNECT_GROUP_MS };
            if let Some(participant) = self.seat_of(device) {
                let was_joined = participant.state == State::Joined;
                participant.away = Some(Away { until_ms: now_ms + grace_ms, was_joined });
                participant.check_at_ms = None;
            }
            self.set_state(&user, State::Reconnecting);
        }
        self.settle();
    }

    /// A device that is coming back to its seat gets the time that a newcomer has, where the RTC service tells when it
    /// is in.
    pub(super) fn comes_back(&mut self, device: &ClientId) {
        let until_ms = self.now.ms + JOIN_MS;
        if let Some(away) = self.seat_of(device).and_then(|p| p.away.as_mut())
            && away.until_ms < until_ms
        {
            away.until_ms = until_ms;
            self.changed = true;
        }
    }

    /// T25: back to where the participant was, unless that is the RTC service's to say.
    pub(super) fn here(&mut self, device: &ClientId) {
        let tells = self.now.rtc_tells;
        let Some(participant) = self.seat_of(device) else { return };
        let checked = participant.check_at_ms.take().is_some();
        let away = participant.away.take_if(|_| !tells);
        self.changed |= checked;
        if let Some(away) = away {
            let state = if away.was_joined { State::Joined } else { State::Accepted };
            self.set_state(&device.user(), state);
            self.settle();
        }
    }

    /// The caller of a direct call that nobody has accepted yet.
    fn is_waiting_caller(&self, device: &ClientId) -> bool {
        let caller = self.meeting.created_by.client_id.user();
        self.meeting.mode == Mode::Direct
            && device.user() == caller
            && self.meeting.pending().next().is_some()
    }
}
