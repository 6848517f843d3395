//! Requests about meetings of other users, ended meetings, and meetings that never existed.

use crate::calls::{Call, rings, talks};
use crate::user::User;
use serde_json::{Value, json};

/// Every request about a meeting that is answered, with its function.
fn answered_requests(call: &Call) -> [(&'static str, Value); 5] {
    [
        ("answer", call.about_invitation("accept")),
        ("answer", call.about_invitation("reject")),
        ("attend", call.request("refresh_token")),
        ("attend", call.request("leave")),
        ("destroy", call.request("destroy_meeting")),
    ]
}

/// Every request about a meeting that is not answered.
fn unanswered_requests(call: &Call) -> [(&'static str, Value); 2] {
    [("answer", call.about_invitation("ringing")), ("attend", call.joined())]
}

#[tokio::test]
async fn a_meeting_that_never_was_is_not_found() {
    let mut device = User::new("Alice").on("phone").await;
    let call = Call {
        meeting_id: "nosuchmeeting".to_owned(),
        invite_id: "nosuchinvite".to_owned(),
        created: Value::Null,
    };
    for (function, fields) in answered_requests(&call) {
        let refused = device.is_refused(function, fields.clone()).await;
        assert_eq!((refused.code.as_str(), refused.sip), ("meeting_not_found", 404), "{fields}");
    }
    for (function, fields) in unanswered_requests(&call) {
        device.sends_once(function, fields.clone()).await;
        assert_eq!(device.receives("error").await.body["code"], "meeting_not_found", "{fields}");
    }
    device.wrote_nothing().await;
}

#[tokio::test]
async fn a_meeting_of_others_is_forbidden_and_stays_as_it_is() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let mut stranger = User::new("Mallory").on("phone").await;
    let call = rings(&mut caller, &bob, &mut phone).await;
    for (function, fields) in answered_requests(&call) {
        let refused = stranger.is_refused(function, fields.clone()).await;
        assert_eq!((refused.code.as_str(), refused.sip), ("forbidden", 403), "{fields}");
    }
    for (function, fields) in unanswered_requests(&call) {
        stranger.sends_once(function, fields.clone()).await;
        assert_eq!(stranger.receives("error").await.body["code"], "forbidden", "{fields}");
    }
    stranger.wrote_nothing().await;
    assert_eq!(phone.requests("answer", call.about_invitation("accept")).await.kind, "invitation_accepted");
}

#[tokio::test]
async fn a_meeting_that_is_over_says_why_before_any_other_refusal() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let mut stranger = User::new("Mallory").on("phone").await;
    let call = talks(&mut caller, &bob, &mut phone).await;
    caller.requests("attend", call.request("leave")).await;
    phone.receives("meeting_ended").await;

    for device in [&mut phone, &mut stranger] {
        for (function, fields) in
            answered_requests(&call).into_iter().filter(|(function, _)| *function != "destroy")
        {
            let refused = device.is_refused(function, fields.clone()).await;
            let outcome = (refused.code.as_str(), refused.reason.as_deref(), refused.sip);
            assert_eq!(outcome, ("meeting_ended", Some("completed"), 410), "{fields}");
        }
        for (function, fields) in unanswered_requests(&call) {
            device.sends_once(function, fields.clone()).await;
            let error = device.receives("error").await;
            assert_eq!(
                (&error.body["code"], &error.body["reason"]),
                (&"meeting_ended".into(), &"completed".into())
            );
        }
    }
    stranger.wrote_nothing().await;
    let ended = caller.requests("destroy", call.request("destroy_meeting")).await;
    assert_eq!((ended.kind.as_str(), &ended.body["reason"]), ("meeting_ended", &"completed".into()));
}

#[tokio::test]
async fn an_invitation_of_another_meeting_or_of_none_is_not_found() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let mut call = rings(&mut caller, &bob, &mut phone).await;
    call.invite_id = "nosuchinvite".to_owned();
    for kind in ["accept", "reject"] {
        let refused = phone.is_refused("answer", call.about_invitation(kind)).await;
        assert_eq!((refused.code.as_str(), refused.sip), ("invitation_not_found", 481), "{kind}");
    }
    phone.sends_once("answer", call.about_invitation("ringing")).await;
    assert_eq!(phone.receives("error").await.body["code"], "invitation_not_found");
    phone.wrote_nothing().await;
}

#[tokio::test]
async fn what_cannot_be_an_id_is_a_bad_request_at_its_path() {
    let device = User::new("Alice").on("phone").await;
    for bad in [json!("a b"), json!("a/b#"), json!(""), json!("x".repeat(65)), json!(7), json!(["m"])] {
        for (function, kind) in [("attend", "leave"), ("destroy", "destroy_meeting")] {
            let refused = device.is_refused(function, json!({"type": kind, "meeting_id": bad})).await;
            assert_eq!(
                (refused.code.as_str(), refused.path.as_deref()),
                ("bad_request", Some("meeting_id")),
                "{bad}"
            );
        }
    }
    device.wrote_nothing().await;
}
