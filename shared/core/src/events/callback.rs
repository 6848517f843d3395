//! Signed callbacks of an RTC service. They arrive late, twice and out of order, and none of that may put a user out of a
//! call: the record keeps the last event of each participant, and older ones are ignored.
//!
//! Keeping the ids of events would not do: a late event is not a repeated one. And an id that is kept before its event is
//! applied loses the event if the function crashes in between.

use super::presence;
use crate::change::Change;
use crate::decision::Decision;
use crate::input::ChannelPresence;
use crate::limits::RTC_CLOCK_LEEWAY_MS;
use crate::participant::{LastMediaEvent, Participant};
use crate::standing::Presence;
use switchboard_protocol::address::UserId;
use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime};

/// Events that are older than the last applied one, or the same, change nothing.
pub(crate) fn apply(mut change: Change, event: &MediaEvent, user: Option<&UserId>) -> Decision {
    let at = event.at;
    let seen = match (&event.kind, user) {
        (MediaEventKind::Joined { stay, .. }, Some(user)) => {
            let event = LastMediaEvent { at, stay: stay.clone(), is_join: true };
            change.hear_of_removed(user, event.clone());
            keep_if_newer(&mut change, user, event).then(|| ChannelPresence::Joined { user: user.clone() })
        }
        (MediaEventKind::Left { stay, clean, .. }, Some(user)) => {
            let event = LastMediaEvent { at, stay: stay.clone(), is_join: false };
            change.hear_of_removed(user, event.clone());
            keep_if_newer(&mut change, user, event)
                .then(|| ChannelPresence::Left { user: user.clone(), clean: *clean })
        }
        (MediaEventKind::ChannelClosed, _) => Some(closed(&change, at)),
        (MediaEventKind::Joined { .. } | MediaEventKind::Left { .. }, None) => None,
    };
    match seen {
        Some(seen) => presence::apply(change, &seen),
        None => {
            change.apply_deadlines();
            change.into_decision(None)
        }
    }
}

/// Keeps an event that is newer than the last one about `user`. Returns whether it has to be applied. Events of ended meetings and
/// of users without a seat are not kept here: each of them is applied.
fn keep_if_newer(change: &mut Change, user: &UserId, event: LastMediaEvent) -> bool {
    let is_live = change.meeting.end().is_none();
    let participant = change.meeting.participants.get_mut(user);
    let Some(participant) = participant.filter(|p| is_live && p.is_member()) else { return true };
    if !event.follows(participant.last_event.as_ref()) {
        return false;
    }
    let is_applied = event.is_about_present_seat(participant);
    // A departure that is not applied is kept, so that the late join of the same stay does not count.
    participant.last_event = Some(event);
    change.is_changed = true;
    is_applied
}

/// A channel that closed at `at`. Users who joined later are in the channel that took its place.
fn closed(change: &Change, at: ServiceTime) -> ChannelPresence {
    let joined_later = |p: &Participant| {
        p.seat().is_some_and(|seat| seat.is_joined())
            && p.last_event.as_ref().is_some_and(|event| event.is_join && event.at > at)
    };
    let users = change.meeting.users(joined_later);
    if users.is_empty() {
        return ChannelPresence::Closed;
    }
    ChannelPresence::Exactly { users: users.into_iter().collect(), rev: change.meeting.rev }
}

impl LastMediaEvent {
    /// Returns whether this event is later than `last`.
    pub(super) fn follows(&self, last: Option<&Self>) -> bool {
        let Some(last) = last else { return true };
        let is_opposite = self.is_join != last.is_join;
        match (&self.stay, &last.stay) {
            // One stay has one beginning, and then one end.
            (Some(this), Some(other)) if this.id == other.id => last.is_join && is_opposite,
            // The end of an old stay may arrive long after the beginning of a new one.
            (Some(this), Some(other)) if this.since_ms != other.since_ms => this.since_ms > other.since_ms,
            (Some(_), Some(_)) => self.is_join && self.at >= last.at,
            // Within the precision of the service's clock, the order of arrival decides.
            _ => self.at > last.at || (self.at == last.at && is_opposite),
        }
    }

    /// Returns whether the event is about the present seat: the departure from an earlier seat must not cost the new one. Only
    /// checked while the present seat is not in the media, since the comparison is between two clocks. In doubt the departure
    /// is ignored: the RTC service is asked at the end of the time that a newcomer has.
    fn is_about_present_seat(&self, participant: &Participant) -> bool {
        let began_ms = self.stay.as_ref().map_or(self.at.ms, |stay| stay.since_ms);
        let taken_ms = participant
            .seat()
            .filter(|seat| matches!(seat.presence, Presence::OnTheWay { .. }))
            .map(|seat| seat.entry.at_ms);
        self.is_join || taken_ms.is_none_or(|taken_ms| began_ms >= taken_ms + RTC_CLOCK_LEEWAY_MS)
    }
}

#[cfg(test)]
mod tests;
