//! Coming in without answering an invitation (T20–T23, T25, T28).

use super::fixture::{Call, client, create, opening, user};
use crate::Tell;
use crate::{Action, Device, Joining, Leg, PEOPLE_MAX, Phase, SlotChange};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::limits::MAX_INVITEES;
use switchboard_protocol::object::{
    JoinPolicy, MediaFlags, Mode, ParticipantState as State, Policy, SpeechMode,
};

pub(super) fn joining(name: &str, takeover: bool) -> Action {
    let device = |kind: &str| Device {
        client_id: client(&format!("{name}.{kind}")),
        seen_ms: super::fixture::START_MS,
    };
    let devices = ["phone", "tablet"].map(device).to_vec();
    Action::Join(Joining { name: Some(name.to_owned()), devices, takeover })
}

pub(super) fn join(call: &mut Call, device: &str) -> Result<(), Code> {
    call.does(device, joining(super::fixture::account(device), false))
}

pub(super) fn take_over(call: &mut Call, device: &str) -> Result<(), Code> {
    call.does(device, joining(super::fixture::account(device), true))
}

/// Alice is in her group, Bob and Carol are rung.
pub(super) fn room(join: JoinPolicy) -> Call {
    let mut create = create(Mode::Group, &["bob", "carol"]);
    create.policy = Some(Policy { join, ..Policy::default() });
    let mut call = Call::open(&opening(create));
    call.joins_media("alice.phone").expect("joins");
    call
}

pub(super) fn admit(names: Option<&[&str]>) -> Action {
    Action::Admit { users: names.map(|names| names.iter().map(|name| user(name)).collect()) }
}

fn deny(names: Option<&[&str]>) -> Action {
    Action::Deny { users: names.map(|names| names.iter().map(|name| user(name)).collect()) }
}

/// What the answer to `admit` or `deny` says of each.
fn decided(call: &Call) -> Vec<(String, bool, Option<Code>)> {
    match call.last.answer.as_ref().map(|answer| &answer.body) {
        Some(Body::LobbyUpdated { users }) => {
            users.iter().map(|user| (user.user_id.to_string(), user.admitted, user.code)).collect()
        }
        other => panic!("no lobby_updated: {other:?}"),
    }
}

#[test]
fn t20_who_was_not_invited_comes_in_only_if_the_policy_says_so() {
    let mut call = room(JoinPolicy::Invited);
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::Forbidden));
    assert!(call.last.next.is_none() && !call.meeting.participants.contains_key(&user("dave")));

    let mut call = room(JoinPolicy::Open);
    join(&mut call, "dave.phone").expect("open to everybody");
    assert_eq!(call.told(), ["alice.phone: participant_updated accepted", "dave.phone= joined"]);
    assert_eq!(call.last.slots, [SlotChange::Claim(user("dave"))]);
    assert_eq!(call.meeting.new_parts(), [user("dave")], "a sync finds it");
    assert_eq!(call.meeting.participants[&user("dave")].name.as_deref(), Some("dave"));
    call.joins_media("dave.phone").expect("has a seat");
}

#[test]
fn t20_a_direct_call_takes_no_third_whatever_its_policy() {
    let mut direct = create(Mode::Direct, &["bob"]);
    direct.policy = Some(Policy { join: JoinPolicy::Open, ..Policy::default() });
    let mut call = Call::open(&opening(direct));
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::Forbidden));
}

#[test]
fn t20_a_locked_or_full_meeting_takes_nobody_in() {
    let mut call = room(JoinPolicy::Open);
    call.meeting.locked = true;
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::Locked));
    assert_eq!(join(&mut call, "bob.phone"), Err(Code::Locked), "an invited one answers the invitation");
    call.accepts("bob.phone").expect("which still works");
    call.meeting.locked = false;
    call.meeting.max_participants = 2;
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::MeetingFull));
    assert!(!call.meeting.participants.contains_key(&user("dave")), "nothing is left behind");
    assert_eq!(join(&mut call, "carol.phone"), Err(Code::MeetingFull));
    assert_eq!(call.state("carol"), State::Invited);
}

#[test]
fn t20_who_rings_may_also_join_and_the_other_devices_stop() {
    let mut call = room(JoinPolicy::Invited);
    join(&mut call, "bob.tablet").expect("invited");
    assert_eq!(
        call.told(),
        [
            "alice.phone: participant_updated accepted",
            "bob.phone: invitation_closed answered_elsewhere",
            "bob.tablet= joined"
        ]
    );
    assert_eq!(call.accepts("bob.phone"), Err(Code::AlreadyAnswered));
}

