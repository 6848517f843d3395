//! Lost connections. A lost connection to the broker does not end a call at once: the device is checked later, then its
//! seat is kept for a while, and only then the seat is freed.

use crate::calls::{Call, direct, group, rings, talks};
use crate::device::{Device, none};
use crate::inviting::receives_state;
use crate::rooms::participant_states;
use crate::stack::Stack;
use crate::user::User;
use serde_json::json;
use std::time::Duration;

/// Past the 10 s after which a lost device with a seat is checked, and the timer's delay of 1 s.
const DEVICE_CHECKED: Duration = Duration::from_secs(12);
/// Past the 15 s after which a lost caller of an unanswered call is checked.
const CALLER_CHECKED: Duration = Duration::from_secs(17);
/// Past the 30 s for which a seat in a direct call is kept.
const DIRECT_SEAT_IS_LOST: Duration = Duration::from_secs(32);
/// Remaining part, after that time, of the 60 s for which a seat in a group is kept.
const REST_OF_A_SEAT_IN_A_GROUP: Duration = Duration::from_secs(30);

/// Alice and Bob are in a call; all notices so far are consumed.
async fn talk(stack: &Stack) -> (User, User, Device, Device, Call) {
    let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    for device in [&mut caller, &mut phone] {
        let cause = device.client_id().to_owned();
        device.remaining_notices(&[&cause]).await;
    }
    (alice, bob, caller, phone, call)
}

// Proves: lost-connection
#[tokio::test]
async fn t15_a_caller_who_drops_off_before_anybody_answered_does_not_ring_on() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let mut caller = alice.online("phone").await;
    let (mut phone, mut tablet) = (bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    tablet.receives("invitation").await;
    caller.disconnects().await;
    assert_eq!(phone.remaining_notices(&[]).await, none(), "no device is notified at first");
    stack.advance_clock_when_idle(CALLER_CHECKED).await;
    for device in [&mut phone, &mut tablet] {
        let closed = device.receives("invitation_closed").await;
        assert_eq!(closed.body["reason"], "cancelled");
        let missed = device.receives("missed_call").await;
        assert_eq!(
            (&missed.body["reason"], &missed.body["from"]["user_id"]),
            (&json!("cancelled"), &json!(alice.id))
        );
    }
    let refused = phone.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("cancelled")));
    let back = phone.requests("create-meeting", direct(&alice)).await;
    assert!(back.body.contains_key("join"), "t47: both are free: {back:?}");
}

#[tokio::test]
async fn t15_a_caller_who_comes_back_in_time_rings_on() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    caller.disconnects().await;
    stack.advance_clock_when_idle(Duration::from_secs(5)).await;
    let mut caller = alice.online("phone").await;
    stack.advance_clock_when_idle(CALLER_CHECKED).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(phone.remaining_notices(&[]).await, none(), "the call still rings");
    phone.requests("answer", call.about_invitation("accept")).await;
    receives_state(&mut caller, &bob, "accepted").await;
}

#[tokio::test]
async fn t15_t24_a_caller_who_drops_off_and_is_answered_meanwhile_is_waited_for() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    caller.disconnects().await;
    phone.requests("answer", call.about_invitation("accept")).await;
    stack.advance_clock_when_idle(CALLER_CHECKED).await;
    receives_state(&mut phone, &alice, "reconnecting").await;
    alice.online("phone").await;
    receives_state(&mut phone, &alice, "accepted").await;
}

// Proves: lost-connection
#[tokio::test]
async fn a_connection_that_breaks_and_comes_back_at_once_is_no_news() {
    let stack = Stack::own();
    let (_, bob, mut caller, phone, call) = talk(&stack).await;
    phone.disconnects().await;
    stack.advance_clock_when_idle(Duration::from_secs(5)).await;
    let mut phone = bob.online("phone").await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    stack.wake_meeting(&call.meeting_id).await;
    stack.advance_clock_when_idle(DIRECT_SEAT_IS_LOST).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(caller.remaining_notices(&[]).await, none());
    assert_eq!(phone.remaining_notices(&[]).await, none());
    assert_eq!(participant_states(&caller).await, ["joined", "joined"]);
    assert_eq!(phone.requests("attend", call.request("refresh_token")).await.kind, "token");
}

