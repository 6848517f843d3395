//! Delivery to offline devices: an offer waits in the queue as long as the ring lasts, and its closing follows behind it.

use crate::calls::{Call, direct, rings};
use crate::device::Device;
use crate::journal;
use crate::raw::Raw;
use crate::stack::Stack;
use crate::user::User;
use serde_json::json;
use std::time::Duration;

/// Connects a device of that user once and takes it offline.
async fn connected_once(user: &User, instance: &str) {
    user.on(instance).await.disconnects().await;
}

/// Calls a user whose devices are offline; the caller is notified that the offer is queued.
async fn calls_offline_user(caller: &mut Device, callee: &User) -> Call {
    let call = Call::of(&caller.requests("create-meeting", direct(callee)).await);
    let waits = caller.receives("invitation_updated").await;
    assert_eq!(
        (&waits.body["user_id"], &waits.body["state"], &waits.body["reach"]),
        (&json!(callee.id), &json!("invited"), &json!("queued"))
    );
    assert_eq!(waits.body["invite_id"], call.invite_id);
    call
}

/// Waits until the offers of the caller's create are published. Before that, a closing would be published twice.
async fn until_offered(caller: &Device) {
    journal::until_at(&caller.stack, caller.client_id(), |_| true).await;
}

// Proves: ring-or-queue
#[tokio::test]
async fn t4_an_offer_to_who_is_away_is_queued_and_rings_when_he_comes_back_in_time() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    connected_once(&bob, "phone").await;
    let mut caller = alice.on("phone").await;
    let call = calls_offline_user(&mut caller, &bob).await;

    let mut back = bob.on("phone").await;
    let offer = back.receives("invitation").await;
    assert_eq!(
        (&offer.body["invite_id"], &offer.body["delivery"]),
        (&json!(call.invite_id), &json!("queued"))
    );
    assert_eq!(offer.body["from"], json!({"user_id": alice.id, "name": "Alice"}));

    back.sends_once("answer", call.about_invitation("ringing")).await;
    let rings = caller.receives("invitation_updated").await;
    assert_eq!((&rings.body["state"], &rings.body["reach"]), (&json!("ringing"), &json!("delivered")));
    let accepted = back.requests("answer", call.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted");
}

// Proves: sync-open
#[tokio::test]
async fn sync_shows_the_meeting_and_the_open_offer_on_the_bulk_topic() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    connected_once(&bob, "phone").await;
    let mut caller = alice.on("phone").await;
    let call = calls_offline_user(&mut caller, &bob).await;

    let mut back = bob.on("phone").await;
    let state = back.syncs().await;
    let (meetings, invitations) = (&state["meetings"], &state["invitations"]);
    assert_eq!(
        (meetings.as_array().map(Vec::len), invitations.as_array().map(Vec::len)),
        (Some(1), Some(1)),
        "{state:#}"
    );
    assert_eq!(
        (&meetings[0]["meeting_id"], &meetings[0]["state"]),
        (&json!(call.meeting_id), &json!("ringing"))
    );
    let offer = &invitations[0];
    assert_eq!(
        (&offer["meeting_id"], &offer["invite_id"], &offer["delivery"]),
        (&json!(call.meeting_id), &json!(call.invite_id), &json!("live"))
    );
    assert_eq!(offer["from"]["user_id"], json!(alice.id));
    let left_ms = offer["deadline_in_ms"].as_i64().expect("milliseconds");
    assert!((1..=45_000).contains(&left_ms), "{left_ms}");
    assert_eq!(back.topics_of("state"), [format!("bulk-dn/p2p/{}", back.client_id())]);

    let mine = caller.syncs().await;
    assert_eq!(mine["meetings"][0]["meeting_id"], json!(call.meeting_id));
    assert_eq!(mine["invitations"], json!([]), "the caller has no offer to answer");
}