#[test]
fn who_comes_in_is_muted_where_the_policy_says_so_and_hosts_are_not() {
    let mut call = room(JoinPolicy::Open);
    call.meeting.policy.entry_muted = true;
    join(&mut call, "dave.phone").expect("open");
    call.accepts("bob.phone").expect("accepts");
    let mode = |call: &Call, name: &str| call.meeting.participants[&user(name)].speech.mode;
    assert_eq!((mode(&call, "dave"), mode(&call, "bob")), (SpeechMode::Soft, SpeechMode::Soft));
    assert!(!call.told().iter().any(|line| line.contains("speech_changed")), "the roster says it");
    call.leaves("alice.phone").expect("leaves");
    let host = call.meeting.host.to_string();
    assert_eq!(join(&mut call, "alice.phone"), Ok(()));
    assert_ne!(host, "alice");
    assert_eq!(mode(&call, "alice"), SpeechMode::Soft, "who is no host any more is muted too");
}

#[test]
fn t20_in_a_lobby_everybody_waits_and_the_hosts_hear_it() {
    let mut call = room(JoinPolicy::Lobby);
    join(&mut call, "dave.phone").expect("may wait");
    assert_eq!(call.told(), ["alice.phone: lobby_request", "dave.phone= lobby_waiting"]);
    assert_eq!((call.state("dave"), &call.last.slots[..]), (State::Lobby, &[][..]));
    assert_eq!(call.joins_media("dave.phone"), Err(Code::NotAdmitted));
    assert_eq!(call.does("dave.phone", Action::RefreshToken), Err(Code::NotAdmitted));
    assert_eq!(call.does("dave.phone", Action::RaiseHand), Err(Code::NotAdmitted));
    join(&mut call, "dave.phone").expect("again");
    assert!(call.last.next.is_none(), "nobody is told twice");
    join(&mut call, "dave.laptop").expect("from a device that nobody knew");
    assert_eq!(call.told(), ["dave.laptop= lobby_waiting"]);
}

#[test]
fn t21_a_host_lets_people_in_in_the_order_they_came_and_only_as_many_as_there_are_seats() {
    let mut call = room(JoinPolicy::Lobby);
    for device in ["frank.phone", "dave.phone", "eve.phone"] {
        join(&mut call, device).expect("waits");
    }
    call.meeting.max_participants = 3;
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(call.does("bob.phone", admit(None)), Err(Code::NotHost));
    call.does("alice.phone", admit(None)).expect("one seat is left");
    assert_eq!(
        decided(&call),
        [
            ("frank".to_owned(), true, None),
            ("dave".to_owned(), false, Some(Code::MeetingFull)),
            ("eve".to_owned(), false, Some(Code::MeetingFull)),
        ]
    );
    assert_eq!(
        call.told(),
        [
            "alice.phone: participant_updated accepted",
            "alice.phone= lobby_updated",
            "bob.phone: participant_updated accepted",
            "frank.phone: lobby_result",
            "frank.tablet: lobby_result",
        ]
    );
    assert_eq!(call.last.slots, [SlotChange::Claim(user("frank"))]);
    assert_eq!(call.meeting.new_parts(), [user("frank")]);
    assert_eq!(call.does("alice.phone", admit(Some(&["dave"]))), Err(Code::MeetingFull));
    assert_eq!(call.does("alice.phone", admit(Some(&["mallory", "frank"]))), Ok(()));
    assert_eq!(
        decided(&call),
        [("mallory".to_owned(), false, Some(Code::UserNotFound)), ("frank".to_owned(), true, None)]
    );
}

#[test]
fn t21_who_was_let_in_has_the_seat_on_the_device_that_comes_first() {
    let mut call = room(JoinPolicy::Lobby);
    join(&mut call, "dave.phone").expect("waits");
    call.does("alice.phone", admit(Some(&["dave"]))).expect("lets him in");
    let results: Vec<_> = call.last.tells.iter().filter(|tell| tell.to.user() == user("dave")).collect();
    let has_token = |tell: &&Tell| {
        matches!(tell.body, Body::LobbyResult { admitted: true, meeting: Some(_) }) && tell.grant.is_some()
    };
    assert!(results.len() == 2 && results.iter().all(has_token), "{results:?}");
    call.joins_media("dave.tablet").expect("the other device was let in too");
    assert_eq!(call.state("dave"), State::Joined);
    assert_eq!(call.joins_media("dave.phone"), Err(Code::NotAdmitted), "and has the seat");
}

