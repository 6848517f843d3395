//! Inviting users into a running call.

use crate::calls::{Call, group, rings, talks};
use crate::device::{Device, none, request};
use crate::user::User;
use serde_json::{Value, json};
use terminal::ReceivedDownlink;

/// A request to invite these users to the call.
pub fn invite(call: &Call, invitees: &[&User]) -> Value {
    let mut fields = call.request("invite");
    fields["invitees"] = invitees.iter().map(|user| json!(user.id)).collect();
    fields
}

/// The state of each of these users in a list of invitations.
pub fn states(answer: &ReceivedDownlink, invitees: &[&User]) -> Vec<Value> {
    invitees.iter().map(|user| Call::state_of(answer, user)).collect()
}

/// Waits for the notice that this user has this state.
pub async fn receives_state(device: &mut Device, user: &User, state: &str) -> ReceivedDownlink {
    let is_it = |news: &ReceivedDownlink| {
        let participant = &news.body["participant"];
        participant["user_id"] == json!(user.id) && participant["state"] == state
    };
    device.receives_that("participant_updated", is_it).await
}

/// Consumes all notices so far.
pub async fn consume_notices(devices: &mut [&mut Device]) {
    for device in devices {
        let cause = device.client_id().to_owned();
        device.remaining_notices(&[&cause]).await;
    }
}

#[tokio::test]
async fn t1_a_third_person_makes_a_direct_call_a_group_for_good() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let answer = caller.requests("invite", invite(&call, &[&carol])).await;
    assert_eq!(answer.kind, "invitation_result");
    assert_eq!(states(&answer, &[&carol]), ["invited"]);
    let carols_call = Call::to(&answer, &carol);

    for device in [&mut caller, &mut phone] {
        let updated = device.receives("meeting_updated").await;
        assert_eq!(updated.body["meeting"]["mode"], "group");
        assert!(updated.prev_rev.is_some(), "all members are notified: {updated:?}");
        let invited = receives_state(device, &carol, "invited").await;
        assert_eq!(invited.body["participant"]["invite_id"], json!(carols_call.invite_id));
    }
    let offer = carols.receives("invitation").await;
    assert_eq!(
        (&offer.body["mode"], &offer.body["from"]["user_id"], &offer.body["group"]),
        (&json!("group"), &json!(alice.id), &json!([bob.id]))
    );

    carols.sends_once("answer", carols_call.about_invitation("ringing")).await;
    let rings =
        |news: &ReceivedDownlink| news.body["state"] == "ringing" && news.body["user_id"] == json!(carol.id);
    caller.receives_that("invitation_updated", rings).await;
    let accepted = carols.requests("answer", carols_call.about_invitation("accept")).await;
    assert_eq!(accepted.body["meeting"]["participants"].as_array().map(Vec::len), Some(3));
    for device in [&mut caller, &mut phone] {
        receives_state(device, &carol, "accepted").await;
    }
    carols.sends_once("attend", call.joined()).await;
    for device in [&mut caller, &mut phone] {
        receives_state(device, &carol, "joined").await;
    }

    // A meeting with two members left stays a group, which does not end when one member is alone.
    carols.requests("attend", call.request("leave")).await;
    phone.requests("attend", call.request("leave")).await;
    for user in [&carol, &bob] {
        receives_state(&mut caller, user, "left").await;
    }
    let causes = [carols.client_id(), phone.client_id()];
    assert!(!caller.remaining_notices(&causes).await.contains(&"meeting_ended".to_owned()));
    let state = caller.syncs().await;
    assert_eq!(
        (&state["meetings"][0]["mode"], &state["meetings"][0]["state"]),
        (&json!("group"), &json!("active"))
    );
}

#[tokio::test]
async fn either_side_of_a_direct_call_brings_somebody_in_even_while_it_rings() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    phone.requests("invite", invite(&call, &[&carol])).await;
    assert_eq!(carols.receives("invitation").await.body["from"]["user_id"], json!(bob.id));
    caller.requests("destroy", call.request("destroy_meeting")).await;
    assert_eq!(carols.receives("invitation_closed").await.body["reason"], "meeting_ended");
    phone.receives("meeting_ended").await;

    let call = rings(&mut caller, &bob, &mut phone).await;
    let refused = phone.is_refused("invite", invite(&call, &[&carol])).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("forbidden", 403), "an invitee may not invite");
    let carols_call = Call::to(&caller.requests("invite", invite(&call, &[&carol])).await, &carol);
    assert_eq!(carols.receives("invitation").await.body["invite_id"], json!(carols_call.invite_id));
    phone.requests("answer", call.about_invitation("reject")).await;
    let cause = phone.client_id().to_owned();
    let news = caller.remaining_notices(&[&cause]).await;
    assert!(!news.contains(&"meeting_ended".to_owned()), "carol still rings: {news:?}");
    let accepted = carols.requests("answer", carols_call.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted");
}

