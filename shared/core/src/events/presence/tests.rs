//! Tests that the RTC service decides which users are in the media, and of the calls of its management API
//! (T18, T19, T24–T27, T39, T41, T47, T49).

use crate::tests::fixture::{Call, client, user};
use crate::{Action, Cause, ChannelPresence, DeviceStatus, MediaChange, Phase, RtcAction, RtcCapabilities};
use std::collections::BTreeSet;
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::{ParticipantState as State, UserOrAll};
use switchboard_protocol::requests::{MediaReport, MuteMode};

/// Returns the same call with an RTC service that reports presence and enforces rights.
fn with_rtc_reports(mut call: Call) -> Call {
    call.rtc = RtcCapabilities { reports_presence: true, enforces_rights: true };
    call
}

fn joined(call: &mut Call, name: &str) {
    call.rtc_reports(ChannelPresence::Joined { user: user(name) });
}

fn left(call: &mut Call, name: &str, clean: bool) {
    call.rtc_reports(ChannelPresence::Left { user: user(name), clean });
}

fn present(call: &mut Call, names: &[&str]) {
    let users: BTreeSet<_> = names.iter().map(|name| user(name)).collect();
    let rev = call.meeting.rev;
    call.rtc_reports(ChannelPresence::Exactly { users, rev });
}

/// Returns a direct call with Alice and Bob in the media.
fn direct() -> Call {
    let mut call = with_rtc_reports(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    joined(&mut call, "alice");
    joined(&mut call, "bob");
    assert_eq!(call.meeting.phase, Phase::Active);
    call
}

/// Returns a group with Alice and Bob in the media and an invitation of Carol.
fn group() -> Call {
    let mut call = with_rtc_reports(Call::group());
    call.accepts("bob.phone").expect("accepts");
    joined(&mut call, "alice");
    joined(&mut call, "bob");
    call
}

#[test]
fn t18_who_is_seen_in_the_media_has_joined_and_a_report_alone_is_not_believed() {
    let mut call = with_rtc_reports(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    let report = |verified| Action::ReportMedia {
        state: MediaReport::Joined,
        media: MediaChange { audio: Some(true), ..MediaChange::default() },
        verified,
    };
    call.does("bob.phone", report(false)).expect("an unverified report is not refused");
    assert_eq!((call.state("bob"), call.last.next.is_none()), (State::Accepted, true));
    joined(&mut call, "bob");
    assert_eq!(call.state("bob"), State::Joined);
    assert!(call.downlinks().contains(&"alice.phone: participant_updated joined".to_owned()));
    call.does("bob.phone", report(true)).expect("reports what the device sends");
    assert!(call.participant("bob").seat().is_some_and(|seat| seat.media.audio));
}

#[test]
fn t19_who_is_seen_at_the_last_moment_has_not_failed() {
    let mut call = with_rtc_reports(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    call.at(20_000);
    assert!(
        call.due_checks().contains(&client("bob.phone")),
        "the RTC service is asked before the deadline applies"
    );
    let mut late = call.clone();
    present(&mut late, &["alice", "bob"]);
    assert_eq!((late.state("bob"), late.meeting.phase), (State::Joined, Phase::Active));

    present(&mut call, &["alice"]);
    assert_eq!(call.state("bob"), State::Failed);
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::RtcFailed));
}

// Proves: media-truth
#[test]
fn t24_t25_a_broken_connection_keeps_the_seat_and_whoever_is_seen_again_is_back() {
    let mut call = direct();
    left(&mut call, "bob", false);
    assert_eq!(call.state("bob"), State::Reconnecting);
    assert!(call.downlinks().contains(&"alice.phone: participant_updated reconnecting".to_owned()));
    call.device_is("bob.phone", DeviceStatus::Connected);
    assert!(call.last.next.is_none(), "a device that is connected to the broker need not be in the media");
    call.at(29_000).does("bob.phone", Action::Rejoin).expect("the device has the seat");
    assert_eq!(call.state("bob"), State::Reconnecting, "the RTC service does not report the user yet");
    call.at(31_000);
    joined(&mut call, "bob");
    assert_eq!(call.state("bob"), State::Joined, "a rejoin gets the time that a newcomer has");
}

#[test]
fn t26_who_is_not_seen_again_is_lost_unless_a_last_look_finds_them() {
    let mut call = direct();
    left(&mut call, "bob", false);
    call.at(30_000);
    let mut back = call.clone();
    present(&mut back, &["alice", "bob"]);
    assert_eq!(back.state("bob"), State::Joined);
    present(&mut call, &["alice"]);
    assert_eq!(call.state("bob"), State::Lost);
    assert_eq!(call.downlinks(), ["alice.phone: meeting_ended lost", "bob.phone: meeting_ended lost"]);
}

#[test]
fn t27_who_leaves_the_media_by_own_will_has_left() {
    let mut call = group();
    left(&mut call, "bob", true);
    assert_eq!(call.state("bob"), State::Left);
    assert!(call.downlinks().contains(&"alice.phone: participant_updated left".to_owned()));
    left(&mut call, "bob", true);
    assert!(call.last.next.is_none(), "the second report changes nothing");
}

#[test]
fn losing_the_broker_ends_nothing_while_the_rtc_service_sees_the_participant() {
    let mut call = direct();
    call.device_is("bob.phone", DeviceStatus::Disconnected);
    assert!(call.last.next.is_some(), "a check of the device is scheduled");
    call.at(10_000);
    assert_eq!(call.due_checks(), [client("bob.phone")]);
    let mut gone = call.clone();
    present(&mut call, &["alice", "bob"]);
    assert_eq!(call.state("bob"), State::Joined);
    assert!(call.due_checks().is_empty());
    present(&mut gone, &["alice"]);
    assert_eq!(gone.state("bob"), State::Reconnecting);
}

#[test]
fn t15_the_waiting_caller_counts_as_here_while_the_rtc_service_sees_him() {
    let mut call = with_rtc_reports(Call::direct());
    call.device_is("alice.phone", DeviceStatus::Disconnected);
    assert!(call.last.next.is_some(), "a check of the device is scheduled");
    call.at(15_000);
    present(&mut call, &[]);
    assert_eq!(call.due_checks(), [client("alice.phone")], "the device is also checked at the broker");
    call.device_is("alice.phone", DeviceStatus::StillDisconnected);
    assert!(call.last.next.is_some(), "the caller is put out");
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Cancelled));
}