#[tokio::test]
async fn sync_of_who_is_in_nothing_is_empty_and_of_a_meeting_of_others_is_forbidden() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let stranger = User::new("Mallory").on("phone").await;
    let state = stranger.syncs().await;
    assert_eq!((&state["meetings"], &state["invitations"]), (&json!([]), &json!([])));
    for (meeting_id, code) in
        [(call.meeting_id.as_str(), "forbidden"), ("nosuchmeeting", "meeting_not_found")]
    {
        let sync = crate::device::request("sync", json!({"type": "sync", "meeting_id": meeting_id})).bulk();
        assert_eq!(crate::device::refusal(stranger.terminal.request_uplink(&sync).await).code, code);
    }
    phone.requests("answer", call.about_invitation("reject")).await;
    caller.receives("meeting_ended").await;
    let sync = crate::device::request("sync", call.request("sync")).bulk();
    let refused = crate::device::refusal(caller.terminal.request_uplink(&sync).await);
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("all_declined")));
    assert_eq!(caller.syncs().await["meetings"], json!([]), "an ended ring is not delivered");
}

// Proves: waiting-notice
#[tokio::test]
async fn t4_the_caller_is_not_told_that_an_offer_waits_when_one_device_has_it() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    connected_once(&bob, "tablet").await;
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let cause = caller.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, Vec::<String>::new());

    let mut tablet = bob.on("tablet").await;
    let queued = tablet.receives("invitation").await;
    assert_eq!(
        (&queued.body["delivery"], &queued.body["invite_id"]),
        (&json!("queued"), &json!(call.invite_id))
    );
}

// Proves: close-order
#[tokio::test]
async fn the_news_that_it_is_over_stands_behind_every_queued_offer() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    connected_once(&bob, "phone").await;
    let mut caller = alice.on("phone").await;
    let call = calls_offline_user(&mut caller, &bob).await;
    until_offered(&caller).await;
    caller.requests("attend", call.request("leave")).await;

    let mut back = bob.on("phone").await;
    let cause = caller.client_id().to_owned();
    assert_eq!(
        back.remaining_notices(&[&cause]).await,
        ["invitation", "invitation_closed", "missed_call"],
        "in this order"
    );
    let closed = &back.copies_of("invitation_closed").await[0];
    assert_eq!((&closed["invite_id"], &closed["reason"]), (&json!(call.invite_id), &json!("cancelled")));
    back.sends_once("answer", call.about_invitation("ringing")).await;
    assert_eq!(back.receives("error").await.body["code"], "meeting_ended", "a late `ringing` is refused");
}

#[tokio::test]
async fn an_offer_that_is_queued_when_the_call_is_over_already_has_the_news_of_it_behind_it() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let client_id = bob.client_id("phone");
    // The broker waits for an acknowledgement that never comes, and only then queues the offer.
    let mut mute = Raw::that_never_acknowledges(&bob, client_id.as_str()).await;
    assert!(mute.subscribes(&format!("call-dn/p2p/{client_id}")).await);
    let caller = alice.on("phone").await;
    let call = Call::of(&caller.requests("create-meeting", direct(&bob)).await);
    assert_eq!(mute.receives().await["delivery"], "live");
    caller.requests("attend", call.request("leave")).await;

    let mut queued = false;
    let mut behind = Vec::new();
    while !behind.contains(&json!("invitation_closed")) {
        let message = mute.receives().await;
        if queued {
            behind.push(message["type"].clone());
        }
        queued |= message["delivery"] == "queued";
    }
    assert_eq!(behind, ["invitation_closed"]);
}

// Proves: close-order
#[tokio::test]
async fn an_answer_on_another_device_closes_the_queued_offer() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    connected_once(&bob, "tablet").await;
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    until_offered(&caller).await;
    phone.requests("answer", call.about_invitation("accept")).await;

    let mut tablet = bob.on("tablet").await;
    let causes = [caller.client_id(), phone.client_id()];
    assert_eq!(tablet.remaining_notices(&causes).await, ["invitation", "invitation_closed"]);
    let closed = &tablet.copies_of("invitation_closed").await[0];
    assert_eq!(closed["reason"], "answered_elsewhere");
}

