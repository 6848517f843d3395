//! Reach of offers: `queued` is reported only if the broker's queue keeps the offer until the ring ends.

use crate::calls::{Call, direct, group};
use crate::device::Device;
use crate::presence::Connection;
use crate::raw::Raw;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Connects a device of that user once with a clean session and takes it offline.
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
    assert_eq!(notices, Vec::<String>::new(), "the caller gets no notice of a queued offer");
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
    assert_eq!(notices, Vec::<String>::new(), "the caller gets no notice of a queued offer");
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
    assert_eq!(notices, Vec::<String>::new(), "no notice before the end of the ring");
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

/// The calls that the user missed, as a new device finds them.
async fn missed(device: &Device, since_ms: i64) -> Value {
    let fields = json!({"type": "sync", "missed_since_ms": since_ms});
    let state = device.requests("sync", fields).await;
    state.body["missed"].clone()
}

// Proves: missed-later
#[tokio::test]
async fn a_device_that_connects_for_the_first_time_after_the_call_finds_that_it_was_missed() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    connected_once_with_a_clean_session(&bob, "phone").await;
    let mut caller = alice.on("phone").await;
    let (call, _) = calls(&mut caller, &bob).await;
    stack.advance_clock_when_idle(Duration::from_secs(50)).await;
    caller.receives("meeting_ended").await;
    // The next day, on another device.
    stack.advance_clock_when_idle(Duration::from_hours(24)).await;

    let mut tablet = bob.on("tablet").await;
    assert_eq!(tablet.remaining_notices(&[]).await, Vec::<String>::new(), "no queue had the missed call");
    let listed = missed(&tablet, 0).await;
    let [found] = listed.as_array().expect("a list").as_slice() else { panic!("one call: {listed:#}") };
    assert_eq!(
        (&found["meeting_id"], &found["from"], &found["reason"], &found["media"]),
        (
            &json!(call.meeting_id),
            &json!({"user_id": alice.id, "name": "Alice"}),
            &json!("unreachable"),
            &json!("audio")
        )
    );
    let past = &crate::history::calls(&tablet, 1).await[0];
    assert_eq!(past["missed"]["at_ms"], found["at_ms"], "{past:#}");
    let now_ms = stack.now_ms().await;
    assert_eq!(missed(&tablet, now_ms).await, json!([]), "not again");
    assert_eq!(missed(&caller, 0).await, json!([]), "the caller missed nothing");
}

// Proves: missed-later
#[tokio::test]
async fn a_missed_call_of_a_group_that_goes_on_is_found_with_the_time_of_its_notice() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (host, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let created = host.requests("create-meeting", group(&[&bob])).await;
    let call = Call::to(&created, &bob);
    host.requests("invite", call.request("cancel_invite")).await;
    let notified = phone.receives("missed_call").await;
    let tablet = bob.on("tablet").await;
    let listed = missed(&tablet, 0).await;
    assert_eq!(
        (&listed[0]["meeting_id"], &listed[0]["at_ms"], &listed[0]["reason"]),
        (&json!(call.meeting_id), &notified.body["at_ms"], &json!("cancelled"))
    );
    let wrong = json!({"type": "sync", "missed_since_ms": 0, "meeting_id": call.meeting_id});
    let refused = host.is_refused("sync", wrong).await;
    assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some("missed_since_ms")));
}
