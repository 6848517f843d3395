//! Coming in without answering an invitation: by the policy, back into a meeting that one has left, and with another
//! device to one's own seat (T20, T25, T28).

use super::attend::{JOINED, not_admitted};
use super::change::Change;
use super::reply::{Outcome, Reply};
use super::{DEVICES_MAX, Device, Leg, PEOPLE_MAX, Participant, Refusal};
use serde::{Deserialize, Serialize};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{JoinPolicy, Mode, ParticipantState as State, Role, SpeechMode};

/// Somebody who wants to come in, with what the table knows of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// The name from the app's JWT.
    pub name: Option<String>,
    /// Known devices: all of them hear whether their user is let in from the lobby.
    pub devices: Vec<Device>,
    /// Whether a seat on another device of the same user moves here.
    pub takeover: bool,
}

/// A seat that went from one device of its user to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The device that had it.
    pub from: ClientId,
    /// The revision in which it went.
    pub rev: u64,
}

impl Change {
    /// T20 for strangers and for who was removed; T28 for who is in on another device. Whoever was invited once or
    /// has been in comes in again, unless the meeting is locked or full.
    pub(super) fn join(&mut self, by: &ClientId, joining: &Joining) -> Outcome {
        match self.participant(by).map(|p| p.state) {
            Some(state) if state.is_member() => self.join_again(by, joining.takeover)?,
            Some(State::Banned) => return Err(banned()),
            // `Ended` in a meeting that goes on: a host did not let them in from the lobby.
            Some(State::Lobby | State::Removed | State::Ended) | None => {
                if self.knock(by, joining)? == JoinPolicy::Lobby {
                    return Ok(Reply::Body(Body::LobbyWaiting {}));
                }
            }
            Some(_) => {
                self.unlocked()?;
                self.come_in(by)?;
            }
        }
        Ok(JOINED)
    }

    /// T25, T26: back to the seat, also to one that was given up meanwhile, while the meeting takes people in.
    pub(super) fn rejoin(&mut self, by: &ClientId) -> Outcome {
        match self.participant(by).map(|p| p.state) {
            Some(State::Banned) => return Err(banned()),
            Some(State::Lost) => {
                self.unlocked().and_then(|()| self.come_in(by)).map_err(|_| not_admitted())?;
            }
            _ => {
                self.settle_on(by);
                self.seated(by)?;
                self.here(by);
                self.comes_back(by);
            }
        }
        Ok(JOINED)
    }

    fn join_again(&mut self, by: &ClientId, takeover: bool) -> Result<(), Refusal> {
        self.settle_on(by);
        if self.seated(by).is_ok() {
            self.here(by);
            return Ok(());
        }
        if !takeover {
            return Err(in_elsewhere());
        }
        self.move_seat(by);
        Ok(())
    }

    /// T28: seat, role and flags go to another device of the same user.
    pub(super) fn move_seat(&mut self, by: &ClientId) {
        let (rev, join_by_ms) = (self.rev, self.now.ms + super::JOIN_MS);
        let Some(participant) = self.meeting.participants.get_mut(&by.user()) else { return };
        let Some(from) = participant.seat.replace(by.clone()).filter(|from| from != by) else { return };
        if let Some(invitation) = &mut participant.invitation {
            invitation.legs.insert(from.clone(), Leg::Closed);
            invitation.legs.insert(by.clone(), Leg::Won);
        }
        participant.moved = Some(Moved { from, rev });
        participant.waiting = Vec::new();
        participant.join_by_ms = participant.join_by_ms.map(|_| join_by_ms);
        let state = participant.state;
        self.set_state(&by.user(), state);
        self.here(by);
        self.comes_back(by);
    }

    /// What the policy says to who was not invited: what they get, if anything.
    fn knock(&mut self, by: &ClientId, joining: &Joining) -> Result<JoinPolicy, Refusal> {
        let policy = self.meeting.policy.join;
        if policy == JoinPolicy::Invited || self.meeting.mode == Mode::Direct {
            return Err(Refusal::new(Code::Forbidden, "only who was invited comes into this meeting"));
        }
        self.unlocked()?;
        if policy == JoinPolicy::Open {
            self.free_seat()?;
            self.newcomer(by, joining)?;
            self.come_in(by)?;
        } else {
            self.newcomer(by, joining)?;
            self.wait(by, joining);
        }
        Ok(policy)
    }

