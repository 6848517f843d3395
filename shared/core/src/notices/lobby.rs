//! Notices about the lobby (T20–T22): hosts are notified of users who enter or leave the lobby, and waiting
//! users of the decision.

use super::Notices;
use crate::grant::Grant;
use crate::outgoing::Outgoing;
use crate::participant::Participant;
use crate::standing::{OutReason, Presence, Seat, Standing};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::{Body, RemovedReason};
use switchboard_protocol::object::{LobbyDecision, Role};

/// Largest number of waiting users for which a host who joins gets a notice each.
const MAX_LISTED: usize = 49;

impl Notices<'_> {
    pub(super) fn of_lobby(&mut self) {
        let (meeting, rev) = (self.meeting, self.rev);
        let mut decided = Vec::new();
        for participant in meeting.participants.values().filter(|p| p.standing.is_from(rev)) {
            if participant.is_in_lobby() {
                self.notify_host_set(participant.user_id.as_str(), || Body::LobbyRequest {
                    user_id: participant.user_id.clone(),
                    name: participant.name.clone(),
                });
            } else if let Some(admitted) = self.decision(participant) {
                let code = participant.is_banned().then_some(Code::Banned);
                decided.push(LobbyDecision { user_id: participant.user_id.clone(), admitted, code });
                match &*participant.standing {
                    Standing::Seated(seat) if self.is_own_entry(seat) => self.lobby_left_behind(seat),
                    // The user gets `participant_removed`.
                    Standing::Out(exit) if exit.reason != OutReason::Ended => {}
                    _ => self.lobby_result(participant, admitted),
                }
            }
        }
        self.of_waiting_list();
        if !decided.is_empty() {
            self.notify_host_set("", || Body::LobbyUpdated { users: decided.clone() });
        }
    }

    /// Adds notices about the users who already waited, to members of the host set who joined, moved here or
    /// got their role in this revision. The `meeting` in their answer has the whole list.
    fn of_waiting_list(&mut self) {
        let (meeting, rev) = (self.meeting, self.rev);
        let mut waiting: Vec<&Participant> =
            meeting.participants.values().filter(|p| p.is_in_lobby() && !p.standing.is_from(rev)).collect();
        waiting.sort_by_key(|p| (p.standing.rev(), p.order));
        waiting.truncate(MAX_LISTED);
        let is_new_host = |p: &Participant| {
            meeting.host == p.user_id && meeting.previous_host.as_ref().is_some_and(|host| host.is_from(rev))
        };
        for host in meeting.members().filter(|p| *p.role != Role::Member) {
            let Some(seat) = host.seat() else { continue };
            let is_here_now =
                seat.entry.is_from(rev) || seat.moved_from.as_ref().is_some_and(|from| from.is_from(rev));
            if is_here_now || is_new_host(host) || host.role.is_from(rev) {
                for user in &waiting {
                    let body = Body::LobbyRequest { user_id: user.user_id.clone(), name: user.name.clone() };
                    self.notify_device(&seat.device, user.user_id.as_str(), body);
                }
            }
        }
    }

    /// Returns whether the user joined by a request of the seat's device, and not by the decision of a host.
    fn is_own_entry(&self, seat: &Seat) -> bool {
        self.cause.is_request_of(&seat.device) || !seat.claimants.contains(&seat.device)
    }

    /// Adds the notice to the user's devices that waited while another device of the user joined.
    fn lobby_left_behind(&mut self, seat: &Seat) {
        for device in seat.claimants.iter().filter(|device| **device != seat.device) {
            let body =
                Body::ParticipantRemoved { reason: RemovedReason::Moved, until_in_ms: None, text: None };
            self.notify_device(device, device.user().as_str(), body);
        }
    }

    /// Returns whether a waiting user joined in this revision; `None` if the user did not wait.
    fn decision(&self, participant: &Participant) -> Option<bool> {
        if participant.lobby_devices().is_empty() {
            return None;
        }
        match &*participant.standing {
            Standing::Seated(seat) => {
                let is_on_the_way = matches!(seat.presence, Presence::OnTheWay { .. });
                (is_on_the_way && seat.entry.is_from(self.rev)).then_some(true)
            }
            Standing::Out(exit) => {
                let is_refused =
                    matches!(exit.reason, OutReason::Ended | OutReason::Removed | OutReason::Banned { .. });
                (is_refused && participant.left_lobby()).then_some(false)
            }
            Standing::Invited(_) | Standing::Lobby { .. } => None,
        }
    }

    fn lobby_result(&mut self, participant: &Participant, admitted: bool) {
        for device in participant.lobby_devices() {
            let meeting = admitted.then(|| self.meeting.brief_view(self.now_ms));
            let body = Body::LobbyResult { admitted, meeting };
            let subject = participant.user_id.as_str();
            let notice = Outgoing::notice(self.meeting, device, self.cause, subject, body);
            let grant = admitted.then(|| Grant::of(self.meeting, participant));
            self.list.push(Outgoing { grant, ..notice });
        }
    }
}
