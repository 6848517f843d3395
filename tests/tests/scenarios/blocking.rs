//! Callers whose calls do not reach a user: blocked ones (T64), and all of them during do-not-disturb (T65).

use crate::calls::{Call, direct, group, talks};
use crate::device::{Device, none};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Past the deadline of a ring (45 s), with its grace of 2 s and the timer's delay of 1 s.
const RING_IS_OVER: Duration = Duration::from_secs(49);

fn block(user: &User) -> Value {
    json!({"type": "block_user", "user_id": user.id})
}

/// Returns the fields of a downlink that depend only on the outcome of the call.
fn outcome_in(message: &Value) -> Value {
    let invitation = &message["invitations"][0];
    let fields = ["type", "state", "code", "reach", "reason", "sip", "duration_ms", "text"];
    let mut outcome: Value = fields.iter().map(|name| (*name, message[name].clone())).collect();
    outcome["invitation"] = ["state", "code", "reach"].map(|name| invitation[name].clone()).into();
    outcome["has_join"] = message.get("join").is_some().into();
    outcome["meeting"] = message["meeting"]["state"].clone();
    outcome
}

/// Returns all notices to a caller from now to the end of the call, and the call's entry in the caller's history.
async fn heard(stack: &Stack, caller: &mut Device, callee: &User) -> Vec<Value> {
    let created = caller.requests("create-meeting", direct(callee)).await;
    let queued = caller.receives("invitation_updated").await;
    stack.advance_clock_when_idle(RING_IS_OVER).await;
    let over = caller.receives("invitation_updated").await;
    let ended = caller.receives("meeting_ended").await;
    assert_eq!(caller.remaining_notices(&[]).await, none());
    let all = [created, queued, over, ended];
    let mut heard: Vec<Value> = all.into_iter().map(|it| outcome_in(&Value::Object(it.body))).collect();
    let history = caller.requests("sync", json!({"type": "history"})).await;
    let mut entry = history.body["calls"][0].clone();
    for own in ["meeting_id", "peers", "ended_ms", "left_ms", "device"] {
        entry.as_object_mut().expect("an entry").remove(own);
    }
    heard.push(entry);
    heard
}

#[tokio::test]
async fn t64_a_blocked_caller_hears_what_the_caller_of_a_sleeping_phone_hears_and_the_user_nothing() {
    let stack = Stack::own();
    let [alice, bob, mallory, carol, dave] =
        ["Alice", "Bob", "Mallory", "Carol", "Dave"].map(|name| User::at(&stack, name));
    let (mut caller, mut phone, mut blocked, mut other) =
        (alice.on("phone").await, bob.on("phone").await, mallory.on("phone").await, carol.on("phone").await);
    dave.on("phone").await.disconnects().await;
    let asleep = heard(&stack, &mut other, &dave).await;
    assert_eq!(asleep[3]["reason"], "unreachable");

    // Bob is connected and in a call. The blocked caller gets no sign of it.
    phone.requests("settings", block(&mallory)).await;
    talks(&mut caller, &bob, &mut phone).await;
    phone.remaining_notices(&[]).await;
    assert_eq!(heard(&stack, &mut blocked, &bob).await, asleep);

    assert_eq!(phone.remaining_notices(&[blocked.client_id()]).await, none());
    let history = phone.requests("sync", json!({"type": "history"})).await;
    assert_eq!(history.body["calls"], json!([]), "no missed call");
}

#[tokio::test]
async fn t64_the_user_is_free_for_others_and_finds_nothing_of_the_silent_call() {
    let (bob, mallory, carol) = (User::new("Bob"), User::new("Mallory"), User::new("Carol"));
    let (mut phone, blocked, mut other) =
        (bob.on("phone").await, mallory.on("phone").await, carol.on("phone").await);
    phone
        .requests("settings", json!({"type": "set_availability", "who": "allowed", "allow": [carol.id]}))
        .await;
    let silent = Call::of(&blocked.requests("create-meeting", direct(&bob)).await);
    let state = phone.syncs().await;
    assert_eq!((&state["meetings"], &state["invitations"]), (&json!([]), &json!([])));
    let guessed = phone.is_refused("answer", silent.about_invitation("silence")).await;
    assert_eq!(guessed.code, "invitation_not_found");
    // Bob calls and is called as if there were no other call.
    let call = talks(&mut other, &bob, &mut phone).await;
    assert_ne!(call.meeting_id, silent.meeting_id);
}

#[tokio::test]
async fn t65_a_user_who_is_not_to_be_disturbed_is_missed_at_once() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut other) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let quiet = |seconds: u32| json!({"type": "set_availability", "do_not_disturb_seconds": seconds});
    phone.requests("settings", quiet(600)).await;
    let created = caller.requests("create-meeting", direct(&bob)).await;
    assert!(!created.body.contains_key("join"), "no way into the media: {created:?}");
    let updated = caller.receives("invitation_updated").await;
    assert_eq!(
        (&updated.body["state"], &updated.body["code"]),
        (&json!("unreachable"), &json!("do_not_disturb"))
    );
    let ended = caller.receives("meeting_ended").await;
    assert_eq!((&ended.body["reason"], &ended.body["sip"]), (&json!("unreachable"), &json!(480)));
    let missed = phone.receives("missed_call").await;
    assert_eq!(
        (&missed.body["from"]["user_id"], &missed.body["reason"]),
        (&json!(alice.id), &json!("do_not_disturb"))
    );
    // In a group the others ring.
    caller.requests("create-meeting", group(&[&bob, &carol])).await;
    other.receives("invitation").await;
    phone.receives("missed_call").await;
    assert_eq!(phone.remaining_notices(&[]).await, none());
    let history = phone.requests("sync", json!({"type": "history"})).await;
    assert_eq!(history.body["calls"][0]["reason"], "do_not_disturb");
    phone.requests("settings", quiet(0)).await;
    other.requests("create-meeting", direct(&bob)).await;
    phone.receives("invitation").await;
}