    fn newcomer(&mut self, by: &ClientId, joining: &Joining) -> Result<(), Refusal> {
        let people = &mut self.meeting.participants;
        let order = people.len();
        if people.contains_key(&by.user()) {
            return Ok(());
        }
        if order >= PEOPLE_MAX {
            return Err(Refusal::new(Code::MeetingFull, "the meeting has seen too many people"));
        }
        let order = u32::try_from(order).unwrap_or(u32::MAX);
        let participant = Participant::newcomer(by.user(), joining.name.clone(), Role::Member, order);
        people.insert(by.user(), participant);
        Ok(())
    }

    /// T20: waits in the lobby, on every device.
    fn wait(&mut self, by: &ClientId, joining: &Joining) {
        let Some(participant) = self.meeting.participants.get_mut(&by.user()) else { return };
        if participant.state == State::Lobby {
            if !participant.waiting.contains(by) {
                participant.waiting.push(by.clone());
                self.changed = true;
            }
            return;
        }
        let mut devices = joining.devices.clone();
        devices.sort_by_key(|device| std::cmp::Reverse(device.seen_ms));
        let others = devices.into_iter().map(|device| device.client_id).filter(|device| device != by);
        participant.waiting = std::iter::once(by.clone()).chain(others).take(DEVICES_MAX).collect();
        // What came of an earlier invitation is no news any more.
        participant.invitation = None;
        self.set_state(&by.user(), State::Lobby);
    }

    /// Takes a seat on the device that asks, if there is one; no other device waits for it any more.
    fn come_in(&mut self, by: &ClientId) -> Result<(), Refusal> {
        self.free_seat()?;
        if let Some(participant) = self.meeting.participants.get_mut(&by.user()) {
            participant.waiting = Vec::new();
        }
        let rings = self.participant(by).is_some_and(|p| p.state.is_pending());
        if rings {
            self.set_leg(by, Leg::Won);
            self.each_leg(&by.user(), |device| if device == by { Leg::Won } else { Leg::LostElsewhere });
        }
        self.enter(by);
        Ok(())
    }

    /// What follows when somebody takes a seat: newcomers may be muted, the creator's own time to reach the media
    /// runs from the first one, and a host may be back.
    pub(super) fn enter(&mut self, by: &ClientId) {
        self.seat(&by.user(), by);
        self.mute_newcomer(&by.user());
        self.start_hosts_deadline();
        self.settle();
    }

    /// Who was let in from the lobby is so on all devices: the first one that comes has the seat.
    pub(super) fn settle_on(&mut self, by: &ClientId) {
        let Some(participant) = self.meeting.participants.get_mut(&by.user()) else { return };
        let admitted = participant.state == State::Accepted && participant.waiting.contains(by);
        if admitted && participant.seat.as_ref() != Some(by) {
            participant.seat = Some(by.clone());
            self.changed = true;
        }
    }

    pub(super) fn free_seat(&self) -> Result<(), Refusal> {
        if self.meeting.members().count() < self.meeting.max_participants as usize {
            Ok(())
        } else {
            Err(Refusal::new(Code::MeetingFull, "every seat is taken"))
        }
    }

    fn unlocked(&self) -> Result<(), Refusal> {
        if self.meeting.locked {
            Err(Refusal::new(Code::Locked, "the meeting takes nobody in"))
        } else {
            Ok(())
        }
    }

    fn mute_newcomer(&mut self, user: &UserId) {
        let muted = self.meeting.policy.entry_muted;
        let newcomer = self.meeting.participants.get_mut(user).filter(|p| muted && p.role == Role::Member);
        // The news that they are in says it too: it is none of its own.
        if let Some(speech) = newcomer.map(|p| &mut p.speech).filter(|speech| speech.mode == SpeechMode::Free)
        {
            speech.mode = SpeechMode::Soft;
        }
    }
}

pub(super) fn in_elsewhere() -> Refusal {
    Refusal::new(Code::StateConflict, "you are in on another device: say `takeover` to move the call here")
}

fn banned() -> Refusal {
    Refusal::new(Code::Banned, "you are banned from this meeting")
}
