//! Scenes at the start of a call: connecting, calling, accepting, inviting, coming back.

use super::{Killing, at_each_call, is_told_once};
use crate::calls::{Call, direct, rings};
use crate::device::{Device, request};
use crate::inviting::{invite, receives_state};
use crate::media::{channel, talk};
use crate::user::User;
use serde_json::{Value, json};
use terminal::Terminal;

// Proves: crash-retry
#[tokio::test]
async fn authorize_is_killed_at_each_call() {
    at_each_call("authorize", 1, async |killing: &Killing| {
        let bob = User::at(&killing.stack, "Bob");
        killing.during(async || drop(Terminal::connect(bob.config("phone")).await)).await;
        let mut phone = bob.online("phone").await;
        let (_, mut caller) = killing.device("Alice").await;
        let call = rings(&mut caller, &bob, &mut phone).await;
        caller.requests("attend", call.request("leave")).await;
    })
    .await;
}

// Proves: crash-retry, crash-wake
#[tokio::test]
async fn create_meeting_is_killed_at_each_call() {
    at_each_call("create-meeting", 6, async |killing: &Killing| {
        let ((_, mut caller), (bob, mut phone)) =
            (killing.device("Alice").await, killing.device("Bob").await);
        let create = request("create-meeting", direct(&bob));
        let created = killing.sends(&caller, &create).await;
        assert!(created["join"]["token"].is_string(), "{created}");
        phone.receives("invitation").await;
        is_told_once(&mut phone, "invitation", &killing.words()).await;
        let invite_id = created["invitations"][0]["invite_id"].clone();
        let accept = json!({"type": "accept", "meeting_id": created["meeting_id"], "invite_id": invite_id, "media": "audio"});
        assert_eq!(phone.requests("answer", accept).await.kind, "invitation_accepted");
        receives_state(&mut caller, &bob, "accepted").await;
        caller.requests("attend", json!({"type": "leave", "meeting_id": created["meeting_id"]})).await;
        phone.receives("meeting_ended").await;
        killing.is_over(&[&caller, &phone], &channel(&created)).await;
    })
    .await;
}

// Proves: crash-retry
#[tokio::test]
async fn answer_is_killed_at_each_call() {
    at_each_call("answer", 4, async |killing: &Killing| {
        let ((_, mut caller), (bob, mut phone)) =
            (killing.device("Alice").await, killing.device("Bob").await);
        let mut tablet = bob.online("tablet").await;
        let call = rings(&mut caller, &bob, &mut phone).await;
        tablet.receives("invitation").await;
        let accepted = killing.sends(&phone, &request("answer", call.about_invitation("accept"))).await;
        assert!(accepted["join"]["token"].is_string(), "{accepted}");
        receives_state(&mut caller, &bob, "accepted").await;
        is_told_once(&mut caller, "participant_updated", &killing.words()).await;
        assert_eq!(tablet.receives("invitation_closed").await.body["reason"], "answered_elsewhere");
        caller.requests("attend", call.request("leave")).await;
        phone.receives("meeting_ended").await;
        killing.is_over(&[&caller, &phone], &channel(&call.created)).await;
    })
    .await;
}

/// Alice and Bob talk; both are in the media.
pub async fn talking(killing: &Killing) -> ((User, Device), (User, Device), Call, String) {
    let ((alice, mut caller), (bob, mut phone)) =
        (killing.device("Alice").await, killing.device("Bob").await);
    let (call, room) = talk(&killing.rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    ((alice, caller), (bob, phone), call, room)
}

// Proves: crash-retry
#[tokio::test]
async fn invite_is_killed_at_each_call() {
    at_each_call("invite", 5, async |killing: &Killing| {
        let ((_, caller), (_, mut phone), call, _) = talking(killing).await;
        let (carol, mut carols) = killing.device("Carol").await;
        let answer = killing.sends(&caller, &request("invite", invite(&call, &[&carol]))).await;
        assert_eq!(answer["type"], "invitation_result");
        carols.receives("invitation").await;
        is_told_once(&mut carols, "invitation", &killing.words()).await;
        assert_eq!(phone.receives("meeting_updated").await.body["meeting"]["mode"], "group");
        caller.requests("destroy", call.request("destroy_meeting")).await;
        carols.receives("invitation_closed").await;
    })
    .await;
}

// Proves: crash-retry
#[tokio::test]
async fn attend_is_killed_at_each_call_of_a_rejoin() {
    at_each_call("attend", 2, async |killing: &Killing| {
        let (_, (bob, phone), call, room) = talking(killing).await;
        killing.rtc.leaves(&room, bob.id.as_str());
        let joined = killing.sends(&phone, &request("attend", call.request("rejoin"))).await;
        assert!(joined["join"]["token"].is_string(), "{joined}");
        phone.requests("attend", call.request("leave")).await;
    })
    .await;
}

// Proves: crash-retry
#[tokio::test]
async fn settings_is_killed_at_each_call() {
    at_each_call("settings", 1, async |killing: &Killing| {
        let ((alice, caller), (bob, mut phone)) =
            (killing.device("Alice").await, killing.device("Bob").await);
        let block = json!({"type": "block_user", "user_id": alice.id});
        let answer: Value = killing.sends(&phone, &request("settings", block)).await;
        assert_eq!(answer["type"], "settings", "{answer}");
        caller.requests("create-meeting", direct(&bob)).await;
        let cause = caller.client_id().to_owned();
        let heard = phone.remaining_notices(&[&cause]).await;
        assert!(!heard.contains(&"invitation".to_owned()), "{} {heard:?}", killing.words());
    })
    .await;
}