#[tokio::test]
async fn a_device_that_is_found_connected_is_not_gone_even_if_the_broker_never_said_so() {
    let stack = Stack::own();
    let (_, bob, mut caller, phone, call) = talk(&stack).await;
    phone.disconnects().await;
    stack.inject_fault(json!({"function": "presence", "kind": "drop_invoke"})).await;
    let _phone = bob.on("phone").await;
    stack.until_faults_struck().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(caller.remaining_notices(&[]).await, none(), "the check found the device connected");
    assert_eq!(participant_states(&caller).await, ["joined", "joined"]);
}

// Proves: lost-connection
#[tokio::test]
async fn t24_t25_who_drops_off_is_told_of_and_has_his_seat_when_he_comes_back() {
    let stack = Stack::own();
    let (_, bob, mut caller, phone, call) = talk(&stack).await;
    phone.disconnects().await;
    assert_eq!(caller.remaining_notices(&[]).await, none(), "no device is notified at first");
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    let told = receives_state(&mut caller, &bob, "reconnecting").await;
    assert!(told.prev_rev.is_some(), "{told:?}");

    let mut phone = bob.online("phone").await;
    let back = receives_state(&mut caller, &bob, "joined").await;
    assert_eq!(back.body["participant"]["role"], "member");
    receives_state(&mut phone, &bob, "joined").await;
    stack.advance_clock_when_idle(DIRECT_SEAT_IS_LOST).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(caller.remaining_notices(&[]).await, none(), "no seat is given up");
    assert_eq!(phone.requests("attend", call.request("refresh_token")).await.kind, "token");
}

#[tokio::test]
async fn t24_who_disconnects_in_good_order_has_not_hung_up_either() {
    let stack = Stack::own();
    let (_, bob, mut caller, phone, _) = talk(&stack).await;
    let before = stack.presence_events("disconnected", phone.client_id()).await;
    phone.terminal.disconnect().await;
    stack.until_presence_event("disconnected", phone.client_id(), before).await;
    assert_eq!(caller.remaining_notices(&[]).await, none());
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    receives_state(&mut caller, &bob, "reconnecting").await;
    drop(phone);
    bob.online("phone").await;
    receives_state(&mut caller, &bob, "joined").await;
}

#[tokio::test]
async fn t25_rejoin_gives_the_seat_back_and_a_way_in() {
    let stack = Stack::own();
    let (_, bob, mut caller, phone, call) = talk(&stack).await;
    let tablet = bob.on("tablet").await;
    phone.disconnects().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    receives_state(&mut caller, &bob, "reconnecting").await;
    // The broker's `connected` event is lost; the terminal's `rejoin` replaces it.
    stack.inject_fault(json!({"function": "presence", "kind": "drop_invoke"})).await;
    let phone = bob.on("phone").await;
    stack.until_faults_struck().await;

    let refused = tablet.is_refused("attend", call.request("rejoin")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("not_admitted", 403), "the seat is the phone's");
    let joined = phone.requests("attend", call.request("rejoin")).await;
    assert_eq!(joined.kind, "joined");
    assert!(joined.body["join"]["token"].is_string());
    assert_eq!(joined.body["meeting"]["meeting_id"], json!(call.meeting_id));
    receives_state(&mut caller, &bob, "joined").await;
    phone.sends_once("attend", call.joined()).await;
    stack.advance_clock_when_idle(DIRECT_SEAT_IS_LOST).await;
    stack.wake_meeting(&call.meeting_id).await;
    let cause = phone.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, none());
}

