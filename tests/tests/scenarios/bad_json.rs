//! Requests in forms that the grammar of JSON allows and a strict parser refuses.

use crate::device::Device;
use crate::user::User;
use serde_json::{Value, json};

/// Publishes a create request with these members, unchanged, between the two texts of `around`. Returns the answer.
async fn answer(device: &mut Device, id: &str, members: &str, invitee: &User, around: (&str, &str)) -> Value {
    let request = format!(
        r#"{}{{"type":"create_meeting","id":"{id}","mode":"group","media":"audio","invitees":["{}"],{members}}}{}"#,
        around.0, invitee.id, around.1
    );
    device.terminal.publish("call-up/create-meeting", request.into_bytes()).await.expect("connected");
    device.answer_to(id).await
}

/// Empty texts around a request.
const BARE: (&str, &str) = ("", "");

#[tokio::test]
async fn half_an_emoji_is_repaired_and_the_answer_names_the_request() {
    let (mut alice, bob) = (User::new("Alice").on("phone").await, User::new("Bob"));
    for (id, members, pointer) in [
        ("c1", r#""v":1,"title":"Lunch \ud83c""#, Some("/meeting/title")),
        ("c2", r#""v":1,"title":"Lunch \udf5d""#, Some("/meeting/title")),
        ("c3", r#""v":1,"ext":{"note":"Lunch \ud83c"}"#, Some("/meeting/ext/note")),
        ("c4", r#""v":1,"ext":{"\udf5d":1}"#, Some("/meeting/ext/\u{fffd}")),
        ("c5", r#""v":1,"colour":["\ud83c"]"#, None),
    ] {
        let created = answer(&mut alice, id, members, &bob, BARE).await;
        assert_eq!(created["type"], "meeting_created", "{created}");
        if let Some(pointer) = pointer {
            let expected = if id == "c4" { json!(1) } else { json!("Lunch \u{fffd}") };
            assert_eq!(created.pointer(pointer), Some(&expected), "{created}");
        }
        alice.requests("attend", json!({"type": "leave", "meeting_id": created["meeting_id"]})).await;
    }
    for (id, members) in [
        ("c6", r#""v":1,"x":1e999"#.to_owned()),
        ("c7", format!(r#""v":1,"x":{}"#, "[".repeat(200) + &"]".repeat(200))),
    ] {
        let error = answer(&mut alice, id, &members, &bob, BARE).await;
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("bad_request")), "{error}");
    }
}

#[tokio::test]
async fn whole_numbers_count_however_they_are_written() {
    let (mut alice, bob) = (User::new("Alice").on("phone").await, User::new("Bob"));
    let mut bobs = bob.online("phone").await;
    for (id, members) in [
        ("n1", r#""v":1.0"#),
        ("n2", r#""v":1,"ring_seconds":30.0"#),
        ("n3", r#""v":1,"ttl_ms":10000.0"#),
        ("n4", r#""v":1,"ttl_ms":1e4"#),
    ] {
        let created = answer(&mut alice, id, members, &bob, BARE).await;
        assert_eq!(created["type"], "meeting_created", "{created}");
        let offer = bobs.receives("invitation").await;
        if id == "n2" {
            assert!(offer.body["deadline_in_ms"].as_i64().is_some_and(|left| left <= 30_000), "{offer:?}");
        }
        alice.requests("attend", json!({"type": "leave", "meeting_id": created["meeting_id"]})).await;
    }
    let refused = answer(&mut alice, "n5", r#""v":1,"ring_seconds":30.5"#, &bob, BARE).await;
    assert_eq!((&refused["code"], &refused["path"]), (&json!("bad_request"), &json!("ring_seconds")));
}

#[tokio::test]
async fn bytes_around_a_request_are_ignored() {
    let (mut alice, bob) = (User::new("Alice").on("phone").await, User::new("Bob"));
    let created = answer(&mut alice, "b1", r#""v":1"#, &bob, ("\u{feff}", "\0\0")).await;
    assert_eq!(created["type"], "meeting_created", "{created}");
}
