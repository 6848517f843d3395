//! The broker's view of a seat's device. A lost connection alone never hangs up: the device is checked later,
//! then the seat is kept for a grace, and then given up (T15, T24–T26).

use crate::change::Change;
use crate::decision::Decision;
use crate::input::DeviceStatus;
use crate::limits::{
    ASK_AGAIN_MS, CALLER_CHECK_MS, CHECK_MS, CONFIRM_MS, JOIN_MS, RECONNECT_DIRECT_MS, RECONNECT_GROUP_MS,
};
use crate::meeting::Meeting;
use crate::participant::Participant;
use crate::standing::{AwayFrom, OutReason, Presence};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::object::Mode;

/// Applies the status of a device. Changes nothing if the device has no seat. The status is applied before
/// the deadlines, so that a connected device returns even if its deadline has just passed.
pub(crate) fn apply(mut change: Change, device: &ClientId, status: DeviceStatus) -> Decision {
    match status {
        DeviceStatus::Connected => change.device_connected(device),
        DeviceStatus::ConnectedAnew { since_ms } => change.device_connected_anew(device, since_ms),
        DeviceStatus::ConnectedUnseen => change.device_connected_unseen(device),
        DeviceStatus::Unknown => change.put_off_check(device),
        DeviceStatus::Disconnected | DeviceStatus::StillDisconnected => {}
    }
    change.apply_deadlines();
    if change.meeting.end().is_none() {
        match status {
            DeviceStatus::Disconnected => change.device_disconnected(device),
            DeviceStatus::StillDisconnected => change.device_still_disconnected(device),
            DeviceStatus::Connected
            | DeviceStatus::ConnectedAnew { .. }
            | DeviceStatus::ConnectedUnseen
            | DeviceStatus::Unknown => {}
        }
    }
    change.into_decision(None)
}

impl Change {
    /// Returns the milliseconds for which the seat of a dropped participant is kept.
    pub(crate) fn reconnect_ms(&self) -> i64 {
        if *self.meeting.mode == Mode::Direct { RECONNECT_DIRECT_MS } else { RECONNECT_GROUP_MS }
    }

    fn device_disconnected(&mut self, device: &ClientId) {
        let is_waiting_caller = self.is_waiting_caller(device);
        let is_in_media = self.seat_of(device).is_some_and(|seat| seat.is_joined());
        // If the RTC service reports presence, a lost connection only leads to a question to the RTC service.
        if self.rtc.reports_presence && !is_in_media && !is_waiting_caller {
            return;
        }
        let check_at_ms = self.now.ms + if is_waiting_caller { CALLER_CHECK_MS } else { CHECK_MS };
        if let Some(seat) = self
            .seat_of(device)
            .filter(|seat| seat.check_at_ms.is_none() && !matches!(seat.presence, Presence::Away { .. }))
        {
            seat.check_at_ms = Some(check_at_ms);
            self.is_changed = true;
        }
    }

    /// Postpones the decision that the status of the device would cause. No user loses a seat because the
    /// broker does not answer, and the meeting's other deadlines do not wait for the broker.
    fn put_off_check(&mut self, device: &ClientId) {
        let (now_ms, again_ms) = (self.now.ms, self.now.ms + CHECK_MS);
        let Some(seat) = self.seat_of(device) else { return };
        let of_presence = match &mut seat.presence {
            Presence::Away { until_ms, .. } => Some(until_ms),
            Presence::OnTheWay { join_by_ms } => join_by_ms.as_mut(),
            Presence::Joined => None,
        };
        let due = seat.check_at_ms.as_mut().into_iter().chain(of_presence).filter(|at_ms| **at_ms <= now_ms);
        let mut is_changed = false;
        for at_ms in due {
            *at_ms = again_ms;
            is_changed = true;
        }
        self.is_changed |= is_changed;
    }

    fn device_still_disconnected(&mut self, device: &ClientId) {
        let now_ms = self.now.ms;
        let is_waiting_caller = self.is_waiting_caller(device);
        let reports_presence = self.rtc.reports_presence;
        let Some(seat) = self.seat_of(device) else { return };
        if seat.check_at_ms.is_none_or(|at_ms| at_ms > now_ms) {
            return;
        }
        let user = device.user();
        if is_waiting_caller {
            // T15: no user answered, and the caller is disconnected, so the callee's devices stop ringing.
            self.put_out(&user, OutReason::Lost);
        } else if reports_presence {
            // The RTC service decides which users are in the media.
            seat.check_at_ms = None;
            self.is_changed = true;
            return;
        } else {
            // The next connection gets the full time to confirm the seat.
            seat.confirm_by_ms = None;
            let until_ms = now_ms + self.reconnect_ms();
            self.drop_seat(&user, until_ms);
        }
        self.update_phase();
    }

    /// Gives a device that returns to its seat the same time as a newcomer.
    pub(crate) fn extend_absence(&mut self, device: &ClientId) {
        let new_until_ms = self.now.ms + JOIN_MS;
        if let Some(Presence::Away { until_ms, .. }) = self.seat_of(device).map(|seat| &mut seat.presence)
            && *until_ms < new_until_ms
        {
            *until_ms = new_until_ms;
            self.is_changed = true;
        }
    }

