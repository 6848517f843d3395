//! Bringing people into a call that goes on, and taking invitations back.

use crate::calls::{Call, direct, group, rings, talks};
use crate::device::{Device, refusal, request};
use crate::user::User;
use serde_json::{Value, json};
use terminal::Received;

fn none() -> Vec<String> {
    Vec::new()
}

/// A request of that call to invite those people.
fn invite(call: &Call, invitees: &[&User]) -> Value {
    let mut fields = call.request("invite");
    fields["invitees"] = invitees.iter().map(|user| json!(user.id)).collect();
    fields
}

/// A request of that call to take back the invitations of those people, or of everybody.
fn cancel(call: &Call, invitees: Option<&[&User]>) -> Value {
    let mut fields = call.request("cancel_invite");
    if let Some(invitees) = invitees {
        fields["invitees"] = invitees.iter().map(|user| json!(user.id)).collect();
    }
    fields
}

/// The state of each of those people in a list of invitations.
fn states(answer: &Received, invitees: &[&User]) -> Vec<Value> {
    invitees.iter().map(|user| Call::state_of(answer, user)).collect()
}

/// Waits for the news that this user is now in that state.
async fn hears_of(device: &mut Device, user: &User, state: &str) -> Received {
    let is_it = |news: &Received| {
        let participant = &news.body["participant"];
        participant["user_id"] == json!(user.id) && participant["state"] == state
    };
    device.hears_that("participant_updated", is_it).await
}

/// Drops what was heard so far.
async fn forgets(devices: &mut [&mut Device]) {
    for device in devices {
        let cause = device.client_id().to_owned();
        device.also_hears(&[&cause]).await;
    }
}

#[tokio::test]
async fn t1_a_third_person_makes_a_direct_call_a_group_for_good() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let answer = caller.asks("invite", invite(&call, &[&carol])).await;
    assert_eq!(answer.kind, "invitation_result");
    assert_eq!(states(&answer, &[&carol]), ["invited"]);
    let carols_call = Call::to(&answer, &carol);

    for device in [&mut caller, &mut phone] {
        let updated = device.hears("meeting_updated").await;
        assert_eq!(updated.body["meeting"]["mode"], "group");
        assert!(updated.prev_rev.is_some(), "all members are told: {updated:?}");
        let invited = hears_of(device, &carol, "invited").await;
        assert_eq!(invited.body["participant"]["invite_id"], json!(carols_call.invite_id));
    }
    let offer = carols.hears("invitation").await;
    assert_eq!(
        (&offer.body["mode"], &offer.body["from"]["user_id"], &offer.body["group"]),
        (&json!("group"), &json!(alice.id), &json!([bob.id]))
    );

    carols.tells("answer", carols_call.about_invitation("ringing")).await;
    let rings = |news: &Received| news.body["state"] == "ringing" && news.body["user_id"] == json!(carol.id);
    caller.hears_that("invitation_updated", rings).await;
    let accepted = carols.asks("answer", carols_call.about_invitation("accept")).await;
    assert_eq!(accepted.body["meeting"]["participants"].as_array().map(Vec::len), Some(3));
    for device in [&mut caller, &mut phone] {
        hears_of(device, &carol, "accepted").await;
    }
    carols.tells("attend", call.joined()).await;
    for device in [&mut caller, &mut phone] {
        hears_of(device, &carol, "joined").await;
    }

    // With two left it stays a group: who is alone now is not hung up on.
    carols.asks("attend", call.request("leave")).await;
    phone.asks("attend", call.request("leave")).await;
    for user in [&carol, &bob] {
        hears_of(&mut caller, user, "left").await;
    }
    let causes = [carols.client_id(), phone.client_id()];
    assert!(!caller.also_hears(&causes).await.contains(&"meeting_ended".to_owned()));
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
    phone.asks("invite", invite(&call, &[&carol])).await;
    assert_eq!(carols.hears("invitation").await.body["from"]["user_id"], json!(bob.id));
    caller.asks("destroy", call.request("destroy_meeting")).await;
    assert_eq!(carols.hears("invitation_closed").await.body["reason"], "meeting_ended");
    phone.hears("meeting_ended").await;

    let call = rings(&mut caller, &bob, &mut phone).await;
    let refused = phone.is_refused("invite", invite(&call, &[&carol])).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("forbidden", 403), "who is only rung may not");
    let carols_call = Call::to(&caller.asks("invite", invite(&call, &[&carol])).await, &carol);
    assert_eq!(carols.hears("invitation").await.body["invite_id"], json!(carols_call.invite_id));
    phone.asks("answer", call.about_invitation("reject")).await;
    let cause = phone.client_id().to_owned();
    let news = caller.also_hears(&[&cause]).await;
    assert!(!news.contains(&"meeting_ended".to_owned()), "carol still rings: {news:?}");
    let accepted = carols.asks("answer", carols_call.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted");
}