// Proves: lost-connection
#[tokio::test]
async fn t26_a_direct_call_whose_side_does_not_come_back_is_lost() {
    let stack = Stack::own();
    let (alice, bob, mut caller, phone, call) = talk(&stack).await;
    phone.disconnects().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    receives_state(&mut caller, &bob, "reconnecting").await;
    stack.advance_clock_when_idle(DIRECT_SEAT_IS_LOST).await;
    let ended = caller.receives("meeting_ended").await;
    assert_eq!(ended.body["reason"], "lost");
    assert!(ended.body["duration_ms"].as_i64().is_some_and(|ms| ms >= 40_000), "{ended:?}");

    let phone = bob.online("phone").await;
    let refused = phone.is_refused("attend", call.request("rejoin")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("lost")));
    let next = phone.requests("create-meeting", direct(&alice)).await;
    assert!(next.body.contains_key("join"), "t47: both are free: {next:?}");
}

// Proves: lost-connection
#[tokio::test]
async fn t26_in_a_group_the_seat_is_kept_for_longer_and_the_others_go_on() {
    let stack = Stack::own();
    let (alice, bob, carol) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"), User::at(&stack, "Carol"));
    let (mut caller, phone, mut carols) =
        (alice.on("phone").await, bob.online("phone").await, carol.on("phone").await);
    let created = caller.requests("create-meeting", group(&[&bob, &carol])).await;
    let call = Call::to(&created, &bob);
    caller.sends_once("attend", call.joined()).await;
    for (device, user) in [(&phone, &bob), (&carols, &carol)] {
        device.requests("answer", Call::to(&created, user).about_invitation("accept")).await;
        device.sends_once("attend", call.joined()).await;
    }
    receives_state(&mut caller, &carol, "joined").await;

    phone.disconnects().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    for device in [&mut caller, &mut carols] {
        receives_state(device, &bob, "reconnecting").await;
    }
    stack.advance_clock_when_idle(DIRECT_SEAT_IS_LOST).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(
        participant_states(&caller).await,
        ["joined", "reconnecting", "joined"],
        "a group waits longer"
    );
    stack.advance_clock_when_idle(REST_OF_A_SEAT_IN_A_GROUP).await;
    for device in [&mut caller, &mut carols] {
        receives_state(device, &bob, "lost").await;
    }
    assert_eq!(
        carols.requests("attend", call.request("refresh_token")).await.kind,
        "token",
        "the others' call goes on"
    );

    let phone = bob.on("phone").await;
    let refused = phone.is_refused("attend", call.request("refresh_token")).await;
    assert_eq!(refused.code, "not_admitted", "the seat was given up");
    let next = phone.requests("create-meeting", direct(&User::at(&stack, "Dave"))).await;
    assert!(next.body.contains_key("join"), "the slot was freed: {next:?}");
}

#[tokio::test]
async fn a_device_without_the_seat_may_come_and_go() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone, tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.online("tablet").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    for device in [&mut caller, &mut phone] {
        let cause = device.client_id().to_owned();
        device.remaining_notices(&[&cause]).await;
    }
    tablet.disconnects().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(caller.remaining_notices(&[]).await, none());
    assert_eq!(participant_states(&caller).await, ["joined", "joined"]);
}

// Proves: lifecycle-order
#[tokio::test]
async fn a_session_that_is_taken_over_is_no_drop() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let mut caller = alice.on("phone").await;
    let mut phone = Device::connect_once(&bob, "phone").await;
    stack.until_presence_event("connected", phone.client_id(), 0).await;
    let call = talks(&mut caller, &bob, &mut phone).await;
    let cause = phone.client_id().to_owned();
    caller.remaining_notices(&[&cause]).await;
    // The same client ID connects while the old connection still seems to be open.
    let mut taken_over = bob.online("phone").await;
    stack.until_presence_event("disconnected", &cause, 0).await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(caller.remaining_notices(&[]).await, none());
    assert_eq!(participant_states(&caller).await, ["joined", "joined"]);
    assert_eq!(taken_over.requests("attend", call.request("refresh_token")).await.kind, "token");
    caller.requests("attend", call.request("leave")).await;
    taken_over.receives("meeting_ended").await;
}
