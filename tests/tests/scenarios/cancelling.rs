//! Cancelling invitations: by their inviter or by the host, one or all of them.

use crate::calls::{Call, direct, group, rings};
use crate::device::{Device, refusal, request};
use crate::inviting::{consume_notices, invite, states};
use crate::user::User;
use serde_json::{Value, json};

/// A request to cancel the invitations of these users, or all of them for `None`.
fn cancel(call: &Call, invitees: Option<&[&User]>) -> Value {
    let mut fields = call.request("cancel_invite");
    if let Some(invitees) = invitees {
        fields["invitees"] = invitees.iter().map(|user| json!(user.id)).collect();
    }
    fields
}

/// A group in which every member may invite: Alice is host, Bob is in; Alice invited Carol, and Bob invited Dave.
struct Open {
    users: [User; 4],
    caller: Device,
    phone: Device,
    carols: Device,
    daves: Device,
    call: Call,
}

impl Open {
    async fn new() -> Self {
        let users = ["Alice", "Bob", "Carol", "Dave"].map(User::new);
        let [alice, bob, carol, dave] = &users;
        let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
        let (mut carols, mut daves) = (carol.on("phone").await, dave.on("phone").await);
        let mut create = group(&[bob, carol]);
        create["policy"] = json!({"invite": "any"});
        let call = Call::to(&caller.requests("create-meeting", create).await, bob);
        phone.requests("answer", call.about_invitation("accept")).await;
        phone.requests("invite", invite(&call, &[dave])).await;
        for device in [&mut carols, &mut daves] {
            device.receives("invitation").await;
        }
        consume_notices(&mut [&mut caller, &mut phone]).await;
        Self { users, caller, phone, carols, daves, call }
    }
}

/// Checks that this device stops ringing, that its user has missed a call, and that late answers are refused.
async fn is_cancelled(device: &mut Device, call: &Call, from: &User) {
    let closed = device.receives("invitation_closed").await;
    assert_eq!(closed.body["reason"], "cancelled");
    let missed = device.receives("missed_call").await;
    assert_eq!(
        (&missed.body["reason"], &missed.body["from"]["user_id"]),
        (&json!("cancelled"), &json!(from.id))
    );
    let mut late = call.request("accept");
    late["invite_id"] = closed.body["invite_id"].clone();
    late["media"] = json!("audio");
    let refused = device.is_refused("answer", late.clone()).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("invitation_cancelled", 487));
    late["type"] = json!("ringing");
    device.sends_once("answer", late).await;
    assert_eq!(
        device.receives("error").await.body["code"],
        "invitation_cancelled",
        "a late `ringing` is refused"
    );
}

#[tokio::test]
async fn t11_an_inviter_takes_back_his_own_invitation_and_not_that_of_another() {
    let mut open = Open::new().await;
    let [_, bob, carol, dave] = &open.users;
    let refused = open.phone.is_refused("invite", cancel(&open.call, Some(&[carol]))).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("forbidden", 403));
    let answer = open.phone.requests("invite", cancel(&open.call, Some(&[dave]))).await;
    assert_eq!(
        (answer.kind.as_str(), states(&answer, &[dave])),
        ("invitation_result", vec![json!("cancelled")])
    );
    is_cancelled(&mut open.daves, &open.call, bob).await;
    let cause = open.phone.client_id().to_owned();
    assert_eq!(
        open.carols.remaining_notices(&[&cause]).await,
        Vec::<String>::new(),
        "carol's device still rings"
    );
}

#[tokio::test]
async fn t11_without_names_an_inviter_takes_back_his_own_and_the_host_all() {
    let mut open = Open::new().await;
    let [alice, bob, carol, dave] = &open.users;
    let answer = open.phone.requests("invite", cancel(&open.call, None)).await;
    assert_eq!(states(&answer, &[dave]), ["cancelled"]);
    is_cancelled(&mut open.daves, &open.call, bob).await;
    open.phone.requests("invite", invite(&open.call, &[dave])).await;
    open.daves.receives("invitation").await;

    let answer = open.caller.requests("invite", cancel(&open.call, None)).await;
    assert_eq!(states(&answer, &[carol, dave]), ["cancelled", "cancelled"]);
    is_cancelled(&mut open.daves, &open.call, bob).await;
    is_cancelled(&mut open.carols, &open.call, alice).await;
    let state = open.caller.syncs().await;
    assert_eq!(state["meetings"][0]["participants"][1]["state"], "accepted", "bob is in");
}

#[tokio::test]
async fn t11_the_host_takes_back_one_of_many_whoever_invited_him() {
    let mut open = Open::new().await;
    let [_, bob, carol, dave] = &open.users;
    let answer = open.caller.requests("invite", cancel(&open.call, Some(&[dave, bob]))).await;
    assert_eq!(
        states(&answer, &[dave, bob]),
        ["cancelled", "accepted"],
        "each invitee with the present state"
    );
    is_cancelled(&mut open.daves, &open.call, bob).await;
    let accept = Call::to(&open.caller.requests("invite", invite(&open.call, &[carol])).await, carol);
    let accepted = open.carols.requests("answer", accept.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted", "carol's device still rang");
}

#[tokio::test]
async fn t11_an_invitation_of_a_direct_call_that_is_taken_back_ends_the_call() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let answer = caller.requests("invite", cancel(&call, Some(&[&bob]))).await;
    assert_eq!(states(&answer, &[&bob]), ["cancelled"]);
    let ended = caller.receives("meeting_ended").await;
    assert_eq!((&ended.body["reason"], &ended.body["sip"]), (&json!("cancelled"), &json!(487)));
    for device in [&mut phone, &mut tablet] {
        assert_eq!(device.receives("invitation_closed").await.body["reason"], "cancelled");
        assert_eq!(device.receives("missed_call").await.body["reason"], "cancelled");
    }
    let back = phone.requests("create-meeting", direct(&alice)).await;
    assert!(back.body.contains_key("join"), "both are free: {back:?}");
}

#[tokio::test]
async fn t12_a_cancel_that_comes_after_the_accept_is_refused_and_the_caller_may_leave() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    phone.requests("answer", call.about_invitation("accept")).await;
    for invitees in [None, Some([&bob])] {
        let fields = cancel(&call, invitees.as_ref().map(|bob| bob.as_slice()));
        let refused = caller.is_refused("invite", fields).await;
        assert_eq!((refused.code.as_str(), refused.sip), ("already_answered", 200));
    }
    assert_eq!(caller.requests("attend", call.request("leave")).await.kind, "ok");
    assert_eq!(phone.receives("meeting_ended").await.body["reason"], "completed");
}

// Proves: applied-once
#[tokio::test]
async fn t12_a_cancel_sent_twice_is_answered_twice_and_happens_once() {
    let open = &mut Open::new().await;
    let uplink = request("invite", cancel(&open.call, None));
    let (first, second) = (open.caller.sends(&uplink).await, open.caller.sends(&uplink).await);
    assert_eq!((&first.id, &first.body["invitations"]), (&second.id, &second.body["invitations"]));
    let other = request("invite", cancel(&open.call, None));
    assert_eq!(refusal(open.caller.terminal.request_uplink(&other).await).code, "already_answered");
    let cause = open.caller.client_id().to_owned();
    for device in [&mut open.carols, &mut open.daves] {
        assert_eq!(device.remaining_notices(&[&cause]).await, ["invitation_closed", "missed_call"]);
    }
}
