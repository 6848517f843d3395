//! Tests of devices that disconnect from the broker (T15, T24–T26).

use crate::tests::fixture::{Call, START_MS, client, user};
use crate::tests::scenes::active_call;
use crate::{
    Action, CHECK_MS, CONFIRM_MS, ChannelPresence, DeviceStatus, RECONNECT_DIRECT_MS, RECONNECT_GROUP_MS,
};
use std::collections::BTreeSet;
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::ParticipantState as State;

#[test]
fn a_disconnect_alone_tells_nobody_and_hangs_up_nobody() {
    let mut call = active_call();
    call.device_is("bob.phone", DeviceStatus::Disconnected);
    assert!(call.downlinks().is_empty());
    assert!(call.due_checks().is_empty(), "the check is due later");
    call.at(9_999);
    call.device_is("bob.phone", DeviceStatus::Connected);
    assert!(call.downlinks().is_empty());
    call.at(20_000);
    call.device_is("bob.phone", DeviceStatus::StillDisconnected);
    assert!(call.last.next.is_none(), "no check of the device was scheduled");
}

#[test]
fn t24_t25_a_dropped_participant_is_reconnecting_and_comes_back_to_the_seat() {
    let mut call = active_call();
    call.device_is("bob.phone", DeviceStatus::Disconnected);
    call.at(10_000);
    assert_eq!(call.due_checks(), [client("bob.phone")]);
    call.device_is("bob.phone", DeviceStatus::StillDisconnected);
    assert_eq!(call.state("bob"), State::Reconnecting);
    assert!(call.downlinks().contains(&"alice.phone: participant_updated reconnecting".to_owned()));
    call.at(39_000);
    call.device_is("bob.phone", DeviceStatus::Connected);
    assert_eq!((call.state("bob"), call.meeting.end()), (State::Joined, None));
}

#[test]
fn t26_who_does_not_come_back_is_lost_and_a_device_that_is_seen_in_the_last_moment_is_not() {
    let mut call = active_call();
    call.device_is("bob.phone", DeviceStatus::Disconnected);
    call.at(10_000);
    call.device_is("bob.phone", DeviceStatus::StillDisconnected);
    call.at(40_000);
    assert_eq!(call.due_checks(), [client("bob.phone")], "the device is checked once more");
    let mut back = call.clone();
    back.device_is("bob.phone", DeviceStatus::Connected);
    assert_eq!(back.state("bob"), State::Joined);

    call.device_is("bob.phone", DeviceStatus::StillDisconnected);
    assert_eq!(call.state("bob"), State::Lost);
    assert_eq!(
        call.downlinks(),
        ["alice.phone: meeting_ended lost", "bob.phone: meeting_ended lost"],
        "the lost device as well: its connection to the broker may stand"
    );
}

#[test]
fn t15_the_caller_of_an_unanswered_call_who_is_gone_stops_the_ringing() {
    let mut call = Call::direct();
    call.device_is("alice.phone", DeviceStatus::Disconnected);
    call.at(14_999);
    assert!(call.due_checks().is_empty());
    call.at(15_000);
    call.device_is("alice.phone", DeviceStatus::StillDisconnected);
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Cancelled));
    assert!(call.downlinks().contains(&"bob.phone: invitation_closed cancelled".to_owned()));
    assert!(call.downlinks().contains(&"bob.tablet: missed_call cancelled".to_owned()));
}

#[test]
fn a_device_without_the_seat_changes_nothing() {
    let mut call = active_call();
    for device in ["bob.tablet", "mallory"] {
        call.device_is(device, DeviceStatus::Disconnected);
        assert!(call.last.next.is_none(), "{device} has no seat");
    }
}

#[test]
fn where_the_rtc_service_can_tell_losing_the_broker_is_only_a_reason_to_ask_it() {
    let mut call = active_call();
    call.rtc.reports_presence = true;
    call.device_is("bob.phone", DeviceStatus::Disconnected);
    assert!(call.downlinks().is_empty());
    call.at(10_000);
    assert_eq!(call.due_checks(), [client("bob.phone")]);
    call.device_is("bob.phone", DeviceStatus::StillDisconnected);
    assert_eq!((call.state("bob"), call.downlinks().is_empty()), (State::Joined, true));
}

