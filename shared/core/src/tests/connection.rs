//! Devices that drop off the broker (T15, T24–T26).

use super::fixture::{Call, client};
use crate::{Connection, connection};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::ParticipantState as State;

fn seen(call: &mut Call, device: &str, seen: Connection) {
    call.last = connection(&call.meeting, &client(device), seen, call.now);
    if let Some(next) = &call.last.next {
        call.meeting = next.clone();
    }
}

fn in_the_media() -> Call {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    call
}

#[test]
fn a_disconnect_alone_tells_nobody_and_hangs_up_nobody() {
    let mut call = in_the_media();
    seen(&mut call, "bob.phone", Connection::Dropped);
    assert!(call.told().is_empty());
    assert!(call.meeting.due_checks(call.now).is_empty(), "not yet");
    call.at(9_999);
    seen(&mut call, "bob.phone", Connection::Here);
    assert!(call.told().is_empty());
    call.at(20_000);
    seen(&mut call, "bob.phone", Connection::Gone);
    assert!(call.last.next.is_none(), "nobody asked to look at it");
}

#[test]
fn t24_t25_a_dropped_participant_is_reconnecting_and_comes_back_to_the_seat() {
    let mut call = in_the_media();
    seen(&mut call, "bob.phone", Connection::Dropped);
    call.at(10_000);
    assert_eq!(call.meeting.due_checks(call.now), [client("bob.phone")]);
    seen(&mut call, "bob.phone", Connection::Gone);
    assert_eq!(call.state("bob"), State::Reconnecting);
    assert!(call.told().contains(&"alice.phone: participant_updated reconnecting".to_owned()));
    call.at(39_000);
    seen(&mut call, "bob.phone", Connection::Here);
    assert_eq!((call.state("bob"), call.meeting.end()), (State::Joined, None));
}

#[test]
fn t26_who_does_not_come_back_is_lost_and_a_device_that_is_seen_in_the_last_moment_is_not() {
    let mut call = in_the_media();
    seen(&mut call, "bob.phone", Connection::Dropped);
    call.at(10_000);
    seen(&mut call, "bob.phone", Connection::Gone);
    call.at(40_000);
    assert_eq!(call.meeting.due_checks(call.now), [client("bob.phone")], "looked at once more");
    let mut back = Call::of(call.meeting.clone());
    back.at(40_000);
    seen(&mut back, "bob.phone", Connection::Here);
    assert_eq!(back.state("bob"), State::Joined);

    seen(&mut call, "bob.phone", Connection::Gone);
    assert_eq!(call.state("bob"), State::Lost);
    assert_eq!(call.told(), ["alice.phone: meeting_ended lost"]);
}

#[test]
fn t15_the_caller_of_an_unanswered_call_who_is_gone_stops_the_ringing() {
    let mut call = Call::direct();
    seen(&mut call, "alice.phone", Connection::Dropped);
    call.at(14_999);
    assert!(call.meeting.due_checks(call.now).is_empty());
    call.at(15_000);
    seen(&mut call, "alice.phone", Connection::Gone);
    assert_eq!(call.meeting.end().map(|end| end.0), Some(EndReason::Cancelled));
    assert!(call.told().contains(&"bob.phone: invitation_closed cancelled".to_owned()));
    assert!(call.told().contains(&"bob.tablet: missed_call cancelled".to_owned()));
}

#[test]
fn a_device_without_the_seat_changes_nothing() {
    let mut call = in_the_media();
    seen(&mut call, "bob.tablet", Connection::Dropped);
    seen(&mut call, "mallory", Connection::Dropped);
    assert!(call.last.next.is_none());
}

#[test]
fn where_the_rtc_service_can_tell_losing_the_broker_is_only_a_reason_to_ask_it() {
    let mut call = in_the_media();
    call.now.rtc_tells = true;
    seen(&mut call, "bob.phone", Connection::Dropped);
    assert!(call.told().is_empty());
    call.at(10_000);
    assert_eq!(call.meeting.due_checks(call.now), [client("bob.phone")]);
    seen(&mut call, "bob.phone", Connection::Gone);
    assert_eq!((call.state("bob"), call.told().is_empty()), (State::Joined, true));
}

#[test]
fn a_rejoin_is_answered_by_a_way_in_and_only_for_the_device_with_the_seat() {
    let mut call = in_the_media();
    seen(&mut call, "bob.phone", Connection::Dropped);
    call.at(10_000);
    seen(&mut call, "bob.phone", Connection::Gone);
    call.does("bob.phone", crate::Action::Rejoin).expect("comes back");
    assert!(call.told().contains(&"bob.phone= joined".to_owned()));
    assert_eq!(call.state("bob"), State::Joined);
    assert!(call.does("bob.tablet", crate::Action::Rejoin).is_err());
}

#[test]
fn t19_a_seat_that_never_reaches_the_media_is_given_up_where_the_rtc_service_can_tell() {
    let mut call = Call::direct();
    call.now.rtc_tells = true;
    call.accepts("bob.phone").expect("accepts");
    call.at(20_000);
    call.leaves("bob.phone").expect_err("too late");
    assert_eq!(call.state("bob"), State::Failed);
    assert_eq!(call.meeting.end().map(|end| end.0), Some(EndReason::RtcFailed));
    assert!(call.told().contains(&"alice.phone: invitation_updated failed".to_owned()), "{:?}", call.told());
}
