//! Signed callbacks of an RTC service. They arrive late, twice and out of order, and no such callback may put
//! a user out of a call. The record keeps the last event of each participant, and older events are ignored.
//!
//! The ids of events alone would not be enough: a late event is not a repeated one. And if an id were stored
//! before its event is applied, a crash of the function in between would lose the event.

use super::presence;
use crate::change::Change;
use crate::decision::Decision;
use crate::input::ChannelPresence;
use crate::limits::RTC_CLOCK_LEEWAY_MS;
use crate::participant::{LastMediaEvent, Participant};
use crate::standing::Presence;
use switchboard_protocol::address::UserId;
use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime};

/// Applies an event. An event that is older than the last applied one, or the same, changes nothing.
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

/// Keeps an event that is newer than the last event about `user`. Returns whether the event has to be
/// applied. Events of ended meetings and of users without a seat are not kept here, and each of them is
/// applied.
fn keep_if_newer(change: &mut Change, user: &UserId, event: LastMediaEvent) -> bool {
    let is_live = change.meeting.end().is_none();
    let participant = change.meeting.participants.get_mut(user);
    let Some(participant) = participant.filter(|p| is_live && p.is_member()) else { return true };
    if !event.follows(participant.last_event.as_ref()) {
        return false;
    }
    let is_applied = event.is_about_present_seat(participant);
    // A departure is kept even if it is not applied, so that the late join of the same stay is ignored.
    participant.last_event = Some(event);
    change.is_changed = true;
    is_applied
}

/// Returns the presence after a channel closed at `at`. Users who joined later are in the channel that
/// replaced it.
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
            // A stay begins once, and then ends once.
            (Some(this), Some(other)) if this.id == other.id => last.is_join && is_opposite,
            // The end of an old stay may arrive long after the beginning of a new stay.
            (Some(this), Some(other)) if this.since_ms != other.since_ms => this.since_ms > other.since_ms,
            (Some(_), Some(_)) => self.is_join && self.at >= last.at,
            // Within the precision of the service's clock, the order of arrival decides.
            _ => self.at > last.at || (self.at == last.at && is_opposite),
        }
    }

    /// Returns whether the event concerns the present seat: the departure from an earlier seat must not end
    /// the new seat. The check applies only while the user of the present seat is not in the media, since it
    /// compares two clocks. If in doubt, it ignores the departure: when the time to reach the media ends, the
    /// service asks the RTC service.
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