#[test]
fn t19_a_seat_that_never_reaches_the_media_is_given_up_where_the_rtc_service_can_tell() {
    let mut call = Call::direct();
    call.rtc.reports_presence = true;
    call.accepts("bob.phone").expect("accepts");
    call.at(20_000);
    call.leaves("bob.phone").expect_err("the deadline for reaching the media is over");
    assert_eq!(call.state("bob"), State::Failed);
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::RtcFailed));
    let downlinks = call.downlinks();
    assert!(downlinks.contains(&"alice.phone: invitation_updated failed".to_owned()), "{downlinks:?}");
}

#[test]
fn t19_the_caller_has_a_deadline_for_reaching_the_media_from_the_accept_on() {
    let mut call = Call::direct();
    call.rtc.reports_presence = true;
    call.at(5_000).accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    call.at(24_999).wakes();
    assert_eq!(call.state("alice"), State::Accepted);
    call.at(25_000).wakes();
    assert_eq!((call.state("alice"), call.meeting.end().is_some()), (State::Failed, true));
}

#[test]
fn t24_a_device_is_checked_once_and_not_before_the_check_is_due() {
    let mut call = active_call();
    call.device_is("bob.phone", DeviceStatus::Disconnected);
    call.at(5_000);
    call.device_is("bob.phone", DeviceStatus::StillDisconnected);
    assert_eq!(call.state("bob"), State::Joined, "the check is not due yet");
    call.device_is("bob.phone", DeviceStatus::Disconnected);
    call.at(12_000);
    assert_eq!(call.due_checks(), [client("bob.phone")], "a second disconnect does not postpone the check");
    call.device_is("bob.phone", DeviceStatus::StillDisconnected);
    assert_eq!(call.state("bob"), State::Reconnecting);
}

#[test]
fn t24_the_creator_of_a_group_keeps_the_seat_while_invitations_are_open() {
    let mut call = Call::group();
    call.joins_media("alice.phone").expect("joins");
    call.device_is("alice.phone", DeviceStatus::Disconnected);
    call.at(10_000);
    call.device_is("alice.phone", DeviceStatus::StillDisconnected);
    assert_eq!(call.state("alice"), State::Reconnecting);
}

#[test]
fn t24_a_broken_connection_before_the_media_does_not_drop_the_seat() {
    let mut call = Call::group();
    call.rtc.reports_presence = true;
    call.accepts("bob.phone").expect("accepts");
    call.rtc_reports(ChannelPresence::Left { user: user("bob"), clean: false });
    assert_eq!(call.state("bob"), State::Accepted);
}

#[test]
fn t24_t26_a_terminal_that_restarts_and_ignores_its_call_is_found_out_within_two_minutes() {
    for (is_group, grace_ms) in [(false, RECONNECT_DIRECT_MS), (true, RECONNECT_GROUP_MS)] {
        let mut call = if is_group { Call::group() } else { Call::direct() };
        call.accepts("bob.phone").expect("accepts");
        for device in ["alice.phone", "bob.phone"] {
            call.joins_media(device).expect("joins");
        }
        call.at(10_000).connects_anew("bob.phone", 10_000);
        assert_eq!(call.state("bob"), State::Joined, "a new connection alone drops nobody");
        // Further connections do not extend the deadline.
        call.at(30_000).connects_anew("bob.phone", 30_000);
        call.at(10_000 + CONFIRM_MS).wakes();
        assert_eq!(call.state("bob"), State::Reconnecting);
        assert!(call.downlinks().contains(&"bob.phone: participant_updated reconnecting".to_owned()));
        call.at(60_000).connects_anew("bob.phone", 60_000);
        assert_eq!(call.state("bob"), State::Reconnecting, "a connection confirms nothing");
        let end_ms = 10_000 + CONFIRM_MS + grace_ms;
        assert!(end_ms <= 10_000 + 120_000);
        assert_eq!(call.next_deadline_ms(), Some(START_MS + end_ms));
        call.at(end_ms).device_is("bob.phone", DeviceStatus::Connected);
        assert_eq!(call.state("bob"), State::Lost);
        let word = if is_group { "participant_updated lost" } else { "meeting_ended lost" };
        for device in ["alice.phone", "bob.phone"] {
            assert!(call.downlinks().contains(&format!("{device}: {word}")), "{:?}", call.downlinks());
        }
    }
}

#[test]
fn a_late_event_of_the_connection_over_which_a_device_took_its_seat_asks_for_nothing() {
    let mut call = Call::direct();
    call.at(2_000).accepts("bob.phone").expect("accepts");
    call.at(2_100).connects_anew("bob.phone", 1_900);
    call.at(2_100).connects_anew("alice.phone", -100);
    for device in ["alice.phone", "bob.phone"] {
        call.at(3_000).joins_media(device).expect("joins");
    }
    call.at(3_100).connects_anew("bob.phone", 2_900);
    call.at(3_100 + CONFIRM_MS).wakes();
    assert_eq!((call.state("alice"), call.state("bob")), (State::Joined, State::Joined));
    call.at(100_000).connects_anew("bob.phone", 99_000);
    call.at(100_000 + CONFIRM_MS).wakes();
    assert_eq!(call.state("bob"), State::Reconnecting, "a connection after its last report");
}

