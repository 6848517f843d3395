//! A repeated request: one effect, one answer under one id. The same id for another request is refused.

use crate::calls::{Call, direct, rings};
use crate::device::{refusal, request};
use crate::journal;
use crate::user::User;

// Proves: applied-once
#[tokio::test]
async fn a_create_request_sent_twice_makes_one_meeting_and_rings_once() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let create = request("create-meeting", direct(&bob));
    let first = caller.sends(&create).await;
    let second = caller.sends(&create).await;
    assert_eq!(first.id, second.id, "the answer is the same message");
    assert_eq!(first.meeting_id, second.meeting_id);
    assert_eq!(Call::of(&first).invite_id, Call::of(&second).invite_id);

    let cause = caller.client_id().to_owned();
    assert_eq!(phone.remaining_notices(&[&cause]).await, ["invitation"]);
    let mut copies = phone.copies_of("invitation").await;
    copies.dedup_by(|later, earlier| later["id"] == earlier["id"]);
    assert_eq!(copies.len(), 1, "every copy is the same message");
    let invocations = journal::until(&cause, |_| true).await;
    let commits =
        invocations.iter().flat_map(|one| one.writes()).filter(|write| *write == "TransactWriteItems");
    assert_eq!(commits.count(), 1, "{invocations:#?}");
    assert_eq!(caller.copies_of("meeting_created").await.len(), 2, "each copy of the request was answered");
}

// Proves: applied-once
#[tokio::test]
async fn an_accept_sent_twice_is_answered_twice_and_told_once() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let accept = request("answer", call.about_invitation("accept"));
    let first = phone.sends(&accept).await;
    let second = phone.sends(&accept).await;
    assert_eq!((first.kind.as_str(), &first.id), ("invitation_accepted", &second.id));
    let cause = phone.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, ["participant_updated"]);
}

// Proves: id-reuse
#[tokio::test]
async fn the_same_id_with_another_body_is_refused_and_changes_nothing() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut carols) = (alice.on("phone").await, carol.on("phone").await);
    let mut phone = bob.on("phone").await;
    let create = request("create-meeting", direct(&bob));
    let call = Call::of(&caller.sends(&create).await);
    phone.receives("invitation").await;
    let other = request("create-meeting", direct(&carol)).with_id(create.id());
    let refused = refusal(caller.terminal.request_uplink(&other).await);
    assert_eq!((refused.code.as_str(), refused.sip), ("bad_request", 400));
    let cause = caller.client_id().to_owned();
    assert_eq!(carols.remaining_notices(&[&cause]).await, Vec::<String>::new());

    let accept = request("answer", call.about_invitation("accept"));
    phone.sends(&accept).await;
    let reject = request("answer", call.about_invitation("reject")).with_id(accept.id());
    assert_eq!(refusal(phone.terminal.request_uplink(&reject).await).code, "bad_request");
    let leave = request("attend", call.request("leave")).with_id(accept.id());
    assert_eq!(refusal(phone.terminal.request_uplink(&leave).await).code, "bad_request");
    assert_eq!(
        caller.remaining_notices(&[phone.client_id()]).await,
        ["participant_updated"],
        "the call goes on"
    );
}

#[tokio::test]
async fn two_devices_of_one_user_may_use_the_same_request_id() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (caller, tablet, mut phone) =
        (alice.on("phone").await, alice.on("tablet").await, bob.on("phone").await);
    let create = request("create-meeting", direct(&bob));
    let call = Call::of(&caller.sends(&create).await);
    phone.receives("invitation").await;
    let refused = refusal(tablet.terminal.request_uplink(&create).await);
    assert_eq!(refused.code, "user_busy", "another request, by a user who is in a call: {}", call.meeting_id);
}
