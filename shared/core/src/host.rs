//! The host of a group, and the host's successor (T29–T31).

use crate::change::Change;
use crate::limits::HOST_GRACE_MS;
use crate::participant::Participant;
use crate::stamped::Stamped;
use crate::standing::Presence;
use switchboard_protocol::address::UserId;
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::{HostLeavePolicy, Mode, Role, SpeechMode};

impl Change {
    /// Applies the policy `host_leave` to a group whose host has no seat. A direct call ends when either user
    /// leaves.
    pub(crate) fn update_host(&mut self) {
        if *self.meeting.mode == Mode::Direct || self.meeting.end().is_some() {
            return;
        }
        let host = self.meeting.participants.get(&self.meeting.host);
        let is_present = host.is_some_and(Participant::is_member);
        let left_now = host.is_some_and(|p| p.standing.is_from(self.rev));
        let policy = self.meeting.settings.policy.host_leave;
        if is_present || policy != HostLeavePolicy::GraceEnd {
            self.is_changed |= self.meeting.host_away_until_ms.take().is_some();
        }
        match policy {
            _ if is_present => {}
            HostLeavePolicy::Transfer => {
                if let Some(next) = self.next_host() {
                    self.make_host(&next);
                }
            }
            HostLeavePolicy::GraceEnd if self.meeting.host_away_until_ms.is_none() => {
                let until_ms = self.now.ms + HOST_GRACE_MS;
                self.meeting.host_away_until_ms = Some(Stamped::new(until_ms, self.rev));
                self.is_changed = true;
            }
            HostLeavePolicy::End if left_now => self.end(EndReason::HostLeft),
            // No user has the host's powers until the host returns; cohosts keep theirs.
            HostLeavePolicy::Continue | HostLeavePolicy::End | HostLeavePolicy::GraceEnd => {}
        }
    }

    /// T29, T60: returns the next host. The order is: the succession of the create request, cohosts in their
    /// order, the member who is in the media longest, the oldest seat. A member with blocked speech is chosen
    /// only if no other member is left, since the host's speech cannot be blocked.
    fn next_host(&self) -> Option<UserId> {
        self.next_host_among(|p| p.speech.has_right()).or_else(|| self.next_host_among(|_| true))
    }

    fn next_host_among(&self, may_follow: fn(&Participant) -> bool) -> Option<UserId> {
        let is_candidate = |user: &&UserId| {
            self.meeting.participants.get(*user).is_some_and(|p| p.is_member() && may_follow(p))
        };
        if let Some(named) = self.meeting.succession.iter().find(is_candidate) {
            return Some(named.clone());
        }
        let rank = |p: &&Participant| {
            let Some(seat) = p.seat() else { return (4, 0, p.order) };
            match (*p.role, &seat.presence) {
                (Role::Cohost, _) => (0, 0, p.order),
                (_, Presence::Joined) => (1, seat.joined_ms.unwrap_or(seat.entry.at_ms), p.order),
                (_, Presence::OnTheWay { .. }) => (2, seat.entry.at_ms, p.order),
                (_, Presence::Away { .. }) => (3, seat.entry.at_ms, p.order),
            }
        };
        self.meeting.members().filter(|p| may_follow(p)).min_by_key(rank).map(|p| p.user_id.clone())
    }

    /// Makes `user` the host, and the previous host a member.
    pub(crate) fn make_host(&mut self, user: &UserId) {
        let previous = std::mem::replace(&mut self.meeting.host, user.clone());
        // The notice `host_changed` carries both roles.
        if let Some(previous) = self.meeting.participants.get_mut(&previous) {
            *previous.role.amend() = Role::Member;
        }
        if let Some(host) = self.meeting.participants.get_mut(user) {
            *host.role.amend() = Role::Host;
        }
        // The host's speech cannot be blocked.
        if self.meeting.participants.get(user).is_some_and(|p| !p.speech.has_right()) {
            self.set_speech(user, SpeechMode::Free, None, user);
        }
        self.meeting.previous_host = Some(Stamped::new(previous, self.rev));
        self.meeting.host_away_until_ms = None;
        self.is_changed = true;
    }
}
