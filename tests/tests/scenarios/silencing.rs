//! One device stops ringing, and nothing else changes.

use crate::calls::rings;
use crate::device::none;
use crate::user::User;

#[tokio::test]
async fn t10_a_silenced_device_stops_for_itself_and_tells_nobody() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    tablet.receives("invitation").await;
    for device in [&phone, &tablet] {
        device.sends_once("answer", call.about_invitation("ringing")).await;
    }
    caller.receives("invitation_updated").await;
    assert_eq!(phone.requests("answer", call.about_invitation("silence")).await.kind, "ok");
    assert_eq!(
        phone.requests("answer", call.about_invitation("silence")).await.kind,
        "ok",
        "a repeat is accepted"
    );
    let cause = phone.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, none());
    assert_eq!(tablet.remaining_notices(&[&cause]).await, none(), "the tablet rings on");
    let mut other = call.clone();
    other.invite_id = "nosuchinvite".to_owned();
    let refused = phone.is_refused("answer", other.about_invitation("silence")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("invitation_not_found", 481));

    let accepted = phone.requests("answer", call.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted", "a silenced invitation may still be answered");
    assert_eq!(tablet.receives("invitation_closed").await.body["reason"], "answered_elsewhere");
}
