//! Requests with missing, wrong or too long fields: the answer names the path, and nothing is written.

use crate::calls::direct;
use crate::user::User;
use serde_json::{Map, Value, json};

/// A create request with `changes` to its fields; `null` removes a field.
fn create(changes: &Value) -> Value {
    let mut fields = direct(&User::new("Bob"));
    for (field, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            fields.as_object_mut().expect("an object").remove(field);
        } else {
            fields[field] = value.clone();
        }
    }
    fields
}

/// Checks that this request of a new user is refused with this code at this path, and that nothing is written.
async fn is_refused_at(function: &str, fields: Value, code: &str, path: &str) {
    let device = User::new("Alice").on("phone").await;
    let refused = device.is_refused(function, fields.clone()).await;
    assert_eq!((refused.code.as_str(), refused.path.as_deref()), (code, Some(path)), "{fields}: {refused}");
    device.wrote_nothing().await;
}

#[tokio::test]
async fn a_missing_field_is_named() {
    for field in ["mode", "media", "invitees"] {
        is_refused_at("create-meeting", create(&json!({ field: null })), "bad_request", field).await;
    }
    let accept = json!({"type": "accept", "meeting_id": "m1", "invite_id": "i1", "media": "audio"});
    for field in ["meeting_id", "invite_id", "media"] {
        let mut fields = accept.clone();
        fields.as_object_mut().expect("an object").remove(field);
        is_refused_at("answer", fields, "bad_request", field).await;
    }
    for kind in ["leave", "refresh_token", "report_media"].into_iter().filter(|kind| *kind != "report_media")
    {
        is_refused_at("attend", json!({"type": kind}), "bad_request", "meeting_id").await;
    }
    is_refused_at("destroy", json!({"type": "destroy_meeting"}), "bad_request", "meeting_id").await;
}

#[tokio::test]
async fn null_is_a_missing_field() {
    let mut fields = direct(&User::new("Bob"));
    fields["media"] = Value::Null;
    is_refused_at("create-meeting", fields, "bad_request", "media").await;
}

// Proves: client-mistakes
#[tokio::test]
async fn a_wrong_field_is_named_however_deep_it_is() {
    let wrong = [
        (json!({"mode": "trio"}), "mode"),
        (json!({"media": 7}), "media"),
        (json!({"invitees": "bob"}), "invitees"),
        (json!({"invitees": [5]}), "invitees[0]"),
        (json!({"invitees": ["b/ob#"]}), "invitees[0]"),
        (json!({"title": ["x"]}), "title"),
        (json!({"title": "x".repeat(201)}), "title"),
        (json!({"policy": {"join": "maybe"}}), "policy.join"),
        (json!({"policy": "open"}), "policy"),
        (json!({"ring_seconds": 9}), "ring_seconds"),
        (json!({"ring_seconds": 181}), "ring_seconds"),
        (json!({"ring_seconds": "45"}), "ring_seconds"),
        (json!({"max_participants": 101}), "max_participants"),
        (json!({"max_minutes": 0}), "max_minutes"),
        (json!({"max_minutes": 1441}), "max_minutes"),
        (json!({"ext": "text"}), "ext"),
        (json!({"ext": {"a": "x".repeat(2048)}}), "ext"),
    ];
    for (changes, path) in wrong {
        is_refused_at("create-meeting", create(&changes), "bad_request", path).await;
    }
    let reject = |reason: &str, text: usize| json!({"type": "reject", "meeting_id": "m1", "invite_id": "i1", "reason": reason, "text": "x".repeat(text)});
    is_refused_at("answer", reject("bored", 1), "bad_request", "reason").await;
    is_refused_at("answer", reject("other", 201), "bad_request", "text").await;
}

#[tokio::test]
async fn inviting_oneself_is_refused() {
    let alice = User::new("Alice");
    let device = alice.on("phone").await;
    for (mode, invitees, path) in
        [("direct", json!([alice.id]), "invitees[0]"), ("group", json!(["bob", alice.id]), "invitees[1]")]
    {
        let mut fields = direct(&alice);
        fields["mode"] = json!(mode);
        fields["invitees"] = invitees;
        let refused = device.is_refused("create-meeting", fields).await;
        assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some(path)), "{mode}");
    }
    device.wrote_nothing().await;
}

#[tokio::test]
async fn duplicate_invitees_are_refused() {
    let changes = json!({"mode": "group", "invitees": ["bob", "carol", "bob"]});
    is_refused_at("create-meeting", create(&changes), "bad_request", "invitees[2]").await;
}

#[tokio::test]
async fn more_invitees_than_a_request_may_have_are_refused() {
    for count in [50, 101] {
        let invitees: Vec<String> = (0..count).map(|n| format!("user{n}")).collect();
        let changes = json!({"mode": "group", "invitees": invitees});
        is_refused_at("create-meeting", create(&changes), "too_many_invitees", "invitees").await;
    }
}

#[tokio::test]
async fn a_direct_call_has_exactly_one_invitee() {
    for invitees in [json!([]), json!(["bob", "carol"])] {
        is_refused_at("create-meeting", create(&json!({ "invitees": invitees })), "bad_request", "invitees")
            .await;
    }
}

#[tokio::test]
async fn a_destroy_by_both_ids_is_refused() {
    let fields = json!({"type": "destroy_meeting", "meeting_id": "m1", "create_id": "c1"});
    is_refused_at("destroy", fields, "bad_request", "create_id").await;
}

#[tokio::test]
async fn what_is_sent_once_is_refused_as_news() {
    let mut device = User::new("Alice").on("phone").await;
    device
        .sends_once("attend", json!({"type": "report_media", "meeting_id": "m1", "state": "dancing"}))
        .await;
    let error = device.receives("error").await;
    assert_eq!((&error.body["code"], &error.body["path"]), (&"bad_request".into(), &"state".into()));
    assert!(error.answers().is_some(), "the error names its request");
}

#[tokio::test]
async fn fields_that_nobody_knows_are_ignored() {
    let device = User::new("Alice").on("phone").await;
    let unknown = Map::from_iter([("from_the_future".to_owned(), json!({"deep": [1, 2, {"er": null}]}))]);
    let created = device.requests("create-meeting", create(&Value::Object(unknown))).await;
    assert_eq!(created.kind, "meeting_created");
}
