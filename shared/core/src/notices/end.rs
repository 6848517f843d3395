//! The notice that the meeting ended.

use super::Notices;
use crate::participant::Participant;
use crate::standing::OutReason;
use std::collections::BTreeSet;
use switchboard_protocol::address::ClientId;

impl Notices<'_> {
    /// To every device with a seat, also to the one whose loss ended the meeting, and to those that waited in the lobby or were admitted from it just now.
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
