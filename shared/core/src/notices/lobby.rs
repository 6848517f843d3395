//! Notices about the lobby (T20–T22): hosts get who waits and what was decided, users who waited the decision.

use super::Notices;
use crate::grant::Grant;
use crate::outgoing::Outgoing;
use crate::participant::Participant;
use crate::standing::{OutReason, Presence, Standing};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::LobbyDecision;

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
                decided.push(LobbyDecision { user_id: participant.user_id.clone(), admitted, code: None });
                self.lobby_result(participant, admitted);
            }
        }
        if !decided.is_empty() {
            self.notify_host_set("", || Body::LobbyUpdated { users: decided.clone() });
        }
    }

    /// Returns whether a user who waited in the lobby was admitted in this revision; `None` if the user did not wait.
    fn decision(&self, participant: &Participant) -> Option<bool> {
        if participant.lobby_devices().is_empty() {
            return None;
        }
        match &*participant.standing {
            Standing::Seated(seat) => {
                let is_on_the_way = matches!(seat.presence, Presence::OnTheWay { .. });
                (is_on_the_way && seat.entry.is_from(self.rev)).then_some(true)
            }
            Standing::Out(exit) => (exit.reason == OutReason::Ended).then_some(false),
            Standing::Invited(_) | Standing::Lobby { .. } => None,
        }
    }

    fn lobby_result(&mut self, participant: &Participant, admitted: bool) {
        for device in participant.lobby_devices() {
            let meeting = admitted.then(|| self.meeting.view(self.now_ms));
            let body = Body::LobbyResult { admitted, meeting };
            let subject = participant.user_id.as_str();
            let notice = Outgoing::notice(self.meeting, device, self.cause, subject, body);
            let grant = admitted.then(|| Grant::of(self.meeting, participant));
            self.list.push(Outgoing { grant, ..notice });
        }
    }
}
