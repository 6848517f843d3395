//! Notices about one participant: to all members, and to devices that were put out.

use super::Notices;
use crate::outgoing::DeliveryClass;
use crate::participant::Participant;
use crate::standing::{OutReason, Presence, Standing};
use std::collections::BTreeSet;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::{Body, RemovedReason};
use switchboard_protocol::object::Mode;

impl Notices<'_> {
    /// To all members, about a participant who changed.
    pub(super) fn of_roster(&mut self, participant: &Participant) {
        if !self.is_roster(participant) {
            return;
        }
        let seat = participant.seat();
        // The device that came in has the whole meeting in its answer.
        let is_moved = participant
            .last_seat()
            .is_some_and(|seat| seat.moved_from.as_ref().is_some_and(|from| from.is_from(self.rev)));
        let is_informed =
            is_moved || seat.is_some_and(|seat| matches!(seat.presence, Presence::OnTheWay { .. }));
        let is_merge = seat.is_some_and(|seat| seat.entry.is_merge && seat.entry.is_from(self.rev));
        let meeting = self.meeting;
        for member in meeting.members() {
            if member.user_id == participant.user_id && is_informed {
                continue;
            }
            let body = if is_merge {
                Body::MeetingMerged { meeting: meeting.view(self.now_ms) }
            } else {
                Body::ParticipantUpdated { participant: participant.view(self.now_ms) }
            };
            self.notify_member(member, participant.user_id.as_str(), body);
        }
    }

    /// T19, T26, T27: to the device whose seat is over, unless the device gave it up by its own request. Its connection to the
    /// broker may stand, and its media may seem to go on.
    pub(super) fn of_own_loss(&mut self, participant: &Participant) {
        let Some(device) = self.lost_seat(participant) else { return };
        let body = Body::ParticipantUpdated { participant: participant.view(self.now_ms) };
        self.notify_device(device, participant.user_id.as_str(), body);
    }

    /// The device whose seat ended in this revision without a request of the device.
    pub(super) fn lost_seat<'b>(&self, participant: &'b Participant) -> Option<&'b ClientId> {
        let is_loss =
            matches!(participant.out_reason(), Some(OutReason::Left | OutReason::Lost | OutReason::Failed));
        let seat = participant.last_seat().filter(|_| is_loss && participant.standing.is_from(self.rev))?;
        (!self.cause.is_request_of(&seat.device)).then_some(&seat.device)
    }

    /// Returns whether members get a notice of the participant's present state.
    fn is_roster(&self, participant: &Participant) -> bool {
        match &*participant.standing {
            Standing::Seated(_) => true,
            // Users who are invited with the create request are listed in its answer.
            Standing::Invited(pending) => !pending.is_ringing && self.rev > 1,
            Standing::Lobby { .. } => false,
            Standing::Out(exit) => match exit.reason {
                OutReason::Left | OutReason::Lost | OutReason::Removed | OutReason::Banned { .. } => true,
                // A direct call ends with it.
                OutReason::Failed => *self.meeting.mode == Mode::Group,
                _ => false,
            },
        }
    }

    /// A change of role, unless the notice about the state carries it.
    pub(super) fn of_role(&mut self, participant: &Participant) {
        if participant.role.is_from(self.rev)
            && !(participant.standing.is_from(self.rev) && self.is_roster(participant))
        {
            let now_ms = self.now_ms;
            self.notify_all_members(participant.user_id.as_str(), || Body::ParticipantUpdated {
                participant: participant.view(now_ms),
            });
        }
    }

    /// A change of the media that a seat sends, unless the notice about the state carries it. A device that is away does
    /// not need it later.
    pub(super) fn of_media(&mut self, participant: &Participant) {
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

    /// T28: to the device that had the seat before.
    pub(super) fn of_move(&mut self, participant: &Participant) {
        let Some(seat) = participant.last_seat() else { return };
        let moved_from = seat.moved_from.as_ref().filter(|from| from.is_from(self.rev));
        if let Some(from) = moved_from.filter(|from| seat.device != ***from) {
            let body =
                Body::ParticipantRemoved { reason: RemovedReason::Moved, until_in_ms: None, text: None };
            self.notify_device(from, participant.user_id.as_str(), body);
        }
    }

    /// T32, T33: to the device that had the seat, to those in the lobby, or to those that had an offer.
    pub(super) fn of_removal(&mut self, participant: &Participant) {
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
