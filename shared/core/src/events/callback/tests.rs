//! Tests that callbacks of the RTC service may arrive late, twice and out of order: only an event that is
//! newer than the last one applies.

use crate::tests::fixture::*;
use crate::{Action, Input, RTC_CLOCK_LEEWAY_MS, RtcAction};
use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime, Stay};
use switchboard_protocol::object::ParticipantState as State;

/// Returns a stay of a service that gives ids to stays.
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
    /// Applies an event about Bob, and returns his state.
    fn receives(&mut self, event: &MediaEvent) -> State {
        self.receives_about(event, Some("bob"));
        self.state("bob")
    }

    /// Applies an event about a user.
    fn receives_about(&mut self, event: &MediaEvent, name: Option<&str>) {
        self.takes(&Input::Callback { event: event.clone(), user: name.map(user) });
    }

    /// Returns whether the last event changed anything.
    fn is_changed(&self) -> bool {
        self.last.next.is_some()
    }
}

/// Returns a group of Alice, Bob and Carol, in which Bob has a seat and is not in the media yet.
fn accepted() -> Call {
    let mut call = Call::group();
    call.at(1_000);
    call.accepts("bob.phone").expect("accepts");
    call.at(2_000);
    call
}

#[test]
fn t18_a_join_is_heard_once() {
    let mut call = accepted();
    let came = joined(1_500, stay("1", 1_500));
    assert_eq!(call.receives(&came), State::Joined);
    assert_eq!(call.receives(&came), State::Joined);
    assert!(!call.is_changed(), "a copy of the event changes nothing");
}

#[test]
fn t24_t25_a_broken_connection_keeps_the_seat_until_the_next_stay() {
    let mut call = accepted();
    call.receives(&joined(1_500, stay("1", 1_500)));
    let broke = left(3_000, stay("1", 1_500), false);
    assert_eq!(call.receives(&broke), State::Reconnecting);
    assert_eq!(call.receives(&broke), State::Reconnecting);
    assert!(!call.is_changed(), "a copy of the event does not restart the grace");
    assert_eq!(
        call.receives(&joined(1_500, stay("1", 1_500))),
        State::Reconnecting,
        "a late copy of the join"
    );
    assert_eq!(call.receives(&joined(5_000, stay("2", 4_900))), State::Joined);
}

// Proves: callback-notices
#[test]
fn a_late_goodbye_of_an_old_stay_does_not_end_the_new_one() {
    for clean in [true, false] {
        let mut call = accepted();
        call.receives(&joined(1_500, stay("1", 1_500)));
        call.receives(&joined(4_000, stay("2", 4_000)));
        // The service may notice the end of the old connection after the new stay began.
        for at_ms in [3_000, 9_000] {
            assert_eq!(
                call.receives(&left(at_ms, stay("1", 1_500), clean)),
                State::Joined,
                "{clean} {at_ms}"
            );
            assert!(!call.is_changed());
        }
        assert_ne!(call.receives(&left(9_500, stay("2", 4_000), clean)), State::Joined);
    }
}

#[test]
fn an_end_whose_beginning_was_never_heard_counts() {
    let mut call = accepted();
    call.receives(&joined(1_500, stay("1", 1_500)));
    assert_eq!(call.receives(&left(9_000, stay("2", 8_000), false)), State::Reconnecting);
    assert_eq!(
        call.receives(&joined(8_000, stay("2", 8_000))),
        State::Reconnecting,
        "the join of a stay that is over"
    );
}

#[test]
fn two_stays_within_the_precision_of_the_clock_are_told_apart_by_their_names() {
    let mut call = accepted();
    call.receives(&joined(2_000, stay("1", 2_000)));
    call.receives(&left(2_000, stay("1", 2_000), false));
    assert_eq!(call.receives(&joined(2_000, stay("2", 2_000))), State::Joined);
    assert_eq!(
        call.receives(&left(2_000, stay("1", 2_000), false)),
        State::Joined,
        "a copy of the first departure"
    );
}

