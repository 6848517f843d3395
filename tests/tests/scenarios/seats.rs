//! Seats: the last free one, the way back to one's own, and moving it to another device.

use crate::calls::talks;
use crate::device::{Device, refusal, request};
use crate::rooms::{Room, meeting_view, participant};
use crate::stack::Stack;
use crate::user::User;
use serde_json::json;
use std::time::Duration;
use terminal::ReceivedDownlink;

const ROUNDS: usize = 20;

#[tokio::test]
async fn t28_the_call_goes_to_another_device_of_the_same_user() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    caller.remaining_notices(&[phone.client_id()]).await;
    let join = |takeover: bool| {
        let mut fields = call.request("join");
        fields["media"] = json!("audio");
        fields["takeover"] = json!(takeover);
        fields
    };
    assert_eq!(tablet.is_refused("attend", join(false)).await.code, "state_conflict");
    let joined = tablet.requests("attend", join(true)).await;
    assert_eq!(joined.kind, "joined");
    assert!(joined.body["join"]["token"].is_string());
    assert_eq!(phone.receives("participant_removed").await.body["reason"], "moved");
    tablet.sends_once("attend", call.joined()).await;
    let cause = tablet.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, ["participant_updated"], "one notice, and no more");
    assert_eq!(phone.is_refused("attend", call.request("refresh_token")).await.code, "not_admitted");
    assert_eq!(phone.requests("attend", call.request("leave")).await.kind, "ok");
    assert_eq!(
        tablet.requests("attend", call.request("refresh_token")).await.kind,
        "token",
        "the call goes on"
    );
    caller.requests("attend", call.request("leave")).await;
}

#[tokio::test]
async fn t25_who_left_joins_again_unless_the_meeting_is_locked_or_full() {
    let stack = Stack::shared();
    let (bob, dave) = (User::at(stack, "Bob"), User::at(stack, "Dave"));
    let room = Room::of(stack, &[&bob], json!({"max_participants": 2, "policy": {"join": "open"}})).await;
    let (phone, daves) = (bob.on("phone").await, dave.on("phone").await);
    room.accepts(&bob, &phone).await;
    phone.requests("attend", room.request("leave", json!({}))).await;
    assert_eq!(phone.is_refused("attend", room.request("rejoin", json!({}))).await.code, "not_admitted");
    let lock = |locked: bool| room.request("update_meeting", json!({"locked": locked}));
    room.host.requests("moderate", lock(true)).await;
    assert_eq!(phone.is_refused("attend", room.join()).await.code, "locked");
    room.host.requests("moderate", lock(false)).await;
    assert_eq!(daves.requests("attend", room.join()).await.kind, "joined");
    assert_eq!(phone.is_refused("attend", room.join()).await.code, "meeting_full");
    daves.requests("attend", room.request("leave", json!({}))).await;
    assert_eq!(phone.requests("attend", room.join()).await.kind, "joined");
}

#[tokio::test]
async fn t25_t26_who_was_lost_takes_the_seat_again() {
    let stack = Stack::own();
    let bob = User::at(&stack, "Bob");
    let mut room = Room::of(&stack, &[&bob], json!({})).await;
    let phone = bob.online("phone").await;
    room.accepts(&bob, &phone).await;
    phone.disconnects().await;
    stack.advance_clock_when_idle(Duration::from_secs(12)).await;
    let gone = |news: &ReceivedDownlink| news.body["participant"]["state"] == "reconnecting";
    room.host.receives_that("participant_updated", gone).await;
    stack.advance_clock_when_idle(Duration::from_secs(62)).await;
    let lost = |news: &ReceivedDownlink| news.body["participant"]["state"] == "lost";
    room.host.receives_that("participant_updated", lost).await;
    let phone = bob.online("phone").await;
    let back = phone.requests("attend", room.request("rejoin", json!({}))).await;
    assert_eq!(back.kind, "joined");
    room.enters(&phone).await;
    assert_eq!(participant(&room.view().await, &bob)["state"], "joined");
}

#[tokio::test]
async fn t20_of_two_who_want_the_last_seat_at_once_one_gets_it() {
    let stack = Stack::shared();
    let (bob, carol) = (User::at(stack, "Bob"), User::at(stack, "Carol"));
    let (phone, carols) = (bob.on("phone").await, carol.on("phone").await);
    let room = Room::of(stack, &[], json!({"max_participants": 2, "policy": {"join": "open"}})).await;
    let mut bobs = 0;
    for round in 0..ROUNDS {
        let (first, second) = (request("attend", room.join()), request("attend", room.join()));
        let (b, c) = if round % 2 == 0 {
            tokio::join!(phone.terminal.request_uplink(&first), carols.terminal.request_uplink(&second))
        } else {
            let (c, b) =
                tokio::join!(carols.terminal.request_uplink(&second), phone.terminal.request_uplink(&first));
            (b, c)
        };
        assert_ne!(b.is_ok(), c.is_ok(), "round {round}: {b:?} {c:?}");
        let bob_won = b.is_ok();
        let (lost, winner, loser): (_, &Device, &Device) =
            if bob_won { (c, &phone, &carols) } else { (b, &carols, &phone) };
        assert_eq!(refusal(lost).code, "meeting_full", "round {round}");
        bobs += usize::from(bob_won);
        let meeting = meeting_view(winner, &room.meeting_id).await;
        let seated = meeting["participants"].as_array().into_iter().flatten();
        let seated = seated.filter(|person| person["state"] == "accepted" || person["state"] == "joined");
        assert_eq!(seated.count(), 2, "round {round}: {meeting}");
        let refused = loser.is_refused("attend", room.request("refresh_token", json!({}))).await;
        assert!(["not_admitted", "forbidden"].contains(&refused.code.as_str()), "round {round}: {refused:?}");
        winner.requests("attend", room.request("leave", json!({}))).await;
    }
    println!("bob had the seat in {bobs} of {ROUNDS} rounds");
}

#[tokio::test]
async fn hands_stand_in_the_order_in_which_they_went_up() {
    let stack = Stack::shared();
    let bob = User::at(stack, "Bob");
    let mut room = Room::of(stack, &[&bob], json!({})).await;
    let mut phone = bob.on("phone").await;
    room.accepts(&bob, &phone).await;
    let up = phone.requests("attend", room.request("raise_hand", json!({}))).await;
    assert_eq!((up.kind.as_str(), &up.body["hands"]), ("hand_changed", &json!([bob.id])));
    assert_eq!(room.host.receives("hand_changed").await.body["hands"], json!([bob.id]));
    room.host.requests("attend", room.request("raise_hand", json!({}))).await;
    assert_eq!(phone.receives("hand_changed").await.body["hands"], json!([bob.id, room.alice.id]));
    let meeting = room.view().await;
    assert_eq!(participant(&meeting, &bob)["hand"], json!(true));
    phone.requests("attend", room.request("lower_hand", json!({}))).await;
    assert_eq!(room.host.receives("hand_changed").await.body["hands"], json!([room.alice.id]));
}