#[test]
fn t25_a_device_that_connects_anew_and_still_knows_its_call_keeps_the_seat() {
    for confirm_at in [20_000, 60_000] {
        for action in [Action::Rejoin, Action::RefreshToken, Action::RaiseHand] {
            let mut call = Call::group();
            call.accepts("bob.phone").expect("accepts");
            call.joins_media("bob.phone").expect("joins");
            call.at(10_000).connects_anew("bob.phone", 10_000);
            call.at(confirm_at).does("bob.phone", action).expect("the device has the seat");
            assert_eq!(call.state("bob"), State::Joined, "{confirm_at}");
            call.at(200_000).wakes();
            assert_eq!(call.state("bob"), State::Joined, "{confirm_at}: nothing is left to confirm");
        }
    }
}

#[test]
fn a_seat_is_unconfirmed_until_the_first_request_over_the_new_connection() {
    for action in [Action::Rejoin, Action::RaiseHand] {
        let mut call = Call::group();
        call.accepts("bob.phone").expect("accepts");
        call.joins_media("bob.phone").expect("joins");
        let since_ms = START_MS + 100_000;
        let is_unconfirmed =
            |call: &Call, device: &str| call.meeting.has_unconfirmed_seat(&client(device), since_ms);
        assert!(is_unconfirmed(&call, "bob.phone") && !is_unconfirmed(&call, "bob.tablet"));
        call.at(101_000).does("bob.phone", action).expect("the device has the seat");
        assert!(!is_unconfirmed(&call, "bob.phone"));
        call.at(101_500).connects_anew("bob.phone", 100_000);
        assert!(call.last.next.is_none(), "the event of this connection comes late");
    }
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    call.at(100_000).connects_anew("bob.phone", 100_000);
    assert!(
        !call.meeting.has_unconfirmed_seat(&client("bob.phone"), START_MS + 100_000),
        "it has a deadline"
    );
}

#[test]
fn t26_where_the_rtc_service_reports_presence_a_new_connection_needs_no_confirmation() {
    let mut call = Call::direct();
    call.rtc.reports_presence = true;
    call.accepts("bob.phone").expect("accepts");
    for name in ["alice", "bob"] {
        call.rtc_reports(ChannelPresence::Joined { user: user(name) });
    }
    call.at(10_000).connects_anew("bob.phone", 10_000);
    call.at(200_000).wakes();
    assert_eq!(call.state("bob"), State::Joined);
}

// Proves: media-asked
#[test]
fn t24_the_rtc_service_is_asked_about_the_user_of_a_device_that_connects_anew() {
    let mut call = Call::group();
    call.rtc.reports_presence = true;
    call.accepts("bob.phone").expect("accepts");
    for name in ["alice", "bob"] {
        call.rtc_reports(ChannelPresence::Joined { user: user(name) });
    }
    // The app crashed and restarted, and the callback about the end of its stay in the media was lost.
    call.at(9_000).device_is("bob.phone", DeviceStatus::Disconnected);
    call.at(10_000).connects_anew("bob.phone", 10_000);
    assert_eq!(call.next_deadline_ms(), Some(START_MS + 10_000 + CHECK_MS));
    call.at(10_000 + CHECK_MS);
    assert_eq!(call.due_checks(), [client("bob.phone")]);
    let (users, rev) = (BTreeSet::from([user("alice")]), call.meeting.rev);
    call.rtc_reports(ChannelPresence::Exactly { users, rev });
    assert_eq!(call.state("bob"), State::Reconnecting);
}

#[test]
fn t24_a_caller_who_restarts_while_it_rings_has_to_confirm_after_the_answer() {
    let mut call = Call::direct();
    call.at(1_000).connects_anew("alice.phone", 1_000);
    call.at(40_000).accepts("bob.phone").expect("accepts");
    call.at(1_000 + CONFIRM_MS).wakes();
    assert_eq!(call.state("alice"), State::Accepted, "the time runs from the answer");
    call.at(40_000 + CONFIRM_MS).wakes();
    assert_eq!(call.state("alice"), State::Reconnecting);
}
