//! Order in what an RTC service tells by itself. Its callbacks come late, twice and out of order, and none of that may
//! put anybody out of a call: so the last that was heard of each participant stands on the record.
//!
//! Ids of events that were seen would not do: a late event is not a double one. And an id that is noted before its event
//! is applied loses the event if the function dies in between.

use super::change::Change;
use super::decide::Decision;
use super::seen::MediaSeen;
use super::{Meeting, Now, Participant};
use serde::{Deserialize, Serialize};
use switchboard_protocol::address::UserId;
use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime, Stay};
use switchboard_protocol::object::ParticipantState as State;

/// The last that an RTC service told by itself about a participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// When it happened there.
    at: ServiceTime,
    /// Which stay in the channel it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stay: Option<Stay>,
    /// Whether it was that they came.
    here: bool,
}

/// Applies what the RTC service told by itself; `user` is who it was about, if it was about a participant. What is older
/// than what is known, and what was heard before, changes nothing.
#[must_use]
pub fn media_heard(meeting: &Meeting, event: &MediaEvent, user: Option<&UserId>, now: Now) -> Decision {
    let mut change = Change::of(meeting, now);
    let (at, kind) = (event.at, &event.kind);
    let seen = match (kind, user) {
        (MediaEventKind::Joined { stay, .. }, Some(user)) => {
            let heard = Heard { at, stay: stay.clone(), here: true };
            change.hear(user, heard).then(|| MediaSeen::Joined { user: user.clone() })
        }
        (MediaEventKind::Left { stay, clean, .. }, Some(user)) => {
            let heard = Heard { at, stay: stay.clone(), here: false };
            change.hear(user, heard).then(|| MediaSeen::Left { user: user.clone(), clean: *clean })
        }
        (MediaEventKind::RoomClosed, _) => Some(change.closed(at)),
        (MediaEventKind::Joined { .. } | MediaEventKind::Left { .. }, None) => None,
    };
    match seen {
        Some(seen) => change.seen(&seen),
        None => {
            change.tick();
            change.decision_of_time()
        }
    }
}

impl Change {
    /// Whether this is news of `user`; then it is kept.
    fn hear(&mut self, user: &UserId, heard: Heard) -> bool {
        // Of an ended meeting, and of whoever has no seat, nothing is kept: there each word counts.
        let lives = self.meeting.end().is_none();
        let Some(participant) =
            self.meeting.participants.get_mut(user).filter(|p| lives && p.state.is_member())
        else {
            return true;
        };
        let is_news = heard.follows(participant.heard.as_ref()) && heard.is_of_this_seat(participant);
        if is_news {
            participant.heard = Some(heard);
            self.changed = true;
        }
        is_news
    }

    /// A channel that was closed at `at`; whoever came later is in the one that took its place.
    fn closed(&self, at: ServiceTime) -> MediaSeen {
        let came_later = |p: &Participant| p.heard.as_ref().is_some_and(|heard| heard.here && heard.at > at);
        let users = self.users(|p| p.state == State::Joined && came_later(p));
        if users.is_empty() {
            return MediaSeen::Closed;
        }
        MediaSeen::Present { users: users.into_iter().collect(), rev: self.meeting.rev }
    }
}

impl Heard {
    /// Whether this is later than what was heard `last`.
    fn follows(&self, last: Option<&Self>) -> bool {
        let Some(last) = last else { return true };
        let turned = self.here != last.here;
        match (&self.stay, &last.stay) {
            // Of one stay there is its beginning and then its end.
            (Some(this), Some(other)) if this.id == other.id => last.here && turned,
            // The end of an old stay may come long after the beginning of a new one.
            (Some(this), Some(other)) if this.since_ms != other.since_ms => this.since_ms > other.since_ms,
            (Some(_), Some(_)) => self.here && self.at >= last.at,
            // Within the precision of the service's clock the order of arrival has to do.
            _ => self.at > last.at || (self.at == last.at && turned),
        }
    }

    /// Whether it cannot be about a seat that the user had before: a goodbye from there must not cost the new one. Only
    /// asked while the present seat is not in the media yet, since it compares two clocks.
    fn is_of_this_seat(&self, participant: &Participant) -> bool {
        let began_ms = self.stay.as_ref().map_or(self.at.ms, |stay| stay.since_ms);
        self.here || participant.state != State::Accepted || began_ms >= participant.seated_ms
    }
}