// Proves: ring-or-queue
#[tokio::test]
async fn after_the_deadline_the_offer_does_not_come_any_more_but_the_missed_call_does() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    connected_once(&bob, "phone").await;
    let mut caller = alice.on("phone").await;
    let call = calls_offline_user(&mut caller, &bob).await;
    stack.advance_clock_when_idle(Duration::from_secs(50)).await;
    let ended = caller.receives("meeting_ended").await;
    assert_eq!(ended.body["reason"], "unreachable");

    let mut back = bob.on("phone").await;
    assert_eq!(
        back.remaining_notices(&[]).await,
        ["invitation_closed", "missed_call"],
        "the offer's time was over"
    );
    let closed = &back.copies_of("invitation_closed").await[0];
    assert_eq!((&closed["invite_id"], &closed["reason"]), (&json!(call.invite_id), &json!("expired")));
    let missed = &back.copies_of("missed_call").await[0];
    assert_eq!(
        (&missed["from"]["user_id"], &missed["reason"], &missed["meeting_id"]),
        (&json!(alice.id), &json!("unreachable"), &json!(call.meeting_id))
    );
    assert_eq!(back.syncs().await["invitations"], json!([]));
}

#[tokio::test]
async fn a_missed_call_is_worth_knowing_for_longer_than_everything_else() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    connected_once(&bob, "phone").await;
    let mut caller = alice.on("phone").await;
    let call = calls_offline_user(&mut caller, &bob).await;
    caller.requests("attend", call.request("leave")).await;
    // Nearly as long as the broker keeps a session.
    stack.advance_clock_when_idle(Duration::from_mins(55)).await;
    let mut back = bob.on("phone").await;
    assert_eq!(back.remaining_notices(&[]).await, ["missed_call"]);
}

// Proves: queue-fallback
#[tokio::test]
async fn an_offer_that_the_broker_refuses_to_deliver_now_is_queued() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.online("phone").await);
    for status in [403, 404, 429, 500] {
        let fault = json!({"function": "create-meeting", "kind": "fail_direct", "status": status});
        stack.inject_fault(fault).await;
        let call = calls_offline_user(&mut caller, &bob).await;
        stack.until_faults_struck().await;
        let offer = phone.receives("invitation").await;
        assert_eq!(
            (&offer.body["delivery"], &offer.body["invite_id"]),
            (&json!("queued"), &json!(call.invite_id)),
            "{status}"
        );
        caller.requests("attend", call.request("leave")).await;
        phone.receives("missed_call").await;
    }
}

// Proves: queue-fallback
#[tokio::test]
async fn a_direct_message_is_delivered_and_its_confirmation_is_lost() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.online("phone").await);
    stack.inject_fault(json!({"function": "create-meeting", "kind": "lose_direct_answer"})).await;
    calls_offline_user(&mut caller, &bob).await;
    stack.until_faults_struck().await;
    crate::controls::until("the queued copy", async || {
        stack.published("create-meeting", phone.client_id()).await > 0
    })
    .await;
    let offers = phone.copies_of("invitation").await;
    let deliveries: Vec<_> = offers.iter().map(|offer| offer["delivery"].clone()).collect();
    assert_eq!(deliveries, [json!("live"), json!("queued")]);
    assert_eq!(offers[0]["id"], offers[1]["id"], "a device that has both rings once");
}

// Proves: T4, queue-fallback
#[tokio::test]
async fn an_offer_that_is_not_confirmed_is_queued_under_the_same_id() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let client_id = bob.client_id("phone");
    let mut mute = Raw::that_never_acknowledges(&bob, client_id.as_str()).await;
    assert!(mute.subscribes(&format!("call-dn/p2p/{client_id}")).await);
    bob.stack.until_presence_event("connected", client_id.as_str(), 0).await;
    let mut caller = alice.on("phone").await;
    calls_offline_user(&mut caller, &bob).await;
    let (live, queued) = (mute.receives().await, mute.receives().await);
    assert_eq!((&live["type"], &live["delivery"]), (&json!("invitation"), &json!("live")));
    assert_eq!((&queued["type"], &queued["delivery"]), (&json!("invitation"), &json!("queued")));
    assert_eq!(live["id"], queued["id"], "a device that has both rings once");
}
