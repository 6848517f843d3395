//! The notice that the meeting ended.

use super::Notices;
use crate::participant::Participant;
use crate::standing::OutReason;
use std::collections::BTreeSet;
use switchboard_protocol::address::ClientId;

impl Notices<'_> {
    /// Adds the notice to every device with a seat, including the device whose loss ended the meeting, and to
    /// the devices that were in the lobby or were admitted in this revision.
    pub(super) fn of_end(&mut self) {
        let Some(body) = self.meeting.ended_body() else { return };
        let ended_now =
            |p: &&Participant| p.standing.is_from(self.rev) && p.out_reason() == Some(OutReason::Ended);
        let meeting = self.meeting;
        let devices: BTreeSet<&ClientId> = meeting
            .participants
            .values()
            .filter(ended_now)
            .flat_map(|p| p.lobby_devices().iter().chain(p.last_seat().map(|seat| &seat.device)))
            .collect();
        let lost = meeting.participants.values().filter_map(|p| self.lost_seat(p));
        let devices: BTreeSet<&ClientId> = devices.into_iter().chain(lost).collect();
        for device in devices {
            self.notify_device(device, "", body.clone());
        }
    }
}
