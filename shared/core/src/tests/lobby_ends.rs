//! Tests of T20–T22: hosts and waiting devices are notified of every end of a wait in the lobby.

use super::fixture::{Call, user};
use super::scenes::{admit, deny, group_with_entry, inviting, join, joining, set_role};
use crate::Action;
use serde_json::{Value, json};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{JoinPolicy, ParticipantState as State, Role};

/// Returns a group with a lobby. Alice is host, Bob cohost, and Dave waits with a phone and a tablet.
fn waiting() -> Call {
    let mut call = group_with_entry(JoinPolicy::Lobby);
    call.accepts("bob.phone").expect("accepts");
    set_role(&mut call, "alice.phone", "bob", Role::Cohost).expect("the host has the right");
    join(&mut call, "dave.phone").expect("waits");
    call
}

/// Returns the users in each `lobby_updated` that the last step sends to a device.
fn told(call: &Call, device: &str) -> Vec<Value> {
    call.sent_to(device, "lobby_updated").into_iter().map(|body| body["users"].clone()).collect()
}

fn removing(ban: bool) -> Action {
    Action::Remove { user: user("dave"), ban, for_seconds: None, text: None }
}

#[test]
fn t22_t33_other_hosts_hear_that_a_banned_or_removed_user_does_not_wait_any_more() {
    let refused = [json!([{"user_id": "dave", "admitted": false}])];
    let banned = [json!([{"user_id": "dave", "admitted": false, "code": "banned"}])];
    let cases = [
        (Action::Deny { users: None, ban: true }, "banned"),
        (removing(true), "banned"),
        (removing(false), "removed"),
    ];
    for (action, reason) in cases {
        let mut call = waiting();
        call.does("bob.phone", action.clone()).expect("a cohost has the right");
        let expected = if reason == "banned" { &banned } else { &refused };
        assert_eq!(told(&call, "alice.phone"), *expected, "{action:?}");
        for device in ["dave.phone", "dave.tablet"] {
            assert_eq!(call.sent_to(device, "participant_removed")[0]["reason"], reason);
            assert!(call.sent_to(device, "lobby_result").is_empty(), "one notice is enough");
        }
    }
    let mut call = waiting();
    call.does("bob.phone", deny(None)).expect("a cohost has the right");
    join(call.at(1_000), "dave.phone").expect("asks once more");
    call.does("bob.phone", deny(None)).expect("a cohost has the right");
    assert_eq!(call.state("dave"), State::Banned);
    assert_eq!(told(&call, "alice.phone"), banned, "the second time is a ban");
}

#[test]
fn t20_a_waiting_user_who_finds_the_meeting_open_ends_the_wait_of_the_other_devices() {
    let mut call = waiting();
    call.settings_mut().policy.join = JoinPolicy::Open;
    join(&mut call, "dave.phone").expect("the meeting is open");
    for host in ["alice.phone", "bob.phone"] {
        assert_eq!(told(&call, host), [json!([{"user_id": "dave", "admitted": true}])]);
    }
    assert_eq!(call.sent_to("dave.tablet", "participant_removed")[0]["reason"], "moved");
    let to_phone: Vec<String> =
        call.downlinks().into_iter().filter(|line| line.starts_with("dave.phone")).collect();
    assert_eq!(to_phone, ["dave.phone= joined"]);
    // The tablet may not claim the seat.
    assert_eq!(call.joins_media("dave.tablet"), Err(Code::NotAdmitted));
    call.leaves("dave.tablet").expect("a device without the seat has nothing to leave");
    assert_eq!(call.state("dave"), State::Accepted);
    assert_eq!(join(&mut call, "dave.tablet"), Err(Code::StateConflict));
    call.joins_media("dave.phone").expect("the phone has the seat");
}

#[test]
fn t20_hosts_hear_that_the_only_device_of_a_waiting_user_came_in() {
    let mut call = group_with_entry(JoinPolicy::Lobby);
    let knock = |call: &mut Call| {
        let Action::Join(mut joiner) = joining("dave", false) else {
            unreachable!("joining builds Action::Join")
        };
        joiner.devices.truncate(1);
        call.does("dave.phone", Action::Join(joiner)).expect("is not refused");
    };
    knock(&mut call);
    call.settings_mut().policy.join = JoinPolicy::Open;
    knock(&mut call);
    assert_eq!(told(&call, "alice.phone"), [json!([{"user_id": "dave", "admitted": true}])]);
    assert!(call.sent_to("dave.phone", "lobby_result").is_empty(), "the device has the answer");
}

#[test]
fn t20_who_comes_into_an_open_meeting_without_waiting_is_no_news_of_the_lobby() {
    let mut call = group_with_entry(JoinPolicy::Open);
    join(&mut call, "dave.phone").expect("the meeting is open");
    assert!(told(&call, "alice.phone").is_empty());
    assert!(call.sent_to("dave.tablet", "participant_removed").is_empty());
}

#[test]
fn t1_t21_an_invitation_of_a_user_who_waits_admits_the_user() {
    let mut call = waiting();
    call.does("alice.phone", inviting(&["dave", "erin"])).expect("the host has the right");
    assert_eq!((call.state("dave"), call.state("erin")), (State::Accepted, State::Invited));
    for device in ["dave.phone", "dave.tablet"] {
        assert_eq!(call.sent_to(device, "lobby_result")[0]["admitted"], true);
        assert!(call.sent_to(device, "invitation").is_empty(), "nothing rings");
    }
    assert_eq!(told(&call, "bob.phone"), [json!([{"user_id": "dave", "admitted": true}])]);
    call.joins_media("dave.tablet").expect("either device may take the seat");
    assert_eq!(call.does("alice.phone", admit(Some(&["dave"]))), Ok(()));
}
