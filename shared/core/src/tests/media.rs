//! What the RTC service sees is the truth, and what it is told (T18, T19, T24–T27, T39, T41, T47, T49).

use super::fixture::{Call, client, user};
use crate::cause::Cause;
use crate::{Action, Connection, MediaAct, MediaSeen, Phase, connection, media_seen, redo, tick};
use std::collections::BTreeSet;
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::{MediaFlags, ParticipantState as State, UserOrAll};
use switchboard_protocol::requests::{MediaReport, MuteMode};

fn told_by_the_rtc_service(mut call: Call) -> Call {
    call.now.rtc_tells = true;
    call.now.rtc_restricts = true;
    call
}

fn sees(call: &mut Call, seen: &MediaSeen) {
    call.last = media_seen(&call.meeting, seen, call.now);
    if let Some(next) = &call.last.next {
        call.meeting = next.clone();
    }
}

fn joined(call: &mut Call, name: &str) {
    sees(call, &MediaSeen::Joined { user: user(name) });
}

fn left(call: &mut Call, name: &str, clean: bool) {
    sees(call, &MediaSeen::Left { user: user(name), clean });
}

fn present(call: &mut Call, names: &[&str]) {
    let users: BTreeSet<_> = names.iter().map(|name| user(name)).collect();
    let rev = call.meeting.rev;
    sees(call, &MediaSeen::Present { users, rev });
}

