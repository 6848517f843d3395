//! A user with two devices: one answer counts, the other device stops ringing, and late answers change nothing.

use crate::calls::{rings, talks};
use crate::user::User;

#[tokio::test]
async fn both_devices_ring_under_one_invitation_with_messages_of_their_own() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut tablet) = (bob.on("phone").await, bob.on("tablet").await);
    let mut caller = alice.on("phone").await;
    let call = rings(&mut caller, &bob, &mut phone).await;
    let on_tablet = tablet.receives("invitation").await;
    assert_eq!(on_tablet.body["invite_id"], call.invite_id);
    let on_phone = phone.copies_of("invitation").await;
    assert_ne!(on_phone[0]["id"], on_tablet.id.as_str(), "each device has its own message");
}

#[tokio::test]
async fn t5_the_caller_hears_once_that_it_rings_however_many_devices_do() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    for device in [&phone, &tablet] {
        device.sends_once("answer", call.about_invitation("ringing")).await;
    }
    let updated = caller.receives("invitation_updated").await;
    assert_eq!((&updated.body["state"], &updated.body["reach"]), (&"ringing".into(), &"delivered".into()));
    let causes = [phone.client_id(), tablet.client_id()];
    assert_eq!(caller.remaining_notices(&causes).await, Vec::<String>::new());
}

// Proves: T7
#[tokio::test]
async fn the_second_device_to_accept_is_told_that_the_call_was_answered() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    phone.requests("answer", call.about_invitation("accept")).await;
    let closed = tablet.receives("invitation_closed").await;
    assert_eq!(closed.body["reason"], "answered_elsewhere");
    let refused = tablet.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("already_answered", 200));
    tablet.sends_once("answer", call.about_invitation("ringing")).await;
    assert_eq!(tablet.receives("error").await.body["code"], "already_answered", "so that it stops ringing");
}

#[tokio::test]
async fn of_two_devices_that_accept_at_once_exactly_one_gets_the_call() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let accept = || crate::device::request("answer", call.about_invitation("accept"));
    let (on_phone, on_tablet) = (accept(), accept());
    let (first, second) =
        tokio::join!(phone.terminal.request_uplink(&on_phone), tablet.terminal.request_uplink(&on_tablet));
    let (won, lost) = if first.is_ok() { (first, second) } else { (second, first) };
    assert_eq!(won.expect("one of the accepts wins").kind, "invitation_accepted");
    assert_eq!(crate::device::refusal(lost).code, "already_answered");
}

#[tokio::test]
async fn t9_a_late_reject_on_the_other_device_does_not_kill_the_call() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let tablet = bob.on("tablet").await;
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let refused = tablet.is_refused("answer", call.about_invitation("reject")).await;
    assert_eq!(refused.code, "already_answered");
    assert_eq!(
        phone.requests("attend", call.request("refresh_token")).await.kind,
        "token",
        "the call goes on"
    );
}
