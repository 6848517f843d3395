//! Seats without a person: a terminal that forgot its call, a phone that crashes in two meetings, and a seat whose
//! media connection alone was lost.

use crate::calls::{Call, direct, talks};
use crate::device::Device;
use crate::inviting::receives_state;
use crate::media::channel;
use crate::rooms::Room;
use crate::rtc_service::RtcService;
use crate::stack::Stack;
use crate::user::User;
use serde_json::json;
use std::time::Duration;
use switchboard_protocol::requests::Rejoin;

/// Checks that the seat of a user whose terminal ignores the call is given up, and that the direct call then ends.
async fn is_found_out(stack: &Stack, user: &User, devices: [&mut Device; 2]) {
    stack.advance_clock_when_idle(Duration::from_secs(48)).await;
    let [caller, restarted] = devices;
    for device in [&mut *caller, &mut *restarted] {
        receives_state(device, user, "reconnecting").await;
    }
    stack.advance_clock_when_idle(Duration::from_secs(33)).await;
    for device in [caller, restarted] {
        assert_eq!(device.receives("meeting_ended").await.body["reason"], "lost");
    }
}

#[tokio::test]
async fn t24_t26_a_terminal_that_restarts_and_ignores_its_call_is_found_out_in_two_minutes() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    talks(&mut caller, &bob, &mut phone).await;
    phone.disconnects().await;
    let mut restarted = bob.online("phone").await;
    restarted.syncs().await;
    is_found_out(&stack, &bob, [&mut caller, &mut restarted]).await;
}

#[tokio::test]
async fn t24_t26_a_terminal_that_ignores_its_call_is_found_out_though_the_events_of_its_restart_are_lost() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    talks(&mut caller, &bob, &mut phone).await;
    stack.advance_clock_when_idle(Duration::from_mins(1)).await;
    stack.inject_fault(json!({"function": "presence", "kind": "drop_invoke", "times": 2})).await;
    drop(phone);
    let mut restarted = bob.on("phone").await;
    stack.until_faults_struck().await;
    restarted.syncs().await;
    stack.advance_clock_when_idle(Duration::from_secs(7)).await;
    is_found_out(&stack, &bob, [&mut caller, &mut restarted]).await;
}

#[tokio::test]
async fn t25_a_terminal_that_connects_anew_and_reports_its_media_keeps_its_seat() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    caller.remaining_notices(&[phone.client_id()]).await;
    phone.disconnects().await;
    let again = bob.online("phone").await;
    again.sends_once("attend", call.joined()).await;
    stack.advance_clock_when_idle(Duration::from_secs(100)).await;
    assert_eq!(again.requests("attend", call.request("refresh_token")).await.kind, "token");
    assert_eq!(caller.remaining_notices(&[again.client_id()]).await, Vec::<String>::new());
}

#[tokio::test]
async fn t26_a_phone_that_dies_in_two_meetings_leaves_a_ghost_in_neither() {
    let stack = Stack::own();
    let [alice, bob, carol] = ["Alice", "Bob", "Carol"].map(|name| User::at(&stack, name));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    let mut carols = carol.online("phone").await;
    talks(&mut caller, &bob, &mut phone).await;
    let mut waiting = direct(&carol);
    waiting["policy"] = json!({"busy": "ring"});
    let second = Call::of(&phone.requests("create-meeting", waiting).await);
    carols.receives("invitation").await;
    carols.requests("answer", second.about_invitation("accept")).await;
    phone.disconnects().await;
    stack.advance_clock_when_idle(Duration::from_secs(14)).await;
    for device in [&mut caller, &mut carols] {
        receives_state(device, &bob, "reconnecting").await;
    }
    stack.advance_clock_when_idle(Duration::from_secs(33)).await;
    for device in [&mut caller, &mut carols] {
        assert_eq!(device.receives("meeting_ended").await.body["reason"], "lost");
    }
}

#[tokio::test]
async fn t26_a_seat_that_the_media_lost_is_told_to_its_own_terminal_which_comes_back() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let bob = User::at(&stack, "Bob");
    let mut room = Room::of(&stack, &[&bob], json!({})).await;
    let mut phone = bob.online("phone").await;
    let accept = Call::to(&room.created, &bob).about_invitation("accept");
    let channel = channel(&json!(phone.requests("answer", accept).await.body));
    let host = room.alice.id.to_string();
    for (name, device) in [(host.as_str(), &room.host), (bob.id.as_str(), &phone)] {
        rtc.enters(&channel, name);
        device.sends_once("attend", room.request("report_media", json!({"state": "joined"}))).await;
    }
    receives_state(&mut phone, &bob, "joined").await;
    rtc.remove_room(&channel);
    stack.sweep().await;
    receives_state(&mut phone, &bob, "reconnecting").await;
    rtc.enters(&channel, &host);
    room.host.sends_once("attend", room.request("report_media", json!({"state": "joined"}))).await;
    stack.advance_clock_when_idle(Duration::from_secs(63)).await;
    // The connection of Bob's phone to the broker was open all the time.
    receives_state(&mut phone, &bob, "lost").await;
    receives_state(&mut room.host, &bob, "lost").await;
    let meeting_id = room.meeting_id.parse().expect("an id");
    let joined = phone.terminal.request(&Rejoin { meeting_id }).await.expect("the meeting lets people in");
    assert!(joined.body["join"]["token"].is_string());
    rtc.enters(&channel, bob.id.as_str());
    phone.sends_once("attend", room.request("report_media", json!({"state": "joined"}))).await;
    receives_state(&mut room.host, &bob, "joined").await;
}