#[tokio::test]
async fn who_declined_may_be_invited_again_under_another_invitation() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let first = Call::to(&caller.asks("invite", invite(&call, &[&carol])).await, &carol);
    carols.hears("invitation").await;
    carols.asks("answer", first.about_invitation("reject")).await;
    let declined = |news: &Received| news.body["state"] == "declined";
    caller.hears_that("invitation_updated", declined).await;

    let answer = caller.asks("invite", invite(&call, &[&carol])).await;
    let second = Call::to(&answer, &carol);
    assert_ne!(first.invite_id, second.invite_id);
    assert_eq!(states(&answer, &[&carol]), ["invited"]);
    assert_eq!(carols.hears("invitation").await.body["invite_id"], json!(second.invite_id));
    let refused = carols.is_refused("answer", first.about_invitation("accept")).await;
    assert_eq!(refused.code, "invitation_not_found", "the first one is over");
    let accepted = carols.asks("answer", second.about_invitation("accept")).await;
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
    forgets(&mut [&mut carols, &mut daves, &mut caller]).await;

    let answer = caller.asks("invite", invite(&call, &[&carol])).await;
    assert_eq!(answer.body["invitations"][0]["code"], "user_busy");
    assert_eq!(states(&answer, &[&carol]), ["user_busy"]);
    let missed = carols.hears("missed_call").await;
    assert_eq!(
        (&missed.body["from"]["user_id"], &missed.body["reason"]),
        (&json!(alice.id), &json!("user_busy"))
    );
    let cause = caller.client_id().to_owned();
    assert_eq!(carols.also_hears(&[&cause]).await, none(), "it does not ring");
    for (device, call) in [(&phone, &call), (&daves, &other)] {
        assert_eq!(device.asks("attend", call.request("refresh_token")).await.kind, "token");
    }
}

#[tokio::test]
async fn who_is_in_or_rung_already_keeps_what_he_has() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let carols_call = Call::to(&caller.asks("invite", invite(&call, &[&carol])).await, &carol);
    carols.hears("invitation").await;
    forgets(&mut [&mut phone]).await;
    let answer = caller.asks("invite", invite(&call, &[&bob, &carol])).await;
    assert_eq!(states(&answer, &[&bob, &carol]), ["joined", "invited"]);
    assert_eq!(Call::to(&answer, &carol).invite_id, carols_call.invite_id);
    let cause = caller.client_id().to_owned();
    assert_eq!(carols.also_hears(&[&cause]).await, none(), "nobody is rung twice");
    assert_eq!(phone.also_hears(&[&cause]).await, none());
}

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
    assert_eq!(carols.also_hears(&[&cause]).await, ["invitation"]);
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
    let created = caller.asks("create-meeting", create).await;
    let bobs = Call::to(&created, &bob);
    carols.hears("invitation").await;
    phone.asks("answer", bobs.about_invitation("accept")).await;

    for device in [&phone, &carols, &stranger] {
        let refused = device.is_refused("invite", invite(&bobs, &[&dave])).await;
        assert_eq!((refused.code.as_str(), refused.sip), ("forbidden", 403));
    }
    let refused = caller.is_refused("invite", invite(&bobs, &[&dave])).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("meeting_full", 486));
    let refused = caller.is_refused("invite", invite(&bobs, &[&alice])).await;
    assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some("invitees[0]")));
    let causes = [phone.client_id(), stranger.client_id(), caller.client_id()];
    assert_eq!(daves.also_hears(&causes).await, none());
}

/// A group in which anybody may invite: Alice hosts, Bob is in, Carol was invited by Alice and Dave by Bob.
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
        let call = Call::to(&caller.asks("create-meeting", create).await, bob);
        phone.asks("answer", call.about_invitation("accept")).await;
        phone.asks("invite", invite(&call, &[dave])).await;
        for device in [&mut carols, &mut daves] {
            device.hears("invitation").await;
        }
        forgets(&mut [&mut caller, &mut phone]).await;
        Self { users, caller, phone, carols, daves, call }
    }
}

/// This device's ring is over, and its user has missed a call.
async fn is_cancelled(device: &mut Device, call: &Call, from: &User) {
    let closed = device.hears("invitation_closed").await;
    assert_eq!(closed.body["reason"], "cancelled");
    let missed = device.hears("missed_call").await;
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
    device.tells("answer", late).await;
    assert_eq!(device.hears("error").await.body["code"], "invitation_cancelled", "it may not ring");
}

#[tokio::test]
async fn t11_an_inviter_takes_back_his_own_invitation_and_not_that_of_another() {
    let mut open = Open::new().await;
    let [_, bob, carol, dave] = &open.users;
    let refused = open.phone.is_refused("invite", cancel(&open.call, Some(&[carol]))).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("forbidden", 403));
    let answer = open.phone.asks("invite", cancel(&open.call, Some(&[dave]))).await;
    assert_eq!((answer.kind.as_str(), states(&answer, &[dave])), ("invitation_result", vec![json!("cancelled")]));
    is_cancelled(&mut open.daves, &open.call, bob).await;
    let cause = open.phone.client_id().to_owned();
    assert_eq!(open.carols.also_hears(&[&cause]).await, none(), "carol rings on");
}

