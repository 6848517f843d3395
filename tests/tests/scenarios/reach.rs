//! Reach of offers: `queued` is said only where the broker's queue keeps the offer until the ring ends.

use crate::calls::{Call, direct};
use crate::device::Device;
use crate::presence::Connection;
use crate::raw::Raw;
use crate::stack::Stack;
use crate::user::User;
use serde_json::json;
use std::time::Duration;

/// A device of that user connected with a clean session once and is offline now.
async fn connected_once_with_a_clean_session(user: &User, instance: &str) {
    let client_id = user.client_id(instance);
    let mut raw = Raw::connect(user, client_id.as_str()).await.expect("the broker accepts a known user");
    assert!(raw.subscribes(&format!("call-dn/p2p/{client_id}")).await);
    user.stack.until_presence_event("connected", client_id.as_str(), 0).await;
    drop(raw);
    user.stack.until_presence_event("disconnected", client_id.as_str(), 0).await;
}

/// Calls a user and returns the notices to the caller while it rings.
async fn calls(caller: &mut Device, callee: &User) -> (Call, Vec<String>) {
    let call = Call::of(&caller.requests("create-meeting", direct(callee)).await);
    let cause = caller.client_id().to_owned();
    let notices = caller.remaining_notices(&[&cause]).await;
    (call, notices)
}

/// Checks that the device finds the invitation by `sync` alone, and can answer it.
async fn finds_it_by_sync(user: &User, instance: &str, caller: &mut Device, call: &Call) {
    let mut back = user.on(instance).await;
    assert_eq!(back.remaining_notices(&[]).await, Vec::<String>::new(), "no queue had the offer");
    let state = back.syncs().await;
    assert_eq!(state["invitations"][0]["invite_id"], json!(call.invite_id), "{state:#}");
    back.sends_once("answer", call.about_invitation("ringing")).await;
    let rings = caller.receives("invitation_updated").await;
    assert_eq!((&rings.body["state"], &rings.body["reach"]), (&json!("ringing"), &json!("delivered")));
}

// Proves: reach
#[tokio::test]
async fn an_offer_to_a_device_with_a_clean_session_that_is_away_is_not_queued() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    connected_once_with_a_clean_session(&bob, "phone").await;
    let mut caller = alice.on("phone").await;
    let (call, notices) = calls(&mut caller, &bob).await;
    assert_eq!(notices, Vec::<String>::new(), "the caller is not told that the offer waits");
    assert_eq!(call.created["invitations"][0]["reach"], "unknown");
    assert_eq!(offers_published(&alice.stack, &bob, "phone").await, 0);
    finds_it_by_sync(&bob, "phone", &mut caller, &call).await;
}

// Proves: reach
#[tokio::test]
async fn an_offer_to_a_device_whose_session_has_expired_is_not_queued() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    bob.online("phone").await.disconnects().await;
    stack.advance_clock_when_idle(Duration::from_mins(61)).await;
    let mut caller = alice.on("phone").await;
    let (call, notices) = calls(&mut caller, &bob).await;
    assert_eq!(notices, Vec::<String>::new(), "the caller is not told that the offer waits");
    assert_eq!(offers_published(&stack, &bob, "phone").await, 0);
    finds_it_by_sync(&bob, "phone", &mut caller, &call).await;
}

// Proves: reach, unreachable
#[tokio::test]
async fn t13_a_user_whom_no_queue_holds_an_offer_for_is_unreachable_at_the_end_of_the_ring() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    connected_once_with_a_clean_session(&bob, "phone").await;
    let mut caller = alice.on("phone").await;
    let (_, notices) = calls(&mut caller, &bob).await;
    assert_eq!(notices, Vec::<String>::new(), "nothing is told before the end of the ring");
    stack.advance_clock_when_idle(Duration::from_secs(50)).await;
    let ended = caller.receives("invitation_updated").await;
    assert_eq!((&ended.body["state"], &ended.body["reach"]), (&json!("unreachable"), &json!("unknown")));
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "unreachable");
}

// Proves: reach
#[tokio::test]
async fn a_device_with_a_queue_makes_the_offer_queued_whatever_the_others_have() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    connected_once_with_a_clean_session(&bob, "phone").await;
    bob.online("tablet").await.disconnects().await;
    let mut caller = alice.on("phone").await;
    let (call, notices) = calls(&mut caller, &bob).await;
    assert_eq!(notices, ["invitation_updated"]);
    assert_eq!(caller.copies_of("invitation_updated").await[0]["reach"], "queued");
    let mut tablet = bob.on("tablet").await;
    assert_eq!(tablet.receives("invitation").await.body["invite_id"], json!(call.invite_id));
}

// Proves: reach, clocks
#[tokio::test]
async fn a_queue_that_a_clock_of_the_broker_two_minutes_ahead_prolongs_is_not_promised() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let phone = bob.online("phone").await;
    let connection = Connection::of(&stack, &bob, phone.client_id()).await;
    stack.inject_fault(json!({"function": "presence", "kind": "drop_invoke"})).await;
    drop(phone);
    stack.until_faults_struck().await;
    connection.is_at("disconnected", &stack, stack.now_ms().await + 120_000).await;
    // The session has half a minute left, and the call rings for longer.
    stack.advance_clock_when_idle(Duration::from_secs(59 * 60 + 30)).await;
    let mut caller = alice.on("phone").await;
    let (_, notices) = calls(&mut caller, &bob).await;
    assert_eq!(notices, Vec::<String>::new());
}

/// Number of offers that were published to the queue of a device.
async fn offers_published(stack: &Stack, user: &User, instance: &str) -> usize {
    stack.until_idle().await;
    stack.published("create-meeting", user.client_id(instance).as_str()).await
}
