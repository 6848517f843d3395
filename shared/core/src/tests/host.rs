//! Tests of a host of a group who leaves or is lost (T29–T31).

use super::fixture::{Call, START_MS, user};
use super::scenes::{admit, hosted_group, joining, role, set_role};
use crate::{Action, AwayFrom, Phase, Presence};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{
    HostLeavePolicy, JoinPolicy, ParticipantState as State, PolicyChange, Role,
};

#[test]
fn t29_the_next_host_is_who_is_longest_in_the_media() {
    let mut call = hosted_group(HostLeavePolicy::Transfer);
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(call.meeting.host, user("bob"), "Carol has the older seat but is not in the media");
    assert_eq!((role(&call, "alice"), role(&call, "bob")), (Role::Member, Role::Host));
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone= ok",
            "bob.phone: host_changed",
            "bob.phone: participant_updated left",
            "carol.phone: host_changed",
            "carol.phone: participant_updated left",
        ]
    );
    let is_notified = call.last.notices.iter().any(|downlink| {
        matches!(&downlink.body, Body::HostChanged { host, previous } if *host == user("bob") && *previous == user("alice"))
    });
    assert!(is_notified);
    call.does("alice.phone", joining("alice", false)).expect("comes back");
    assert_eq!((call.meeting.host.clone(), role(&call, "alice")), (user("bob"), Role::Member));
}

#[test]
fn t29_cohosts_come_first_and_without_anybody_in_the_media_the_oldest_seat() {
    let mut call = hosted_group(HostLeavePolicy::Transfer);
    set_role(&mut call, "alice.phone", "carol", Role::Cohost).expect("the host has the right");
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(call.meeting.host, user("carol"));

    let mut call = Call::group();
    call.accepts("carol.phone").expect("accepts");
    call.at(1).accepts("bob.phone").expect("accepts");
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(call.meeting.host, user("carol"));
}

#[test]
fn t29_a_group_that_its_host_left_before_anybody_came_has_the_first_one_as_host() {
    let mut call = Call::group();
    call.leaves("alice.phone").expect("leaves");
    assert_eq!((call.meeting.host.clone(), call.meeting.end()), (user("alice"), None));
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(call.meeting.host, user("bob"));
    assert!(call.downlinks().contains(&"bob.phone: host_changed".to_owned()), "{:?}", call.downlinks());
}

#[test]
fn t30_the_meeting_waits_two_minutes_for_its_host() {
    let mut call = hosted_group(HostLeavePolicy::GraceEnd);
    call.at(10_000).leaves("alice.phone").expect("leaves");
    assert!(
        call.downlinks().contains(&"bob.phone: meeting_ending host_left".to_owned()),
        "{:?}",
        call.downlinks()
    );
    let in_ms = call.last.notices.iter().find_map(|downlink| match downlink.body {
        Body::MeetingEnding { in_ms, .. } => Some(in_ms),
        _ => None,
    });
    assert_eq!(in_ms, Some(120_000));
    assert_eq!(call.next_deadline_ms(), Some(START_MS + 130_000));
    call.at(20_000).leaves("carol.phone").expect("leaves");
    let mut back = call.clone();
    back.at(129_999).sends("alice.phone", "back", "back", joining("alice", false)).expect("comes back");
    assert_eq!((back.meeting.host_away_until_ms, role(&back, "alice")), (None, Role::Host));
    assert_eq!(back.at(130_000).sends("bob.phone", "on", "on", Action::RefreshToken), Ok(()));

    assert_eq!(call.at(130_000).does("bob.phone", Action::RefreshToken), Err(Code::MeetingEnded));
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::HostLeft));
    assert!(call.downlinks().contains(&"bob.phone: meeting_ended host_left".to_owned()));
}

#[test]
fn t31_it_ends_with_its_host_or_goes_on_without_one() {
    let mut call = hosted_group(HostLeavePolicy::End);
    call.leaves("carol.phone").expect("leaves");
    assert_eq!(call.meeting.end(), None);
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::HostLeft));
    assert_eq!(call.downlinks(), ["alice.phone= ok", "bob.phone: meeting_ended host_left"]);

    let mut call = hosted_group(HostLeavePolicy::Continue);
    set_role(&mut call, "alice.phone", "carol", Role::Cohost).expect("the host has the right");
    call.leaves("alice.phone").expect("leaves");
    assert_eq!((call.meeting.phase, call.meeting.host.clone()), (Phase::Active, user("alice")));
    let lock =
        |locked| Action::UpdateMeeting(crate::SettingsChange { locked: Some(locked), ..Default::default() });
    assert_eq!(call.does("carol.phone", lock(true)), Ok(()), "cohosts keep their rights");
    assert_eq!(call.does("bob.phone", lock(false)), Err(Code::NotHost));
    assert_eq!(call.does("carol.phone", Action::Destroy { text: None }), Err(Code::NotHost));
    call.does("carol.phone", lock(false)).expect("a cohost has the right");
    call.does("alice.phone", joining("alice", false)).expect("comes back");
    assert_eq!(role(&call, "alice"), Role::Host);
}