#[tokio::test]
async fn t11_without_names_an_inviter_takes_back_his_own_and_the_host_all() {
    let mut open = Open::new().await;
    let [alice, bob, carol, dave] = &open.users;
    let answer = open.phone.asks("invite", cancel(&open.call, None)).await;
    assert_eq!(states(&answer, &[dave]), ["cancelled"]);
    is_cancelled(&mut open.daves, &open.call, bob).await;
    open.phone.asks("invite", invite(&open.call, &[dave])).await;
    open.daves.hears("invitation").await;

    let answer = open.caller.asks("invite", cancel(&open.call, None)).await;
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
    let answer = open.caller.asks("invite", cancel(&open.call, Some(&[dave, bob]))).await;
    assert_eq!(states(&answer, &[dave, bob]), ["cancelled", "accepted"], "each as he stands");
    is_cancelled(&mut open.daves, &open.call, bob).await;
    let accept = Call::to(&open.caller.asks("invite", invite(&open.call, &[carol])).await, carol);
    let accepted = open.carols.asks("answer", accept.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted", "carol rang on");
}

#[tokio::test]
async fn t11_an_invitation_of_a_direct_call_that_is_taken_back_ends_the_call() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let answer = caller.asks("invite", cancel(&call, Some(&[&bob]))).await;
    assert_eq!(states(&answer, &[&bob]), ["cancelled"]);
    let ended = caller.hears("meeting_ended").await;
    assert_eq!((&ended.body["reason"], &ended.body["sip"]), (&json!("cancelled"), &json!(487)));
    for device in [&mut phone, &mut tablet] {
        assert_eq!(device.hears("invitation_closed").await.body["reason"], "cancelled");
        assert_eq!(device.hears("missed_call").await.body["reason"], "cancelled");
    }
    let back = phone.asks("create-meeting", direct(&alice)).await;
    assert!(back.body.contains_key("join"), "both are free: {back:?}");
}

#[tokio::test]
async fn t12_a_cancel_that_comes_after_the_accept_is_refused_and_the_caller_may_leave() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    phone.asks("answer", call.about_invitation("accept")).await;
    for invitees in [None, Some([&bob])] {
        let fields = cancel(&call, invitees.as_ref().map(|bob| bob.as_slice()));
        let refused = caller.is_refused("invite", fields).await;
        assert_eq!((refused.code.as_str(), refused.sip), ("already_answered", 200));
    }
    assert_eq!(caller.asks("attend", call.request("leave")).await.kind, "ok");
    assert_eq!(phone.hears("meeting_ended").await.body["reason"], "completed");
}

#[tokio::test]
async fn t12_a_cancel_sent_twice_is_answered_twice_and_happens_once() {
    let open = &mut Open::new().await;
    let uplink = request("invite", cancel(&open.call, None));
    let (first, second) = (open.caller.sends(&uplink).await, open.caller.sends(&uplink).await);
    assert_eq!((&first.id, &first.body["invitations"]), (&second.id, &second.body["invitations"]));
    let other = request("invite", cancel(&open.call, None));
    assert_eq!(refusal(open.caller.terminal.ask(&other).await).code, "already_answered");
    let cause = open.caller.client_id().to_owned();
    for device in [&mut open.carols, &mut open.daves] {
        assert_eq!(device.also_hears(&[&cause]).await, ["invitation_closed", "missed_call"]);
    }
}

#[tokio::test]
async fn t10_a_silenced_device_stops_for_itself_and_tells_nobody() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    tablet.hears("invitation").await;
    for device in [&phone, &tablet] {
        device.tells("answer", call.about_invitation("ringing")).await;
    }
    caller.hears("invitation_updated").await;
    assert_eq!(phone.asks("answer", call.about_invitation("silence")).await.kind, "ok");
    assert_eq!(phone.asks("answer", call.about_invitation("silence")).await.kind, "ok", "twice is no harm");
    let cause = phone.client_id().to_owned();
    assert_eq!(caller.also_hears(&[&cause]).await, none());
    assert_eq!(tablet.also_hears(&[&cause]).await, none(), "the tablet rings on");
    let mut other = call.clone();
    other.invite_id = "nosuchinvite".to_owned();
    let refused = phone.is_refused("answer", other.about_invitation("silence")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("invitation_not_found", 481));

    let accepted = phone.asks("answer", call.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted", "who has thought better of it may still answer");
    assert_eq!(tablet.hears("invitation_closed").await.body["reason"], "answered_elsewhere");
}
