//! Ending a meeting for all participants: the host may, by meeting or by create request; other users may not.

use crate::calls::{Call, direct, rings, talks};
use crate::device::request;
use crate::stack::Stack;
use crate::user::User;
use serde_json::json;

#[tokio::test]
async fn t46_the_host_ends_the_call_for_everybody() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let answer = caller.requests("destroy", call.request("destroy_meeting")).await;
    let ended = phone.receives("meeting_ended").await;
    for message in [&answer, &ended] {
        assert_eq!((message.kind.as_str(), &message.body["reason"]), ("meeting_ended", &"host_ended".into()));
        assert_eq!(message.body["sip"], 200);
    }
    let again = caller.requests("destroy", call.request("destroy_meeting")).await;
    assert_eq!(
        (again.kind.as_str(), &again.body["reason"]),
        ("meeting_ended", &"host_ended".into()),
        "the meeting stays ended"
    );
}

#[tokio::test]
async fn t46_whoever_runs_the_service_ends_a_meeting_and_everybody_hears_it() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let order = json!({"admin": {"meeting_id": call.meeting_id}});
    let outcome = Stack::shared().invoke("destroy", &order).await;
    assert_eq!(outcome["state"], "ended");
    for device in [&mut caller, &mut phone] {
        assert_eq!(device.receives("meeting_ended").await.body["reason"], "admin");
    }
    let none = json!({"admin": {"meeting_id": "nowhere"}});
    assert_eq!(Stack::shared().invoke("destroy", &none).await["refused"], "meeting_not_found");
}

// Proves: T46
#[tokio::test]
async fn who_still_rings_is_told_that_the_meeting_ended_and_has_missed_a_call() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    caller.requests("destroy", call.request("destroy_meeting")).await;
    assert_eq!(phone.receives("invitation_closed").await.body["reason"], "meeting_ended");
    assert_eq!(phone.receives("missed_call").await.body["from"]["user_id"], alice.id.as_str());
}

// Proves: T46
#[tokio::test]
async fn a_member_who_is_not_the_host_and_a_stranger_may_not() {
    let (alice, bob, mallory) = (User::new("Alice"), User::new("Bob"), User::new("Mallory"));
    let (mut caller, mut phone, stranger) =
        (alice.on("phone").await, bob.on("phone").await, mallory.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let refused = phone.is_refused("destroy", call.request("destroy_meeting")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("not_host", 403));
    let refused = stranger.is_refused("destroy", call.request("destroy_meeting")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("forbidden", 403));
    assert_eq!(
        caller.requests("attend", call.request("refresh_token")).await.kind,
        "token",
        "the call goes on"
    );
}

#[tokio::test]
async fn a_create_request_can_be_taken_back_by_its_own_id() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let create = request("create-meeting", direct(&bob));
    let call = Call::of(&caller.sends(&create).await);
    phone.receives("invitation").await;
    let answer =
        caller.requests("destroy", json!({"type": "destroy_meeting", "create_id": create.id()})).await;
    assert_eq!(
        (answer.kind.as_str(), answer.meeting_id.as_deref()),
        ("meeting_ended", Some(call.meeting_id.as_str()))
    );
    assert_eq!(phone.receives("invitation_closed").await.body["invite_id"], call.invite_id);
}

#[tokio::test]
async fn a_create_request_that_is_taken_back_before_it_comes_never_rings() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let create = request("create-meeting", direct(&bob));
    let answer =
        caller.requests("destroy", json!({"type": "destroy_meeting", "create_id": create.id()})).await;
    assert_eq!((answer.kind.as_str(), &answer.body["reason"]), ("meeting_ended", &"cancelled".into()));
    let refused = crate::device::refusal(caller.terminal.request_uplink(&create).await);
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("cancelled")));
    assert_eq!(phone.remaining_notices(&[caller.client_id()]).await, Vec::<String>::new());
}

#[tokio::test]
async fn nobody_takes_back_the_create_request_of_another_by_guessing_its_id() {
    let (alice, bob, mallory) = (User::new("Alice"), User::new("Bob"), User::new("Mallory"));
    let (caller, mut phone, stranger) =
        (alice.on("phone").await, bob.on("phone").await, mallory.on("phone").await);
    let create = request("create-meeting", direct(&bob));
    let call = Call::of(&caller.sends(&create).await);
    stranger.requests("destroy", json!({"type": "destroy_meeting", "create_id": create.id()})).await;
    assert_eq!(phone.remaining_notices(&[stranger.client_id(), caller.client_id()]).await, ["invitation"]);
    assert_eq!(
        caller.requests("attend", call.request("refresh_token")).await.kind,
        "token",
        "the call goes on"
    );
}
