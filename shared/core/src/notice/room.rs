//! The news of a meeting's room: its host, lobby, hands, rules, and that its end comes near.

use super::News;
use crate::{Grant, Participant, Tell};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::downlink::{Body, RemovedReason};
use switchboard_protocol::object::{LobbyDecision, ParticipantState as State, Role};

impl News<'_> {
    /// Everything but the roster, while the meeting goes on.
    pub(super) fn of_room(&self, tells: &mut Vec<Tell>) {
        let (meeting, rev) = (self.meeting, self.rev);
        if meeting.grouped_rev == Some(rev) || meeting.updated_rev == rev {
            self.to_all_members(tells, "", |_| {
                Some(Body::MeetingUpdated { meeting: meeting.view(self.now_ms) })
            });
        }
        for participant in meeting.participants.values() {
            self.of_role(participant, tells);
            self.of_move(participant, tells);
        }
        if meeting.host_change.as_ref().is_some_and(|change| change.rev == rev) {
            self.to_all_members(tells, "", |_| meeting.host_body());
        }
        if let Some(away) = meeting.host_away.filter(|away| away.rev == rev) {
            self.of_coming_end(away.until_ms, EndReason::HostLeft, tells);
        }
        if meeting.warning.is_some_and(|warning| warning.rev == rev) {
            self.of_coming_end(meeting.ends_at_ms, EndReason::MaxDuration, tells);
        }
        if meeting.hands_rev == rev {
            self.to_all_members(tells, "", |_| Some(meeting.hands_body()));
        }
        self.of_lobby(tells);
    }

    /// T30, T44.
    fn of_coming_end(&self, at_ms: i64, reason: EndReason, tells: &mut Vec<Tell>) {
        let in_ms = (at_ms - self.now_ms).max(0);
        let subject = if reason == EndReason::HostLeft { "host" } else { "time" };
        self.to_all_members(tells, subject, |_| Some(Body::MeetingEnding { in_ms, reason }));
    }

    /// Somebody became a cohost, or is none any more; a change of state tells the role too.
    fn of_role(&self, participant: &Participant, tells: &mut Vec<Tell>) {
        if participant.role_rev == self.rev
            && !(participant.changed_rev == self.rev && self.is_roster(participant))
        {
            self.to_all_members(tells, participant.user_id.as_str(), |_| {
                Some(Body::ParticipantUpdated { participant: participant.view(self.now_ms) })
            });
        }
    }

    /// T28: the device that had the seat.
    fn of_move(&self, participant: &Participant, tells: &mut Vec<Tell>) {
        let moved = participant.moved.as_ref().filter(|moved| moved.rev == self.rev);
        if let Some(moved) = moved.filter(|moved| participant.seat.as_ref() != Some(&moved.from)) {
            let body = Body::ParticipantRemoved { reason: RemovedReason::Moved, until_in_ms: None };
            tells.push(self.tell(&moved.from, participant.user_id.as_str(), body));
        }
    }

    /// T20–T22: hosts hear who waits and what became of them; who waits hears the latter.
    fn of_lobby(&self, tells: &mut Vec<Tell>) {
        let changed = |p: &&Participant| p.changed_rev == self.rev;
        let mut decided = Vec::new();
        for participant in self.meeting.participants.values().filter(changed) {
            let admitted = match participant.state {
                State::Lobby => {
                    self.to_hosts(tells, participant.user_id.as_str(), || Body::LobbyRequest {
                        user_id: participant.user_id.clone(),
                        name: participant.name.clone(),
                    });
                    continue;
                }
                State::Accepted if participant.seated_rev == self.rev => true,
                State::Ended => false,
                _ => continue,
            };
            if participant.waiting.is_empty() {
                continue;
            }
            decided.push(LobbyDecision { user_id: participant.user_id.clone(), admitted, code: None });
            for device in &participant.waiting {
                let meeting = admitted.then(|| self.meeting.view(self.now_ms));
                let tell =
                    self.tell(device, participant.user_id.as_str(), Body::LobbyResult { admitted, meeting });
                let grant = admitted.then(|| Grant::of(self.meeting, participant));
                tells.push(Tell { grant, ..tell });
            }
        }
        if !decided.is_empty() {
            self.to_hosts(tells, "", || Body::LobbyUpdated { users: decided.clone() });
        }
    }

    fn to_hosts(&self, tells: &mut Vec<Tell>, subject: &str, body: impl Fn() -> Body) {
        let hosts = self.meeting.members().filter(|member| member.role != Role::Member);
        for seat in hosts.filter_map(|host| host.seat.as_ref()) {
            tells.push(self.tell(seat, subject, body()));
        }
    }
}