#[test]
fn t29_a_host_who_is_lost_is_gone_and_one_who_reconnects_is_not() {
    let mut call = hosted_group(HostLeavePolicy::Transfer);
    let seat = call.participant_mut("alice").seat_mut().expect("has a seat");
    seat.presence = Presence::Away { until_ms: START_MS + 60_000, from: AwayFrom::Media };
    call.at(59_999).does("bob.phone", Action::RaiseHand).expect("the meeting is live");
    assert_eq!(call.meeting.host, user("alice"));
    call.at(60_000).does("bob.phone", Action::LowerHand).expect("the meeting is live");
    assert_eq!((call.state("alice"), call.meeting.host.clone()), (State::Lost, user("bob")));
}

#[test]
fn t31_a_policy_that_is_set_after_the_host_left_does_not_end_the_meeting() {
    let mut call = hosted_group(HostLeavePolicy::Continue);
    set_role(&mut call, "alice.phone", "carol", Role::Cohost).expect("the host has the right");
    call.leaves("alice.phone").expect("leaves");
    let policy = PolicyChange { host_leave: Some(HostLeavePolicy::End), ..PolicyChange::default() };
    call.does(
        "carol.phone",
        Action::UpdateMeeting(crate::SettingsChange { policy: Some(policy), ..Default::default() }),
    )
    .expect("a cohost has the right");
    assert_eq!(call.meeting.end(), None);
}

#[test]
fn t31_an_admitted_host_who_leaves_gets_the_end_on_the_device_with_the_seat_only() {
    let mut call = hosted_group(HostLeavePolicy::End);
    call.settings_mut().policy.join = JoinPolicy::Lobby;
    call.does("dave.phone", joining("dave", false)).expect("waits in the lobby");
    call.does("alice.phone", admit(None)).expect("the host admits the user");
    call.does("alice.phone", Action::TransferHost { user: user("dave") }).expect("the host has the right");
    call.leaves("dave.phone").expect("leaves");
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::HostLeft));
    assert!(!call.downlinks().iter().any(|line| line.starts_with("dave.tablet")), "{:?}", call.downlinks());
}

#[test]
fn t30_t31_a_host_who_left_has_no_powers_before_the_return() {
    for policy in [HostLeavePolicy::Continue, HostLeavePolicy::GraceEnd] {
        let mut call = hosted_group(policy);
        call.leaves("alice.phone").expect("leaves");
        let destroy = || Action::Destroy { text: None };
        let transfer = || Action::TransferHost { user: user("bob") };
        for device in ["alice.phone", "alice.laptop"] {
            assert_eq!(set_role(&mut call, device, "bob", Role::Cohost), Err(Code::NotHost));
            assert_eq!(call.does(device, transfer()), Err(Code::NotHost));
            assert_eq!(call.does(device, destroy()), Err(Code::NotHost));
        }
        let mut back = call.clone();
        back.does("alice.phone", joining("alice", false)).expect("comes back");
        back.does("alice.laptop", destroy()).expect("the host may use any device");
        assert_eq!(
            call.does("bob.phone", Action::DestroyCreated { text: None }),
            Err(Code::NotHost),
            "only the creator has a create request to take back"
        );
        call.does("alice.phone", Action::DestroyCreated { text: None })
            .expect("takes the create request back");
        assert_eq!(call.end_reason(), Some(EndReason::HostEnded));
    }
}

#[test]
fn t24_a_host_who_is_reconnecting_keeps_the_powers() {
    let mut call = hosted_group(HostLeavePolicy::Continue);
    let seat = call.participant_mut("alice").seat_mut().expect("has a seat");
    seat.presence = Presence::Away { until_ms: START_MS + 60_000, from: AwayFrom::Media };
    set_role(&mut call, "alice.laptop", "bob", Role::Cohost).expect("the seat is kept");
    call.does("alice.laptop", Action::Destroy { text: None }).expect("the seat is kept");
}