/// Alice and Bob in a direct call, seen in the media.
fn direct() -> Call {
    let mut call = told_by_the_rtc_service(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    joined(&mut call, "alice");
    joined(&mut call, "bob");
    assert_eq!(call.meeting.phase, Phase::Active);
    call
}

fn group() -> Call {
    let mut call = told_by_the_rtc_service(Call::group());
    call.accepts("bob.phone").expect("accepts");
    joined(&mut call, "alice");
    joined(&mut call, "bob");
    call
}

#[test]
fn t18_who_is_seen_in_the_media_has_joined_and_a_report_alone_is_not_believed() {
    let mut call = told_by_the_rtc_service(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    let report = |verified| Action::ReportMedia {
        state: MediaReport::Joined,
        media: MediaFlags { audio: true, ..MediaFlags::default() },
        verified,
    };
    call.does("bob.phone", report(false)).expect("no error");
    assert_eq!((call.state("bob"), call.last.next.is_none()), (State::Accepted, true));
    joined(&mut call, "bob");
    assert_eq!(call.state("bob"), State::Joined);
    assert!(call.told().contains(&"alice.phone: participant_updated joined".to_owned()));
    call.does("bob.phone", report(true)).expect("says what it sends");
    assert!(call.meeting.participants[&user("bob")].media.audio);
}

#[test]
fn t19_who_is_seen_at_the_last_moment_has_not_failed() {
    let mut call = told_by_the_rtc_service(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    call.at(20_000);
    assert!(
        call.meeting.due_checks(call.now).contains(&client("bob.phone")),
        "the RTC service is asked first"
    );
    let mut late = Call::of(call.meeting.clone());
    late.now = call.now;
    present(&mut late, &["alice", "bob"]);
    assert_eq!((late.state("bob"), late.meeting.phase), (State::Joined, Phase::Active));

    present(&mut call, &["alice"]);
    assert_eq!(call.state("bob"), State::Failed);
    assert_eq!(call.meeting.end().map(|end| end.0), Some(EndReason::RtcFailed));
}

// Proves: media-truth
#[test]
fn t24_t25_a_broken_connection_keeps_the_seat_and_whoever_is_seen_again_is_back() {
    let mut call = direct();
    left(&mut call, "bob", false);
    assert_eq!(call.state("bob"), State::Reconnecting);
    assert!(call.told().contains(&"alice.phone: participant_updated reconnecting".to_owned()));
    call.last = connection(&call.meeting, &client("bob.phone"), Connection::Here, call.now);
    assert!(call.last.next.is_none(), "being at the broker is not being in the media");
    call.at(29_000).does("bob.phone", Action::Rejoin).expect("has the seat");
    assert_eq!(call.state("bob"), State::Reconnecting, "not yet");
    call.at(31_000);
    joined(&mut call, "bob");
    assert_eq!(call.state("bob"), State::Joined, "a rejoin has the time of a newcomer");
}

#[test]
fn t26_who_is_not_seen_again_is_lost_unless_a_last_look_finds_them() {
    let mut call = direct();
    left(&mut call, "bob", false);
    call.at(30_000);
    let mut back = Call::of(call.meeting.clone());
    back.now = call.now;
    present(&mut back, &["alice", "bob"]);
    assert_eq!(back.state("bob"), State::Joined);
    present(&mut call, &["alice"]);
    assert_eq!(call.state("bob"), State::Lost);
    assert_eq!(call.told(), ["alice.phone: meeting_ended lost"]);
}

#[test]
fn t27_who_leaves_the_media_by_own_will_has_left() {
    let mut call = group();
    left(&mut call, "bob", true);
    assert_eq!(call.state("bob"), State::Left);
    assert!(call.told().contains(&"alice.phone: participant_updated left".to_owned()));
    left(&mut call, "bob", true);
    assert!(call.last.next.is_none(), "once");
}

#[test]
fn losing_the_broker_ends_nothing_while_the_rtc_service_sees_the_participant() {
    let mut call = direct();
    call.last = connection(&call.meeting, &client("bob.phone"), Connection::Dropped, call.now);
    call.meeting = call.last.next.clone().expect("will be looked at");
    call.at(10_000);
    assert_eq!(call.meeting.due_checks(call.now), [client("bob.phone")]);
    let mut gone = Call::of(call.meeting.clone());
    gone.now = call.now;
    present(&mut call, &["alice", "bob"]);
    assert_eq!(call.state("bob"), State::Joined);
    assert!(call.meeting.due_checks(call.now).is_empty());
    present(&mut gone, &["alice"]);
    assert_eq!(gone.state("bob"), State::Reconnecting);
}

#[test]
fn t15_the_waiting_caller_counts_as_here_while_the_rtc_service_sees_him() {
    let mut call = told_by_the_rtc_service(Call::direct());
    call.last = connection(&call.meeting, &client("alice.phone"), Connection::Dropped, call.now);
    call.meeting = call.last.next.clone().expect("will be looked at");
    call.at(15_000);
    present(&mut call, &[]);
    assert_eq!(call.meeting.due_checks(call.now), [client("alice.phone")], "the broker is asked too");
    call.last = connection(&call.meeting, &client("alice.phone"), Connection::Gone, call.now);
    call.meeting = call.last.next.clone().expect("is gone");
    assert_eq!(call.meeting.end().map(|end| end.0), Some(EndReason::Cancelled));
}

#[test]
fn t39_t41_t49_a_channel_that_is_gone_empties_a_group_and_whoever_comes_fills_it_again() {
    let mut call = group();
    sees(&mut call, &MediaSeen::Closed);
    assert_eq!((call.state("alice"), call.state("bob")), (State::Reconnecting, State::Reconnecting));
    call.at(60_000);
    present(&mut call, &[]);
    assert!(matches!(call.meeting.phase, Phase::Empty { .. }), "{:?}", call.meeting.phase);
}

#[test]
fn what_was_seen_before_a_change_says_nothing_about_it() {
    let mut call = told_by_the_rtc_service(Call::direct());
    call.accepts("bob.phone").expect("accepts");
    let before = call.meeting.rev;
    joined(&mut call, "bob");
    sees(&mut call, &MediaSeen::Present { users: BTreeSet::new(), rev: before });
    assert_eq!(call.state("bob"), State::Joined, "came in after it was asked");
}

#[test]
fn whoever_has_no_seat_is_put_out_and_a_stranger_to_the_meeting_is_nobody() {
    let mut call = group();
    joined(&mut call, "carol");
    assert!(matches!(&call.last.media[..], [MediaAct::Remove { user, .. }] if user.as_str() == "carol"));
    assert_eq!(call.state("carol"), State::Invited);
    joined(&mut call, "zoe");
    assert_eq!((call.last.next.is_none(), call.last.media.is_empty()), (true, true));
}

#[test]
fn who_comes_in_with_an_older_token_is_held_to_what_was_decided_meanwhile() {
    let mut call = told_by_the_rtc_service(Call::group());
    call.accepts("bob.phone").expect("accepts");
    joined(&mut call, "alice");
    let block = Action::Mute { whom: UserOrAll::User(user("bob")), mode: MuteMode::Hard, for_seconds: None };
    call.does("alice.phone", block).expect("the host may");
    let held = |call: &Call| matches!(&call.last.media[..], [MediaAct::Restrict { rights, .. }] if !rights.microphone);
    joined(&mut call, "bob");
    assert!(held(&call));
    joined(&mut call, "bob");
    assert!(call.last.next.is_none() && held(&call), "comes in again, unnoticed that he was out");
}

// Proves: channel-closed
#[test]
fn t47_every_end_closes_the_channel_and_so_does_whoever_enters_it_later() {
    let mut call = direct();
    call.leaves("bob.phone").expect("hangs up");
    assert_eq!(call.last.media, [MediaAct::Close]);
    let (_, _, rev) = call.meeting.end().expect("is over");
    let cause = Cause::Deadline { meeting_id: call.meeting.id.clone(), rev };
    assert_eq!(redo(&call.meeting, rev, &cause, call.now).media, [MediaAct::Close], "and again");
    joined(&mut call, "bob");
    assert_eq!(call.last.media, [MediaAct::Close]);
    present(&mut call, &[]);
    assert!(call.last.media.is_empty());

    let mut call = told_by_the_rtc_service(Call::group());
    call.at(300_000);
    call.last = tick(&call.meeting, call.now);
    assert_eq!(call.last.media, [MediaAct::Close], "an end by time too");
}

#[test]
fn a_report_of_a_device_without_the_seat_is_refused() {
    let mut call = direct();
    let report =
        Action::ReportMedia { state: MediaReport::Left, media: MediaFlags::default(), verified: true };
    assert_eq!(call.does("bob.tablet", report), Err(Code::NotAdmitted));
}