    /// T25: restores the presence of the device's seat, unless the RTC service decides about presence.
    pub(crate) fn device_connected(&mut self, device: &ClientId) {
        let reports_presence = self.rtc.reports_presence;
        let Some(seat) = self.seat_of(device) else { return };
        let was_to_check = seat.check_at_ms.take().is_some();
        let away_from = match seat.presence {
            // A connection alone does not prove that the terminal still knows its seat.
            Presence::Away { from, .. } if !reports_presence && seat.confirm_by_ms.is_none() => Some(from),
            _ => None,
        };
        self.is_changed |= was_to_check;
        match away_from {
            Some(AwayFrom::Media) => self.join_media(&device.user()),
            Some(AwayFrom::OnTheWay { join_by_ms }) => {
                let presence = Presence::OnTheWay { join_by_ms };
                self.set_presence(&device.user(), presence);
            }
            None => return,
        }
        self.update_phase();
    }

    /// Handles a new connection, whose terminal may have restarted and forgotten its seat. If the RTC service
    /// reports presence, the service asks it about a user who was in the media, since a callback may be lost.
    /// Otherwise the device has to confirm the seat by any request to the meeting. Further connections do not
    /// extend that time. A connection that is older than the seat or its last report needs no confirmation: its
    /// event is late, and the device has already sent requests over it.
    fn device_connected_anew(&mut self, device: &ClientId, since_ms: i64) {
        self.device_connected(device);
        if self.meeting.end().is_some() {
            return;
        }
        let (reports_presence, now_ms) = (self.rtc.reports_presence, self.now.ms);
        let Some(seat) = self.seat_of(device) else { return };
        let is_asked_about = reports_presence && seat.is_joined() && seat.check_at_ms.is_none();
        let has_to_confirm =
            !reports_presence && seat.confirm_by_ms.is_none() && seat.last_act_ms() < since_ms;
        if is_asked_about {
            seat.check_at_ms = Some(now_ms + CHECK_MS);
        }
        if has_to_confirm {
            seat.confirm_by_ms = Some(now_ms + CONFIRM_MS);
        }
        self.is_changed |= is_asked_about || has_to_confirm;
    }

    /// Keeps the seat of a connected device until the RTC service can report whether its user is in the
    /// media.
    fn device_connected_unseen(&mut self, device: &ClientId) {
        self.device_connected(device);
        let check_at_ms = self.now.ms + ASK_AGAIN_MS;
        if let Some(seat) = self.seat_of(device).filter(|seat| seat.is_joined()) {
            seat.check_at_ms = Some(check_at_ms);
            self.is_changed = true;
        }
    }

    /// Confirms the seat: the device has sent a request that only the device with the seat may send. The time
    /// is stored with any commit. The first report of the media after a long time makes a commit for it, since
    /// the device may have connected anew, and the broker's event may be lost.
    pub(crate) fn confirm_seat(&mut self, device: &ClientId, is_report: bool) {
        let (now_ms, is_changed) = (self.now.ms, self.is_changed);
        let counts = !self.rtc.reports_presence;
        let Some(seat) = self.seat_of(device) else { return };
        let was_to_confirm = seat.confirm_by_ms.take().is_some();
        let is_first_report = is_report && counts && seat.last_act_ms() + CONFIRM_MS <= now_ms;
        if counts && (was_to_confirm || is_first_report || is_changed) {
            seat.confirmed_ms = Some(now_ms);
        }
        self.is_changed |= was_to_confirm || is_first_report;
        if was_to_confirm {
            self.device_connected(device);
        }
    }

    /// Drops the seats whose devices did not confirm them in time.
    pub(crate) fn drop_unconfirmed(&mut self) {
        let (now_ms, until_ms) = (self.now.ms, self.now.ms + self.reconnect_ms());
        for user in self.meeting.users(|p| self.meeting.confirm_end_ms(p).is_some_and(|ms| ms <= now_ms)) {
            self.drop_seat(&user, until_ms);
        }
    }

    fn is_waiting_caller(&self, device: &ClientId) -> bool {
        self.meeting.is_waiting_caller(&device.user())
    }
}

impl Meeting {
    /// Returns whether `user` is the caller of a direct call without an answer.
    fn is_waiting_caller(&self, user: &UserId) -> bool {
        *self.mode == Mode::Direct
            && *user == self.created_by.client_id.user()
            && self.pending().next().is_some()
    }

    /// Returns whether `device` has a seat that it has neither confirmed over its connection since `since_ms`
    /// nor has to confirm yet.
    #[must_use]
    pub fn has_unconfirmed_seat(&self, device: &ClientId, since_ms: i64) -> bool {
        let seat = self.participants.get(&device.user()).and_then(Participant::seat);
        seat.filter(|seat| seat.device == *device).is_some_and(|seat| {
            !seat.is_away() && seat.confirm_by_ms.is_none() && seat.last_act_ms() < since_ms
        })
    }

    /// Returns the time by which the device must confirm the seat. The caller of an unanswered call need not
    /// confirm the seat before the answer.
    pub(crate) fn confirm_end_ms(&self, participant: &Participant) -> Option<i64> {
        let seat = participant.seat().filter(|seat| !seat.is_away())?;
        seat.confirm_by_ms.filter(|_| !self.is_waiting_caller(&participant.user_id))
    }
}

#[cfg(test)]
mod tests;