#[test]
fn t22_who_is_turned_away_hears_it_and_may_ask_again() {
    let mut call = room(JoinPolicy::Lobby);
    join(&mut call, "dave.phone").expect("waits");
    call.does("alice.phone", deny(Some(&["dave", "bob"]))).expect("turns him away");
    assert_eq!(
        decided(&call),
        [("dave".to_owned(), false, None), ("bob".to_owned(), false, Some(Code::UserNotFound))]
    );
    assert_eq!(
        call.told(),
        ["alice.phone= lobby_updated", "dave.phone: lobby_result", "dave.tablet: lobby_result"]
    );
    assert!(call.last.tells.iter().any(|tell| tell.grant.is_none()
        && matches!(tell.body, Body::LobbyResult { admitted: false, meeting: None })));
    assert_eq!(call.does("dave.phone", Action::Rejoin), Err(Code::NotAdmitted));
    join(&mut call, "dave.phone").expect("asks again");
    assert!(call.told().contains(&"alice.phone: lobby_request".to_owned()));
}

#[test]
fn t21_t22_other_hosts_hear_what_one_of_them_decided() {
    let mut call = room(JoinPolicy::Lobby);
    call.accepts("bob.phone").expect("accepts");
    let role = switchboard_protocol::object::Role::Cohost;
    call.does("alice.phone", Action::SetRole { user: user("bob"), role }).expect("makes him cohost");
    join(&mut call, "dave.phone").expect("waits");
    assert!(call.told().contains(&"bob.phone: lobby_request".to_owned()));
    call.does("bob.phone", deny(None)).expect("a cohost may");
    assert!(call.told().contains(&"alice.phone: lobby_updated".to_owned()), "{:?}", call.told());
}

// Proves: T46
#[test]
fn t23_who_waits_hears_that_the_meeting_ended() {
    let mut call = room(JoinPolicy::Lobby);
    join(&mut call, "dave.phone").expect("waits");
    call.does("alice.phone", Action::Destroy).expect("ends it");
    for device in ["dave.phone", "dave.tablet"] {
        assert!(call.told().contains(&format!("{device}: meeting_ended host_ended")), "{:?}", call.told());
    }
    assert_eq!(call.state("dave"), State::Ended);
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::MeetingEnded));
}

#[test]
fn t25_who_left_or_was_lost_comes_in_again_unless_it_is_locked_or_full() {
    let mut call = room(JoinPolicy::Invited);
    call.accepts("bob.phone").expect("accepts");
    for state in [State::Left, State::Lost, State::Declined, State::NoAnswer] {
        let bob = call.meeting.participants.get_mut(&user("bob")).expect("was invited");
        bob.state = state;
        bob.holds_slot = false;
        call.meeting.locked = true;
        assert_eq!(join(&mut call, "bob.tablet"), Err(Code::Locked));
        assert_eq!(call.does("bob.tablet", Action::Rejoin), Err(Code::NotAdmitted));
        call.meeting.locked = false;
        join(&mut call, "bob.tablet").expect("was invited");
        assert_eq!(call.told(), ["alice.phone: participant_updated accepted", "bob.tablet= joined"]);
        assert_eq!(call.last.slots, [SlotChange::Claim(user("bob"))]);
        let media = call.meeting.participants[&user("bob")].media;
        assert_eq!(media, MediaFlags::default(), "nothing of it is on yet");
        call.joins_media("bob.tablet").expect("joins, and turns the microphone on");
    }
    call.meeting.participants.get_mut(&user("bob")).expect("is in").state = State::Lost;
    call.does("bob.phone", Action::Rejoin).expect("the seat was given up a moment ago");
    assert_eq!(call.told(), ["alice.phone: participant_updated accepted", "bob.phone= joined"]);
}

#[test]
fn t32_t33_who_was_removed_is_a_stranger_and_who_is_banned_stays_out() {
    let mut call = room(JoinPolicy::Lobby);
    call.accepts("bob.phone").expect("accepts");
    let bob = call.meeting.participants.get_mut(&user("bob")).expect("is in");
    bob.state = State::Removed;
    assert_eq!(call.does("bob.phone", Action::Rejoin), Err(Code::NotAdmitted));
    join(&mut call, "bob.phone").expect("waits as anybody");
    assert_eq!(call.state("bob"), State::Lobby);
    call.meeting.policy.join = JoinPolicy::Invited;
    call.meeting.participants.get_mut(&user("bob")).expect("waits").state = State::Removed;
    assert_eq!(join(&mut call, "bob.phone"), Err(Code::Forbidden));
    call.meeting.policy.join = JoinPolicy::Open;
    call.meeting.participants.get_mut(&user("bob")).expect("waits").state = State::Banned;
    assert_eq!(join(&mut call, "bob.phone"), Err(Code::Banned));
    assert_eq!(call.does("bob.phone", Action::Rejoin), Err(Code::Banned));
}

