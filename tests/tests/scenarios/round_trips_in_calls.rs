//! Round trips to the table of requests in a running call, counted where the functions' HTTP calls arrive.

use crate::calls::{Call, group, rings, talks};
use crate::device::{Device, request};
use crate::round_trips::{MOST, cost_at_most, was_cheap};
use crate::user::User;
use serde_json::json;

/// A group of Alice, Bob and Carol, in which Bob's and Carol's devices ring.
struct Ringing {
    carol: User,
    caller: Device,
    phone: Device,
    carols: Device,
    bobs_call: Call,
    carols_call: Call,
}

async fn group_rings() -> Ringing {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let created = caller.requests("create-meeting", group(&[&bob, &carol])).await;
    let (bobs_call, carols_call) = (Call::to(&created, &bob), Call::to(&created, &carol));
    for device in [&mut phone, &mut carols] {
        device.receives("invitation").await;
    }
    Ringing { carol, caller, phone, carols, bobs_call, carols_call }
}

// Proves: round-trips
#[tokio::test]
async fn invite_and_cancel_cost_two_round_trips_at_most() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let (carol, dave) = (User::new("Carol"), User::new("Dave"));
    let _devices = (carol.on("phone").await, dave.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let mut invite = call.request("invite");
    invite["invitees"] = json!([carol.id, dave.id]);
    caller.requests("invite", invite).await;
    let mut cancel = call.request("cancel_invite");
    cancel["invitees"] = json!([carol.id]);
    caller.requests("invite", cancel).await;
    caller.requests("invite", call.request("cancel_invite")).await;
    was_cheap(&caller, "invite").await;
}

// Proves: round-trips
#[tokio::test]
async fn sync_costs_two_round_trips_at_most_however_many_meetings_there_are() {
    let Ringing { carol, caller, phone, carols, .. } = group_rings().await;
    // Two more groups that ring Carol, and a call that she makes.
    for _ in 0..2 {
        let host = User::new("Host").on("phone").await;
        host.requests("create-meeting", group(&[&carol])).await;
    }
    carols.requests("create-meeting", group(&[&User::new("Dave")])).await;
    let state = carols.syncs().await;
    assert_eq!(state["meetings"].as_array().map(Vec::len), Some(4), "{state:#}");
    assert_eq!(state["invitations"].as_array().map(Vec::len), Some(3), "{state:#}");
    for device in [&caller, &phone] {
        device.syncs().await;
    }
    for device in [&carols, &caller, &phone] {
        was_cheap(device, "sync").await;
    }
}

#[tokio::test]
async fn sync_of_one_meeting_costs_one_round_trip() {
    let Ringing { caller, bobs_call: call, .. } = group_rings().await;
    let state = caller.sends(&request("sync", call.request("sync")).bulk()).await;
    assert_eq!(state.body["meetings"][0]["meeting_id"], json!(call.meeting_id));
    let invocations = crate::journal::until(caller.client_id(), |_| true).await;
    let sync = invocations.iter().find(|one| one.function == "sync").expect("the sync was handled");
    assert_eq!(sync.table_operations(), ["GetItem"]);
}

// Proves: round-trips
#[tokio::test]
async fn silence_rejoin_and_answers_in_a_group_cost_two_round_trips_at_most() {
    let Ringing { caller: _caller, phone, carols, bobs_call: call, carols_call, .. } = group_rings().await;
    phone.requests("answer", call.about_invitation("silence")).await;
    phone.requests("answer", call.about_invitation("accept")).await;
    was_cheap(&phone, "answer").await;
    phone.sends_once("attend", call.joined()).await;
    assert_eq!(phone.requests("attend", call.request("rejoin")).await.kind, "joined");
    phone.requests("attend", call.request("leave")).await;
    was_cheap(&phone, "attend").await;
    carols.requests("answer", carols_call.about_invitation("reject")).await;
    was_cheap(&carols, "answer").await;
}

#[tokio::test]
async fn a_request_that_is_refused_costs_no_more_and_a_repeat_is_counted_once_more() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let accept = request("answer", call.about_invitation("accept"));
    phone.sends(&accept).await;
    phone.sends(&accept).await;
    tablet.is_refused("answer", call.about_invitation("accept")).await;
    cost_at_most(MOST + 1, &phone, "answer").await;
    was_cheap(&tablet, "answer").await;
    caller.is_refused("invite", call.request("cancel_invite")).await;
    was_cheap(&caller, "invite").await;
}
