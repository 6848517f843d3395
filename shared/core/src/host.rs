//! Who runs a meeting: what happens when its host goes, and how the host gives it to somebody else (T29–T31).

use super::change::Change;
use super::reply::{Outcome, Reply};
use super::{HOST_GRACE_MS, Meeting, Participant, Refusal};
use serde::{Deserialize, Serialize};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{HostLeavePolicy, Mode, ParticipantState as State, Role, SpeechMode};

/// The last time that the host changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostChange {
    /// Who was host before.
    pub previous: UserId,
    /// The revision in which it changed.
    pub rev: u64,
}

/// Until when a meeting waits for its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAway {
    /// When it ends without one.
    pub until_ms: i64,
    /// The revision in which the host was gone.
    pub rev: u64,
}

impl Meeting {
    /// The body that tells the last change of the host; `None` if there was none.
    pub(super) fn host_body(&self) -> Option<Body> {
        let previous = self.host_change.as_ref()?.previous.clone();
        Some(Body::HostChanged { host: self.host.clone(), previous })
    }
}

impl Change {
    /// What follows for a group whose host has no seat (any more). A direct call ends with either side.
    pub(super) fn settle_host(&mut self) {
        if self.meeting.mode == Mode::Direct || self.meeting.end().is_some() {
            return;
        }
        let host = self.meeting.participants.get(&self.meeting.host);
        let here = host.is_some_and(|p| p.state.is_member());
        let gone_now = host.is_some_and(|p| p.changed_rev == self.rev);
        let policy = self.meeting.policy.host_leave;
        if here || policy != HostLeavePolicy::GraceEnd {
            self.changed |= self.meeting.host_away.take().is_some();
        }
        match policy {
            _ if here => {}
            HostLeavePolicy::Transfer => {
                if let Some(next) = self.next_host() {
                    self.make_host(&next);
                }
            }
            HostLeavePolicy::GraceEnd if self.meeting.host_away.is_none() => {
                let until_ms = self.now.ms + HOST_GRACE_MS;
                self.meeting.host_away = Some(HostAway { until_ms, rev: self.rev });
                self.changed = true;
            }
            HostLeavePolicy::End if gone_now => self.end(EndReason::HostLeft),
            // Nobody has a host's powers until the host comes back; cohosts keep theirs.
            HostLeavePolicy::Continue | HostLeavePolicy::End | HostLeavePolicy::GraceEnd => {}
        }
    }

    /// T29: cohosts in their order, then who is longest in the media, then who has the oldest seat.
    fn next_host(&self) -> Option<UserId> {
        let rank = |p: &&Participant| match (p.role, p.state) {
            (Role::Cohost, _) => (0, 0, p.order),
            (_, State::Joined) => (1, p.joined_ms.unwrap_or(p.seated_ms), p.order),
            (_, State::Accepted) => (2, p.seated_ms, p.order),
            _ => (3, p.seated_ms, p.order),
        };
        self.meeting.members().min_by_key(rank).map(|p| p.user_id.clone())
    }

    fn make_host(&mut self, user: &UserId) {
        let previous = std::mem::replace(&mut self.meeting.host, user.clone());
        if let Some(previous) = self.meeting.participants.get_mut(&previous) {
            previous.role = Role::Member;
        }
        if let Some(host) = self.meeting.participants.get_mut(user) {
            host.role = Role::Host;
        }
        // A host's speech cannot be blocked.
        if self.meeting.participants.get(user).is_some_and(|p| !p.speech.has_right()) {
            self.set_speech(user, SpeechMode::Free, None, user);
        }
        self.meeting.host_change = Some(HostChange { previous, rev: self.rev });
        self.meeting.host_away = None;
        self.changed = true;
    }

    /// The host makes another member host.
    pub(super) fn transfer_host(&mut self, by: &ClientId, user: &UserId) -> Outcome {
        self.must_host(by)?;
        if !self.meeting.participants.get(user).is_some_and(|p| p.state.is_member()) {
            return Err(Refusal::new(Code::UserNotFound, "only who is in the meeting can become its host"));
        }
        let previous = self.meeting.host.clone();
        if previous != *user {
            self.make_host(user);
            self.settle_host();
        }
        Ok(Reply::Body(Body::HostChanged { host: user.clone(), previous }))
    }

    /// The host makes somebody a cohost, or takes that back; also of who still rings or waits.
    pub(super) fn set_role(&mut self, by: &ClientId, user: &UserId, role: Role) -> Outcome {
        self.must_host(by)?;
        let rev = self.rev;
        let has_part =
            |p: &&mut Participant| p.state.is_member() || p.state.is_pending() || p.state == State::Lobby;
        let Some(participant) = self.meeting.participants.get_mut(user).filter(has_part) else {
            return Err(Refusal::new(Code::UserNotFound, "that user has no part in the meeting"));
        };
        if participant.role == Role::Host {
            return Err(Refusal::new(Code::StateConflict, "transfer the meeting to another host first"));
        }
        if participant.role != role {
            participant.role = role;
            participant.role_rev = rev;
            self.changed = true;
        }
        Ok(self.participant_answer(user).into())
    }

    /// The host, from any device.
    fn must_host(&self, by: &ClientId) -> Result<(), Refusal> {
        if self.meeting.host == by.user() {
            Ok(())
        } else {
            Err(Refusal::new(Code::NotHost, "only the host does this"))
        }
    }
}
