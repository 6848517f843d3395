//! A user is in one call at a time, as caller and as callee.

use crate::calls::{direct, rings, talks};
use crate::journal;
use crate::user::User;

// Proves: T2
#[tokio::test]
async fn a_busy_callee_is_not_rung_and_the_caller_hears_why() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    phone.remaining_notices(&[]).await;

    let created = carols.requests("create-meeting", direct(&bob)).await;
    assert_eq!(created.kind, "meeting_created");
    assert!(!created.body.contains_key("join"), "no `join` in the answer: {created:?}");
    let invitation = &created.body["invitations"][0];
    assert_eq!((&invitation["state"], &invitation["code"]), (&"user_busy".into(), &"user_busy".into()));
    let ended = carols.receives("meeting_ended").await;
    assert_eq!((&ended.body["reason"], &ended.body["sip"]), (&"busy".into(), &486.into()));
    assert_eq!(ended.meeting_id, created.meeting_id);

    let missed = phone.receives("missed_call").await;
    assert_eq!(
        (&missed.body["from"]["user_id"], &missed.body["reason"]),
        (&carol.id.as_str().into(), &"user_busy".into())
    );
    assert_eq!(
        phone.remaining_notices(&[carols.client_id()]).await,
        Vec::<String>::new(),
        "no second call rings"
    );
    assert_eq!(
        phone.requests("attend", call.request("refresh_token")).await.kind,
        "token",
        "the call goes on"
    );

    let after = carols.requests("create-meeting", direct(&User::new("Dave"))).await;
    assert!(after.body.contains_key("join"), "the caller is free again: {after:?}");
}

// Proves: busy
#[tokio::test]
async fn a_callee_who_still_rings_is_busy_too() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    rings(&mut caller, &bob, &mut phone).await;
    carols.requests("create-meeting", direct(&bob)).await;
    assert_eq!(carols.receives("meeting_ended").await.body["reason"], "busy");
}

#[tokio::test]
async fn a_busy_caller_is_refused_and_nothing_is_written() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    talks(&mut caller, &bob, &mut phone).await;
    let refused = caller.is_refused("create-meeting", direct(&carol)).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("user_busy", 486));
    let invocations = journal::until(caller.client_id(), |_| true).await;
    let last =
        invocations.iter().rfind(|one| one.function == "create-meeting").expect("the request was handled");
    assert_eq!(last.writes(), Vec::<&str>::new());
    assert_eq!(carols.remaining_notices(&[]).await, Vec::<String>::new());
}

// Proves: T51
#[tokio::test]
async fn when_the_call_is_over_both_are_free() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    caller.requests("attend", call.request("leave")).await;
    phone.receives("meeting_ended").await;
    let created = carols.requests("create-meeting", direct(&bob)).await;
    assert!(created.body.contains_key("join"), "{created:?}");
    assert_eq!(phone.receives("invitation").await.meeting_id, created.meeting_id);
    let created = caller.requests("create-meeting", direct(&User::new("Dave"))).await;
    assert!(created.body.contains_key("join"), "{created:?}");
}
