//! What the RTC service says of who is in the media: the truth, where it tells (T18, T24–T27, T39, T41, T49).

use super::change::Change;
use super::decide::Decision;
use super::media::{MediaAct, removal, restriction};
use super::{Away, Meeting, Now, Participant, RECONNECT_DIRECT_MS, RECONNECT_GROUP_MS};
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{Mode, ParticipantState as State};

/// What was seen of a meeting's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSeen {
    /// A user came in.
    Joined {
        /// Who.
        user: UserId,
    },
    /// A user is out.
    Left {
        /// Who.
        user: UserId,
        /// Whether by own will, and not because the connection broke.
        clean: bool,
    },
    /// The channel is closed, or is not there: nobody is in.
    Closed,
    /// Exactly these are in.
    Present {
        /// Who.
        users: BTreeSet<UserId>,
        /// The revision that was known when this was asked: of whoever changed since, it says nothing.
        rev: u64,
    },
}

/// Applies what the RTC service says. Overdue deadlines are applied first, except that somebody who is in the media
/// is in, even if the time for it is just over.
#[must_use]
pub fn media_seen(meeting: &Meeting, seen: &MediaSeen, now: Now) -> Decision {
    Change::of(meeting, now).seen(seen)
}

impl Change {
    /// Applies what was seen to the working copy.
    pub(super) fn seen(mut self, seen: &MediaSeen) -> Decision {
        let rev = self.meeting.rev;
        let here = match seen {
            MediaSeen::Joined { user } => BTreeSet::from([user.clone()]),
            MediaSeen::Present { users, rev } => self.known_since(users, *rev),
            MediaSeen::Left { .. } | MediaSeen::Closed => BTreeSet::new(),
        };
        let mut beside = self.in_media(&here);
        self.tick();
        match seen {
            MediaSeen::Joined { .. } => {}
            MediaSeen::Left { user, clean: true } => self.left_media(user),
            MediaSeen::Left { user, clean: false } => self.dropped_from_media(user),
            MediaSeen::Closed => self.absent(&here, rev),
            MediaSeen::Present { users, rev } => self.absent(users, *rev),
        }
        let mut decision = self.decision_of_time();
        beside.retain(|act| !decision.media.contains(act));
        decision.media.extend(beside);
        decision
    }

    /// Those of `users` who did not change after `rev`.
    fn known_since(&self, users: &BTreeSet<UserId>, rev: u64) -> BTreeSet<UserId> {
        let changed =
            |user: &&UserId| self.meeting.participants.get(*user).is_some_and(|p| p.changed_rev > rev);
        users.iter().filter(|user| !changed(user)).cloned().collect()
    }

    /// T18, T25: those who have a seat are in. What is to be done about the others, who have none, and about a block
    /// that an older token does not know.
    fn in_media(&mut self, here: &BTreeSet<UserId>) -> Vec<MediaAct> {
        if self.meeting.end().is_some() {
            // Whoever enters a channel that is closed makes it anew.
            return if here.is_empty() { Vec::new() } else { vec![MediaAct::Close] };
        }
        let mut acts = Vec::new();
        for user in here {
            let Some(participant) = self.meeting.participants.get_mut(user) else { continue };
            if !participant.state.is_member() {
                acts.push(removal(participant));
                continue;
            }
            self.changed |= participant.check_at_ms.take().is_some();
            participant.join_by_ms = None;
            participant.away = None;
            if participant.state == State::Joined {
                if !participant.speech.has_right() {
                    let participant = &self.meeting.participants[user];
                    acts.push(restriction(&self.meeting, participant));
                }
            } else {
                self.set_state(user, State::Joined);
            }
        }
        self.settle();
        acts
    }

    /// T27.
    fn left_media(&mut self, user: &UserId) {
        let moved = |p: &Participant| p.moved.as_ref().is_some_and(|moved| moved.rev == p.changed_rev);
        if self.meeting.participants.get(user).is_some_and(moved) {
            // T28: the device that had the seat leaves, and the other one is on its way.
            return self.dropped_from_media(user);
        }
        if self.meeting.end().is_none()
            && self.meeting.participants.get(user).is_some_and(|p| p.state.is_member())
        {
            self.set_state(user, State::Left);
            self.settle();
        }
    }

    /// T24: the seat is kept for a while.
    pub(super) fn dropped_from_media(&mut self, user: &UserId) {
        let grace_ms =
            if self.meeting.mode == Mode::Direct { RECONNECT_DIRECT_MS } else { RECONNECT_GROUP_MS };
        let until_ms = self.now.ms + grace_ms;
        if self.meeting.end().is_some() {
            return;
        }
        if let Some(participant) =
            self.meeting.participants.get_mut(user).filter(|p| p.state == State::Joined)
        {
            participant.away = Some(Away { until_ms, was_joined: true });
            participant.check_at_ms = None;
            self.set_state(user, State::Reconnecting);
            self.settle();
        }
    }

    /// T24 for everybody who was in the media and is not `here`; `rev` is what was known when that was seen.
    fn absent(&mut self, here: &BTreeSet<UserId>, rev: u64) {
        let gone =
            self.users(|p| p.state == State::Joined && p.changed_rev <= rev && !here.contains(&p.user_id));
        for user in gone {
            self.dropped_from_media(&user);
        }
    }
}