#[test]
fn t39_t41_t49_a_channel_that_is_gone_empties_a_group_and_whoever_comes_fills_it_again() {
    let mut call = group();
    call.rtc_reports(ChannelPresence::Closed);
    assert_eq!((call.state("alice"), call.state("bob")), (State::Reconnecting, State::Reconnecting));
    call.at(60_000);
    present(&mut call, &[]);
    assert!(matches!(call.meeting.phase, Phase::Empty { .. }), "{:?}", call.meeting.phase);
}

#[test]
fn what_was_seen_before_a_change_says_nothing_about_it() {
    let mut call = with_rtc_reports(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    let before = call.meeting.rev;
    joined(&mut call, "bob");
    call.rtc_reports(ChannelPresence::Exactly { users: BTreeSet::new(), rev: before });
    assert_eq!(call.state("bob"), State::Joined, "the user joined after the service was asked");
}

#[test]
fn whoever_has_no_seat_is_put_out_and_a_stranger_to_the_meeting_is_nobody() {
    let mut call = group();
    joined(&mut call, "carol");
    assert!(
        matches!(&call.last.rtc_actions[..], [RtcAction::Remove { user, .. }] if user.as_str() == "carol")
    );
    assert_eq!(call.state("carol"), State::Invited);
    joined(&mut call, "zoe");
    assert_eq!((call.last.next.is_none(), call.last.rtc_actions.is_empty()), (true, true));
}

#[test]
fn who_comes_in_with_an_older_token_is_held_to_what_was_decided_meanwhile() {
    let mut call = with_rtc_reports(Call::group());
    call.accepts("bob.phone").expect("accepts");
    joined(&mut call, "alice");
    let block =
        Action::Mute { target: UserOrAll::User(user("bob")), mode: MuteMode::Hard, for_seconds: None };
    call.does("alice.phone", block).expect("the host has the right");
    let is_blocked = |call: &Call| matches!(&call.last.rtc_actions[..], [RtcAction::Restrict { rights, .. }] if !rights.microphone);
    joined(&mut call, "bob");
    assert!(is_blocked(&call), "the right was taken after the token was made");
    joined(&mut call, "bob");
    assert!(call.last.next.is_none() && is_blocked(&call), "a second join without a departure in between");
}

// Proves: blocks
#[test]
fn t38_a_block_that_ends_with_a_look_at_the_media_is_only_lifted() {
    let mut call = group();
    let block =
        Action::Mute { target: UserOrAll::User(user("bob")), mode: MuteMode::Hard, for_seconds: Some(10) };
    call.does("alice.phone", block).expect("the host has the right");
    call.at(10_000);
    present(&mut call, &["alice", "bob"]);
    let rights: Vec<bool> = call
        .last
        .rtc_actions
        .iter()
        .map(|action| matches!(action, RtcAction::Restrict { rights, .. } if rights.microphone))
        .collect();
    assert_eq!(
        rights,
        [true],
        "two calls about one user may overtake each other: {:?}",
        call.last.rtc_actions
    );
}

// Proves: channel-closed
#[test]
fn t47_every_end_closes_the_channel_and_so_does_whoever_enters_it_later() {
    let mut call = direct();
    call.leaves("bob.phone").expect("hangs up");
    assert_eq!(call.last.rtc_actions, [RtcAction::Close]);
    let rev = call.meeting.end().expect("has ended").rev;
    let cause = Cause::Deadline { meeting_id: call.meeting.id.clone(), rev };
    assert_eq!(
        call.repeat_effects(rev, &cause).rtc_actions,
        [RtcAction::Close],
        "the repeated effects close it too"
    );
    joined(&mut call, "bob");
    assert_eq!(call.last.rtc_actions, [RtcAction::Close]);
    present(&mut call, &[]);
    assert!(call.last.rtc_actions.is_empty());

    let mut call = with_rtc_reports(Call::group());
    call.at(300_000);
    call.wakes();
    assert_eq!(call.last.rtc_actions, [RtcAction::Close], "an end by a deadline closes it too");
}

#[test]
fn a_report_of_a_device_without_the_seat_is_refused() {
    let mut call = direct();
    let report =
        Action::ReportMedia { state: MediaReport::Left, media: MediaChange::default(), verified: true };
    assert_eq!(call.does("bob.tablet", report), Err(Code::NotAdmitted));
}

#[test]
fn t19_t26_the_device_of_a_lost_seat_is_told_and_comes_back_if_it_was_lost() {
    let mut call = Call::group();
    call.rtc.reports_presence = true;
    call.accepts("bob.phone").expect("accepts");
    for name in ["alice", "bob"] {
        call.rtc_reports(ChannelPresence::Joined { user: user(name) });
    }
    call.rtc_reports(ChannelPresence::Left { user: user("bob"), clean: false });
    call.at(70_000).wakes();
    assert_eq!(call.state("bob"), State::Lost);
    for device in ["alice.phone", "bob.phone"] {
        assert!(call.downlinks().contains(&format!("{device}: participant_updated lost")));
    }
    call.does("bob.phone", Action::Rejoin).expect("takes the seat again");
    assert_eq!(call.state("bob"), State::Accepted);
    call.at(100_000).wakes();
    assert_eq!(call.state("bob"), State::Failed);
    assert!(call.downlinks().contains(&"bob.phone: participant_updated failed".to_owned()));
}

#[test]
fn t27_a_report_of_leaving_that_the_rtc_service_does_not_confirm_changes_nothing() {
    let mut call = with_rtc_reports(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    joined(&mut call, "bob");
    let report =
        |verified| Action::ReportMedia { state: MediaReport::Left, media: MediaChange::default(), verified };
    call.does("bob.phone", report(false)).expect("an unverified report is not refused");
    assert_eq!((call.state("bob"), call.last.next.is_none()), (State::Joined, true));
    call.does("bob.phone", report(true)).expect("leaves");
    assert_eq!(call.state("bob"), State::Left);
}
