//! Hanging up, while it rings or later, and calls to users without a connected device.

use crate::calls::{direct, rings, talks};
use crate::device::request;
use crate::user::User;

// Proves: T40
#[tokio::test]
async fn a_caller_who_hangs_up_while_it_rings_leaves_a_missed_call() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    assert_eq!(caller.requests("attend", call.request("leave")).await.kind, "ok");
    for device in [&mut phone, &mut tablet] {
        let closed = device.receives("invitation_closed").await;
        assert_eq!(
            (&closed.body["reason"], &closed.body["invite_id"]),
            (&"cancelled".into(), &call.invite_id.as_str().into())
        );
        let missed = device.receives("missed_call").await;
        assert_eq!(missed.body["from"]["user_id"], alice.id.as_str());
        assert_eq!(missed.meeting_id.as_deref(), Some(call.meeting_id.as_str()));
        assert_eq!(missed.body["reason"], "cancelled");
    }
    let refused = phone.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("cancelled")));
}

#[tokio::test]
async fn t48_leaving_twice_by_the_same_request_is_answered_twice_and_by_another_one_with_the_end() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let leave = request("attend", call.request("leave"));
    let first = caller.sends(&leave).await;
    let second = caller.sends(&leave).await;
    assert_eq!((first.kind.as_str(), &first.id), (second.kind.as_str(), &second.id));
    let refused = caller.is_refused("attend", call.request("leave")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("cancelled")));
}

// Proves: T27
#[tokio::test]
async fn when_the_callee_hangs_up_the_caller_hears_that_it_is_completed() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut bobs_phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut phone, &bob, &mut bobs_phone).await;
    assert_eq!(bobs_phone.requests("attend", call.request("leave")).await.kind, "ok");
    let ended = phone.receives("meeting_ended").await;
    assert_eq!((&ended.body["reason"], &ended.body["sip"]), (&"completed".into(), &200.into()));
}

#[tokio::test]
async fn who_is_not_connected_is_rung_when_he_comes_back() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let away = bob.on("phone").await;
    away.terminal.disconnect().await;
    let phone = alice.on("phone").await;
    let created = phone.sends(&request("create-meeting", direct(&bob))).await;
    let mut back = bob.on("phone").await;
    let invitation = back.receives("invitation").await;
    assert_eq!(invitation.meeting_id, created.meeting_id);
    assert_eq!(invitation.body["delivery"], "queued", "so that the terminal requests `sync` before it rings");
}