#[tokio::test]
async fn who_declined_may_be_invited_again_under_another_invitation() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let first = Call::to(&caller.requests("invite", invite(&call, &[&carol])).await, &carol);
    carols.receives("invitation").await;
    carols.requests("answer", first.about_invitation("reject")).await;
    let declined = |news: &ReceivedDownlink| news.body["state"] == "declined";
    caller.receives_that("invitation_updated", declined).await;

    let answer = caller.requests("invite", invite(&call, &[&carol])).await;
    let second = Call::to(&answer, &carol);
    assert_ne!(first.invite_id, second.invite_id);
    assert_eq!(states(&answer, &[&carol]), ["invited"]);
    assert_eq!(carols.receives("invitation").await.body["invite_id"], json!(second.invite_id));
    let refused = carols.is_refused("answer", first.about_invitation("accept")).await;
    assert_eq!(refused.code, "invitation_not_found", "the first one is over");
    let accepted = carols.requests("answer", second.about_invitation("accept")).await;
    let participants = accepted.body["meeting"]["participants"].as_array().expect("a list");
    assert_eq!(participants.len(), 3, "carol is the same participant");
}

#[tokio::test]
async fn t2_who_is_in_another_call_is_not_rung_and_the_others_go_on() {
    let (alice, bob, carol, dave) =
        (User::new("Alice"), User::new("Bob"), User::new("Carol"), User::new("Dave"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let (mut carols, mut daves) = (carol.on("phone").await, dave.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let other = talks(&mut carols, &dave, &mut daves).await;
    consume_notices(&mut [&mut carols, &mut daves, &mut caller]).await;

    let answer = caller.requests("invite", invite(&call, &[&carol])).await;
    assert_eq!(answer.body["invitations"][0]["code"], "user_busy");
    assert_eq!(states(&answer, &[&carol]), ["user_busy"]);
    let missed = carols.receives("missed_call").await;
    assert_eq!(
        (&missed.body["from"]["user_id"], &missed.body["reason"]),
        (&json!(alice.id), &json!("user_busy"))
    );
    let cause = caller.client_id().to_owned();
    assert_eq!(carols.remaining_notices(&[&cause]).await, none(), "no offer rings");
    for (device, call) in [(&phone, &call), (&daves, &other)] {
        assert_eq!(device.requests("attend", call.request("refresh_token")).await.kind, "token");
    }
}

#[tokio::test]
async fn who_is_in_or_rung_already_keeps_what_he_has() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let carols_call = Call::to(&caller.requests("invite", invite(&call, &[&carol])).await, &carol);
    carols.receives("invitation").await;
    consume_notices(&mut [&mut phone]).await;
    let answer = caller.requests("invite", invite(&call, &[&bob, &carol])).await;
    assert_eq!(states(&answer, &[&bob, &carol]), ["joined", "invited"]);
    assert_eq!(Call::to(&answer, &carol).invite_id, carols_call.invite_id);
    let cause = caller.client_id().to_owned();
    assert_eq!(carols.remaining_notices(&[&cause]).await, none(), "no device is rung twice");
    assert_eq!(phone.remaining_notices(&[&cause]).await, none());
}

// Proves: applied-once
#[tokio::test]
async fn an_invite_sent_twice_rings_once_and_is_answered_by_the_same_message() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let uplink = request("invite", invite(&call, &[&carol]));
    let (first, second) = (caller.sends(&uplink).await, caller.sends(&uplink).await);
    assert_eq!(first.id, second.id);
    assert_eq!(Call::to(&first, &carol).invite_id, Call::to(&second, &carol).invite_id);
    let cause = caller.client_id().to_owned();
    assert_eq!(carols.remaining_notices(&[&cause]).await, ["invitation"]);
}

#[tokio::test]
async fn who_may_not_invite_is_refused_and_nobody_is_rung() {
    let (alice, bob, carol, dave) =
        (User::new("Alice"), User::new("Bob"), User::new("Carol"), User::new("Dave"));
    let (caller, phone, stranger) =
        (alice.on("phone").await, bob.on("phone").await, User::new("Mallory").on("phone").await);
    let (mut carols, mut daves) = (carol.on("phone").await, dave.on("phone").await);
    let mut create = group(&[&bob, &carol]);
    create["max_participants"] = json!(3);
    let created = caller.requests("create-meeting", create).await;
    let bobs = Call::to(&created, &bob);
    carols.receives("invitation").await;
    phone.requests("answer", bobs.about_invitation("accept")).await;

    for device in [&phone, &carols, &stranger] {
        let refused = device.is_refused("invite", invite(&bobs, &[&dave])).await;
        assert_eq!((refused.code.as_str(), refused.sip), ("forbidden", 403));
    }
    let refused = caller.is_refused("invite", invite(&bobs, &[&dave])).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("meeting_full", 486));
    let refused = caller.is_refused("invite", invite(&bobs, &[&alice])).await;
    assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some("invitees[0]")));
    let causes = [phone.client_id(), stranger.client_id(), caller.client_id()];
    assert_eq!(daves.remaining_notices(&causes).await, none());
}
