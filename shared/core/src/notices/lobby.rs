//! Notices about the lobby (T20–T22): hosts get who waits and what was decided, users who waited the decision.

use super::Notices;
use crate::grant::Grant;
use crate::outgoing::Outgoing;
use crate::participant::Participant;
use crate::standing::{OutReason, Presence, Standing};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{LobbyDecision, Role};

/// Most waiting users of whom a host who comes in is notified one by one.
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
                decided.push(LobbyDecision { user_id: participant.user_id.clone(), admitted, code: None });
                self.lobby_result(participant, admitted);
            }
        }
        self.of_waiting_list();
        if !decided.is_empty() {
            self.notify_host_set("", || Body::LobbyUpdated { users: decided.clone() });
        }
    }

    /// To members of the host set who came in, moved here or got their role in this revision: the users who waited before.
    /// The whole list is in the `meeting` of their answer.
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
            let meeting = admitted.then(|| self.meeting.brief_view(self.now_ms));
            let body = Body::LobbyResult { admitted, meeting };
            let subject = participant.user_id.as_str();
            let notice = Outgoing::notice(self.meeting, device, self.cause, subject, body);
            let grant = admitted.then(|| Grant::of(self.meeting, participant));
            self.list.push(Outgoing { grant, ..notice });
        }
    }
}
