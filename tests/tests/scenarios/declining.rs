//! The callee rejects the call.

use crate::calls::{direct, rings};
use crate::user::User;

#[tokio::test]
async fn t8_t14_a_declined_call_ends_for_the_caller_and_stops_ringing_on_the_other_device() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    assert_eq!(phone.requests("answer", call.about_invitation("reject")).await.kind, "ok");

    let updated = caller.receives("invitation_updated").await;
    assert_eq!((&updated.body["state"], &updated.body["code"]), (&"declined".into(), &"declined".into()));
    let ended = caller.receives("meeting_ended").await;
    assert_eq!((&ended.body["reason"], &ended.body["sip"]), (&"all_declined".into(), &603.into()));
    assert_eq!(ended.body["duration_ms"], 0, "the call was never answered");
    let closed = tablet.receives("invitation_closed").await;
    assert_eq!(
        (&closed.body["reason"], &closed.body["invite_id"]),
        (&"declined_elsewhere".into(), &call.invite_id.as_str().into())
    );

    let causes = [phone.client_id().to_owned()];
    let causes = causes.each_ref().map(String::as_str);
    assert_eq!(
        tablet.remaining_notices(&causes).await,
        ["invitation"],
        "a callee who declined gets no missed call"
    );
    assert_eq!(phone.remaining_notices(&causes).await, Vec::<String>::new());
}

// Proves: T8
#[tokio::test]
async fn after_a_decline_both_are_free_for_another_call() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    phone.requests("answer", call.about_invitation("reject")).await;
    caller.receives("meeting_ended").await;
    let back = phone.requests("create-meeting", direct(&alice)).await;
    assert!(back.body.contains_key("join"), "neither is busy: {back:?}");
    assert_eq!(caller.receives("invitation").await.meeting_id, back.meeting_id);
}

// Proves: T48
#[tokio::test]
async fn accepting_what_was_declined_is_refused_with_the_meetings_end() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    phone.requests("answer", call.about_invitation("reject")).await;
    let refused = phone.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("all_declined")));
}