#[test]
fn t28_another_device_of_the_same_user_takes_the_seat_over_with_everything() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    call.does("bob.phone", Action::RaiseHand).expect("raises a hand");
    assert_eq!(join(&mut call, "bob.tablet"), Err(Code::StateConflict));
    assert!(call.last.next.is_none());
    take_over(&mut call, "bob.tablet").expect("takes it over");
    assert_eq!(
        call.told(),
        [
            "alice.phone: participant_updated joined",
            "bob.phone: participant_removed moved",
            "bob.tablet= joined"
        ]
    );
    let bob = &call.meeting.participants[&user("bob")];
    assert_eq!(bob.seat, Some(client("bob.tablet")));
    assert!(bob.state == State::Joined && bob.hand_rev.is_some() && call.last.slots.is_empty());
    let legs = &bob.invitation.as_ref().expect("was invited").legs;
    assert_eq!((legs[&client("bob.phone")], legs[&client("bob.tablet")]), (Leg::Closed, Leg::Won));
    assert_eq!(call.does("bob.phone", Action::RefreshToken), Err(Code::NotAdmitted));
    call.joins_media("bob.tablet").expect("has the seat");
    assert!(call.told().is_empty(), "nobody hears of it twice: {:?}", call.told());
    take_over(&mut call, "bob.phone").expect("and back");
    assert_eq!(call.meeting.phase, Phase::Active);
}

#[test]
fn t28_the_old_device_that_leaves_the_media_does_not_hang_up_for_the_new_one() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    take_over(&mut call, "bob.tablet").expect("takes it over");
    let left = crate::MediaSeen::Left { user: user("bob"), clean: true };
    call.meeting = crate::media_seen(&call.meeting, &left, call.now).next.expect("is noted");
    assert_eq!((call.state("bob"), call.meeting.end()), (State::Reconnecting, None));
    call.joins_media("bob.tablet").expect("comes in");
    let again = crate::media_seen(&call.meeting, &left, call.now).next.expect("is noted");
    assert_eq!(again.end().map(|end| end.0), Some(EndReason::Completed), "now it is the new one that leaves");
}

#[test]
fn a_join_that_comes_again_is_answered_from_what_holds_now() {
    let mut call = room(JoinPolicy::Lobby);
    let ask = |call: &mut Call| call.asks("dave.phone", "j1", "join", joining("dave", false));
    ask(&mut call).expect("waits");
    ask(&mut call).expect("still waits");
    assert_eq!(call.told(), ["alice.phone: lobby_request", "dave.phone= lobby_waiting"]);
    call.does("alice.phone", admit(None)).expect("lets him in");
    ask(&mut call).expect("is in");
    assert!(call.last.next.is_none());
    assert_eq!(call.told(), ["dave.phone= joined"]);
    call.leaves("dave.phone").expect("leaves");
    assert_eq!(ask(&mut call), Err(Code::NotAdmitted));
    call.does("alice.phone", Action::Destroy).expect("ends it");
    assert_eq!(ask(&mut call), Err(Code::MeetingEnded));
    assert_eq!(call.meeting.end().map(|end| end.0), Some(EndReason::HostEnded));
}

#[test]
fn strangers_cannot_swell_the_record() {
    let mut call = room(JoinPolicy::Lobby);
    for at in call.meeting.participants.len()..PEOPLE_MAX {
        join(&mut call, &format!("stranger-{at}")).expect("waits");
    }
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::MeetingFull));
    call.does("alice.phone", admit(None)).expect("as many as one transaction takes");
    assert_eq!(decided(&call).len(), MAX_INVITEES, "everybody who can be named");
}

#[test]
fn t27_t28_a_device_that_is_not_in_any_more_does_not_hang_up_for_the_one_that_is() {
    let mut call = room(JoinPolicy::Invited);
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    take_over(&mut call, "bob.tablet").expect("moves the call");
    call.leaves("bob.phone").expect("has nothing to leave");
    assert_eq!((call.told(), call.last.next.is_some()), (vec!["bob.phone= ok".to_owned()], false));
    assert_eq!(call.state("bob"), State::Joined);
    call.leaves("bob.tablet").expect("hangs up");
    assert_eq!(call.state("bob"), State::Left);
}

#[test]
fn t22_who_gives_up_waiting_in_the_lobby_is_not_let_in_any_more() {
    let mut call = room(JoinPolicy::Lobby);
    join(&mut call, "dave.phone").expect("waits");
    call.leaves("dave.phone").expect("waits no more");
    assert_eq!(
        call.told(),
        [
            "alice.phone: lobby_updated",
            "dave.phone: lobby_result",
            "dave.phone= ok",
            "dave.tablet: lobby_result",
        ]
    );
    call.does("alice.phone", admit(Some(&["dave"]))).expect("says of each what became of them");
    assert_eq!(decided(&call), [("dave".to_owned(), false, Some(Code::UserNotFound))]);
    join(&mut call, "dave.phone").expect("asks again");
    assert_eq!(call.state("dave"), State::Lobby, "as a stranger");
}
