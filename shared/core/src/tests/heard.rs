//! What the RTC service tells by itself comes late, twice and out of order; only what is news counts.

use super::fixture::*;
use crate::media_heard;
use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime, Stay};
use switchboard_protocol::object::ParticipantState as State;

/// A service that names each stay, and counts its events in whole seconds.
fn stay(id: &str, since_ms: i64) -> Option<Stay> {
    Some(Stay { id: id.to_owned(), since_ms: START_MS + since_ms })
}

fn event(at_ms: i64, kind: MediaEventKind) -> MediaEvent {
    let at = ServiceTime { ms: START_MS + at_ms, seq: 0 };
    MediaEvent { id: "e".to_owned(), channel_id: "c".to_owned(), at, kind }
}

fn joined(at_ms: i64, stay: Option<Stay>) -> MediaEvent {
    event(at_ms, MediaEventKind::Joined { media_id: "bob".to_owned(), stay })
}

fn left(at_ms: i64, stay: Option<Stay>, clean: bool) -> MediaEvent {
    event(at_ms, MediaEventKind::Left { media_id: "bob".to_owned(), stay, clean })
}

impl Call {
    /// Hears of Bob; the commit, if there is one, is taken. Gives his state.
    fn hears(&mut self, event: &MediaEvent) -> State {
        self.last = media_heard(&self.meeting, event, Some(&user("bob")), self.now);
        if let Some(next) = &self.last.next {
            self.meeting = next.clone();
        }
        self.state("bob")
    }

    /// Whether hearing of it changed anything.
    fn learned(&self) -> bool {
        self.last.next.is_some()
    }
}

/// Alice, Bob and Carol; Bob has a seat and is not in the media yet.
fn accepted() -> Call {
    let mut call = Call::group();
    call.at(1_000);
    call.accepts("bob.phone").expect("he may");
    call.at(2_000);
    call
}

#[test]
fn t18_a_join_is_heard_once() {
    let mut call = accepted();
    let came = joined(1_500, stay("1", 1_500));
    assert_eq!(call.hears(&came), State::Joined);
    assert_eq!(call.hears(&came), State::Joined);
    assert!(!call.learned(), "it came twice");
}

#[test]
fn t24_t25_a_broken_connection_keeps_the_seat_until_the_next_stay() {
    let mut call = accepted();
    call.hears(&joined(1_500, stay("1", 1_500)));
    let broke = left(3_000, stay("1", 1_500), false);
    assert_eq!(call.hears(&broke), State::Reconnecting);
    assert_eq!(call.hears(&broke), State::Reconnecting);
    assert!(!call.learned(), "it came twice: the grace does not begin again");
    assert_eq!(call.hears(&joined(1_500, stay("1", 1_500))), State::Reconnecting, "a late copy of the join");
    assert_eq!(call.hears(&joined(5_000, stay("2", 4_900))), State::Joined);
}

// Proves: callback-notices
#[test]
fn a_late_goodbye_of_an_old_stay_does_not_end_the_new_one() {
    for clean in [true, false] {
        let mut call = accepted();
        call.hears(&joined(1_500, stay("1", 1_500)));
        call.hears(&joined(4_000, stay("2", 4_000)));
        // Even if the service noticed only now that the old connection is gone.
        for at_ms in [3_000, 9_000] {
            assert_eq!(call.hears(&left(at_ms, stay("1", 1_500), clean)), State::Joined, "{clean} {at_ms}");
            assert!(!call.learned());
        }
        assert_ne!(call.hears(&left(9_500, stay("2", 4_000), clean)), State::Joined);
    }
}

#[test]
fn an_end_whose_beginning_was_never_heard_counts() {
    let mut call = accepted();
    call.hears(&joined(1_500, stay("1", 1_500)));
    assert_eq!(call.hears(&left(9_000, stay("2", 8_000), false)), State::Reconnecting);
    assert_eq!(call.hears(&joined(8_000, stay("2", 8_000))), State::Reconnecting, "its beginning, too late");
}

#[test]
fn two_stays_within_the_precision_of_the_clock_are_told_apart_by_their_names() {
    let mut call = accepted();
    call.hears(&joined(2_000, stay("1", 2_000)));
    call.hears(&left(2_000, stay("1", 2_000), false));
    assert_eq!(call.hears(&joined(2_000, stay("2", 2_000))), State::Joined);
    assert_eq!(call.hears(&left(2_000, stay("1", 2_000), false)), State::Joined, "a copy");
}

#[test]
fn where_stays_have_no_names_the_order_of_events_counts() {
    let mut call = accepted();
    assert_eq!(call.hears(&joined(1_000, None)), State::Joined);
    assert_eq!(call.hears(&left(3_000, None, false)), State::Reconnecting);
    assert_eq!(call.hears(&joined(2_000, None)), State::Reconnecting, "late");
    assert_eq!(call.hears(&joined(4_000, None)), State::Joined);
    assert_eq!(call.hears(&left(3_500, None, true)), State::Joined, "late");
    assert!(!call.learned());
    assert_eq!(call.hears(&left(4_000, None, true)), State::Left, "in the same second");
}

#[test]
fn t27_a_goodbye_from_before_the_seat_was_taken_does_not_cost_it() {
    let mut call = accepted();
    let of_an_earlier_seat = left(1_900, stay("1", 500), true);
    assert_eq!(call.hears(&of_an_earlier_seat), State::Accepted);
    assert_eq!(call.hears(&left(1_900, stay("2", 1_500), true)), State::Left, "of this one it does");
}

#[test]
fn t49_whoever_came_after_the_channel_was_closed_is_in() {
    let mut call = accepted();
    call.hears(&joined(2_000, stay("1", 2_000)));
    let closed = |at_ms| event(at_ms, MediaEventKind::RoomClosed);
    assert_eq!(call.hears(&closed(1_000)), State::Joined, "that was the channel before");
    assert_eq!(call.hears(&closed(3_000)), State::Reconnecting);
}

#[test]
fn of_strangers_and_of_ended_meetings_nothing_is_kept() {
    let mut call = accepted();
    call.last = media_heard(&call.meeting, &joined(2_000, None), None, call.now);
    assert!(!call.learned());
    call.last = media_heard(&call.meeting, &joined(2_000, None), Some(&user("mallory")), call.now);
    assert!(!call.learned());
    let mut direct = Call::direct();
    direct.leaves("alice.phone").expect("she may");
    assert!(direct.meeting.end().is_some());
    direct.hears(&joined(2_000, None));
    assert!(!direct.learned(), "an ended meeting never revives");
}