#[test]
fn where_stays_have_no_names_the_order_of_events_counts() {
    let mut call = accepted();
    assert_eq!(call.receives(&joined(1_000, None)), State::Joined);
    assert_eq!(call.receives(&left(3_000, None, false)), State::Reconnecting);
    assert_eq!(call.receives(&joined(2_000, None)), State::Reconnecting, "a join from before the departure");
    assert_eq!(call.receives(&joined(4_000, None)), State::Joined);
    assert_eq!(call.receives(&left(3_500, None, true)), State::Joined, "a departure from before the join");
    assert!(!call.is_changed());
    assert_eq!(
        call.receives(&left(4_000, None, true)),
        State::Left,
        "a departure in the same second as the join"
    );
}

#[test]
fn t27_a_goodbye_from_before_the_seat_was_taken_does_not_cost_it() {
    let mut call = accepted();
    for (name, since_ms) in [("1", 500), ("2", 1_500), ("3", 1_000 + RTC_CLOCK_LEEWAY_MS - 1)] {
        let departure = left(since_ms + 100, stay(name, since_ms), true);
        assert_eq!(
            call.receives(&departure),
            State::Accepted,
            "the service's clock may be {since_ms} ms ahead"
        );
        assert_eq!(
            call.receives(&joined(since_ms, stay(name, since_ms))),
            State::Accepted,
            "that stay is over"
        );
    }
    let late_ms = 1_000 + RTC_CLOCK_LEEWAY_MS;
    assert_eq!(
        call.receives(&left(late_ms + 100, stay("4", late_ms), true)),
        State::Left,
        "the departure from the present seat, by any clock"
    );
}

#[test]
fn t49_whoever_came_after_the_channel_was_closed_is_in() {
    let mut call = accepted();
    call.receives(&joined(2_000, stay("1", 2_000)));
    let closed = |at_ms| event(at_ms, MediaEventKind::ChannelClosed);
    assert_eq!(call.receives(&closed(1_000)), State::Joined, "the channel before the present one closed");
    assert_eq!(call.receives(&closed(3_000)), State::Reconnecting);
}

#[test]
fn of_strangers_and_of_ended_meetings_nothing_is_kept() {
    let mut call = accepted();
    call.receives_about(&joined(2_000, None), None);
    assert!(!call.is_changed());
    call.receives_about(&joined(2_000, None), Some("mallory"));
    assert!(!call.is_changed());
    let mut direct = Call::direct();
    direct.leaves("alice.phone").expect("leaves");
    assert!(direct.meeting.end().is_some());
    direct.receives(&joined(2_000, None));
    assert!(!direct.is_changed(), "an ended meeting never changes");
}

#[test]
fn t32_each_event_that_a_removed_user_is_in_the_media_removes_the_user_again() {
    let mut call = accepted();
    call.receives(&joined(3_000, None));
    call.does("alice.phone", Action::Remove { user: user("bob"), ban: false, for_seconds: None, text: None })
        .expect("the host has the right");
    for _ in 0..2 {
        call.receives(&joined(3_000, None));
        assert!(
            matches!(&call.last.rtc_actions[..], [RtcAction::Remove { .. }]),
            "{:?}",
            call.last.rtc_actions
        );
    }
}

#[test]
fn t49_a_user_who_joined_in_the_instant_in_which_the_channel_closed_is_out_of_the_media() {
    let mut call = accepted();
    assert_eq!(call.receives(&joined(3_000, None)), State::Joined);
    assert_eq!(call.receives(&event(3_000, MediaEventKind::ChannelClosed)), State::Reconnecting);
}

#[test]
fn an_event_that_arrives_twice_changes_nothing_the_second_time() {
    let mut call = accepted();
    call.receives(&joined(3_000, None));
    assert!(call.is_changed());
    call.receives(&joined(3_000, None));
    assert!(!call.is_changed());
}
