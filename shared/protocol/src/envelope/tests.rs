//! Tests that every kind of malformed input is refused.

use super::super::requests::{AnswerRequest, CreateRequest, DestroyRequest};
use super::*;
use crate::requests::{InviteRequest, ModerateRequest};
use serde_json::json;

fn refused<R: Requests + std::fmt::Debug>(payload: &str) -> (Option<String>, Code, Option<String>) {
    let unreadable = read::<R>(payload.as_bytes()).expect_err("must be refused");
    assert!(!unreadable.message.is_empty());
    (unreadable.re.map(String::from), unreadable.code, unreadable.path)
}

fn create(change: impl FnOnce(&mut Value)) -> String {
    let mut body = json!({"v": 1, "type": "create_meeting", "id": "c1", "mode": "direct", "media": "audio", "invitees": ["bob"]});
    change(&mut body);
    body.to_string()
}

fn bad(path: &str) -> (Option<String>, Code, Option<String>) {
    (Some("c1".to_owned()), Code::BadRequest, Some(path.to_owned()))
}

#[test]
fn a_whole_request_is_read_and_unknown_fields_and_nulls_are_ignored() {
    let payload = create(|body| {
        body["title"] = Value::Null;
        body["colour"] = json!("red");
        body["policy"] = json!({"join": null, "busy": "ring"});
    });
    let envelope = read::<CreateRequest>(payload.as_bytes()).expect("well formed");
    let CreateRequest::CreateMeeting(create) = envelope.request;
    assert_eq!((envelope.ttl_ms, create.title), (DEFAULT_TTL_MS, None));
    assert_eq!(create.policy.expect("was given").busy, super::super::object::BusyPolicy::Ring);
}

#[test]
fn a_value_that_no_parser_takes_is_refused_with_its_path() {
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    for (ext, path) in
        [(r#"{"a":[1,{"b":1e999}]}"#, "ext.a[1].b"), (&format!(r#"{{"a":{deep}}}"#), "ext.a[0][0]")]
    {
        let payload = format!(r#"{{"v":1,"type":"create_meeting","id":"c1","ext":{ext}}}"#);
        let (re, code, found) = refused::<CreateRequest>(&payload);
        assert_eq!((re.as_deref(), code), (Some("c1"), Code::BadRequest));
        assert!(found.as_deref().is_some_and(|found| found.starts_with(path)), "{found:?}");
    }
}

#[test]
fn an_uplink_without_a_usable_id_is_refused_without_an_id() {
    for payload in ["", "\0", "not JSON", "[]", "42", "\"text\"", "{\"id\":\"c1\""] {
        assert_eq!(refused::<CreateRequest>(payload), (None, Code::BadRequest, None), "{payload:?}");
    }
    for payload in [
        "{}",
        "\u{feff}{}",
        r#"{"id":7}"#,
        r#"{"id":""}"#,
        &format!(r#"{{"id":"{}"}}"#, "a".repeat(65)),
        r#"{"id":"a b"}"#,
    ] {
        assert_eq!(
            refused::<CreateRequest>(payload),
            (None, Code::BadRequest, Some("id".to_owned())),
            "{payload}"
        );
    }
}

// Proves: client-mistakes
#[test]
fn a_missing_or_wrong_field_is_named_with_its_path() {
    assert_eq!(refused::<CreateRequest>(&create(|body| body["mode"] = Value::Null)), bad("mode"));
    assert_eq!(refused::<CreateRequest>(&create(|body| body["media"] = json!("smell"))), bad("media"));
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["invitees"] = json!(["bob", "b b"]))),
        bad("invitees[1]")
    );
    assert_eq!(refused::<CreateRequest>(&create(|body| body["invitees"] = json!("bob"))), bad("invitees"));
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["policy"] = json!({"join": "all"}))),
        bad("policy.join")
    );
    assert_eq!(refused::<CreateRequest>(&create(|body| body["policy"] = json!([]))), bad("policy"));
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["ring_seconds"] = json!(9))),
        bad("ring_seconds")
    );
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["ring_seconds"] = json!(-1))),
        bad("ring_seconds")
    );
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["max_minutes"] = json!(1441))),
        bad("max_minutes")
    );
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["max_participants"] = json!(101))),
        bad("max_participants")
    );
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["title"] = json!("t".repeat(201)))),
        bad("title")
    );
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["ext"] = json!({"a": "x".repeat(2048)}))),
        bad("ext")
    );
    assert_eq!(refused::<CreateRequest>(&create(|body| body["ttl_ms"] = json!(60_001))), bad("ttl_ms"));
    assert_eq!(refused::<CreateRequest>(&create(|body| body["ttl_ms"] = json!("10"))), bad("ttl_ms"));
}

#[test]
fn unknown_types_versions_and_topics_are_refused() {
    assert_eq!(refused::<CreateRequest>(&create(|body| body["type"] = json!("dance"))), bad("type"));
    assert_eq!(refused::<AnswerRequest>(&create(|_| ())), bad("type"));
    assert_eq!(refused::<CreateRequest>(&create(|body| body["type"] = json!(5))), bad("type"));
    assert_eq!(refused::<CreateRequest>(&create(|body| body["v"] = Value::Null)), bad("v"));
    let (_, code, path) = refused::<CreateRequest>(&create(|body| body["v"] = json!(2)));
    assert_eq!((code, path.as_deref()), (Code::UnsupportedVersion, Some("v")));
}

#[test]
fn invitees_are_counted_and_unique() {
    let many: Vec<String> = (0..101).map(|n| format!("user{n}")).collect();
    let (_, code, path) = refused::<CreateRequest>(&create(|body| {
        body["mode"] = json!("group");
        body["invitees"] = json!(many);
    }));
    assert_eq!((code, path.as_deref()), (Code::TooManyInvitees, Some("invitees")));
    let twice = |body: &mut Value| {
        body["mode"] = json!("group");
        body["invitees"] = json!(["bob", "eve", "bob"]);
    };
    assert_eq!(refused::<CreateRequest>(&create(twice)), bad("invitees[2]"));
    assert_eq!(refused::<CreateRequest>(&create(|body| body["invitees"] = json!([]))), bad("invitees"));
    assert_eq!(
        refused::<CreateRequest>(&create(|body| body["invitees"] = json!(["bob", "eve"]))),
        bad("invitees")
    );
}

#[test]
fn over_16_kilobytes_is_too_large() {
    let (re, code, _) =
        refused::<CreateRequest>(&create(|body| body["padding"] = json!("x".repeat(MAX_UPLINK_BYTES))));
    assert_eq!((re.as_deref(), code), (Some("c1"), Code::TooLarge));
}

#[test]
fn destroy_takes_one_of_two_ids() {
    let body = json!({"v": 1, "type": "destroy_meeting", "id": "c1"});
    assert_eq!(refused::<DestroyRequest>(&body.to_string()), bad("meeting_id"));
    let body = json!({"v": 1, "type": "destroy_meeting", "id": "c1", "meeting_id": "m", "create_id": "c"});
    assert_eq!(refused::<DestroyRequest>(&body.to_string()), bad("create_id"));
}

#[test]
fn the_order_of_members_does_not_change_the_hash() {
    let one = read::<CreateRequest>(
        br#"{"v":1,"type":"create_meeting","id":"c1","mode":"direct","media":"audio","invitees":["bob"]}"#,
    );
    let two = read::<CreateRequest>(
        br#"{"id":"c1","v":1,"mode":"direct","invitees":["bob"],"media":"audio","type":"create_meeting"}"#,
    );
    assert_eq!(one.expect("read").hash, two.expect("read").hash);
}

#[test]
fn a_null_in_an_object_of_a_request_is_a_field_that_is_absent_and_the_apps_object_keeps_it() {
    let payload = create(|body| {
        body["roles"] = json!({"bob": "cohost", "carol": null});
        body["ext"] = json!({"a": null, "b": {"c": null}});
    });
    let envelope = read::<CreateRequest>(payload.as_bytes()).expect("well formed");
    let CreateRequest::CreateMeeting(create) = envelope.request;
    let roles = create.roles.expect("was given");
    assert_eq!(roles.keys().map(|user| user.as_str()).collect::<Vec<_>>(), ["bob"]);
    assert_eq!(json!(create.ext), json!({"a": null, "b": {"c": null}}));
}

#[test]
fn an_entry_of_a_list_is_named_with_its_position() {
    for kind in ["admit", "deny"] {
        let body = |users: Value| {
            json!({"v": 1, "type": kind, "id": "c1", "meeting_id": "m1", "users": users}).to_string()
        };
        for (users, path) in [
            (json!(["bob", "no spaces"]), "users[1]"),
            (json!(["bob", "carol", 7]), "users[2]"),
            (json!(["bob", null]), "users[1]"),
            (json!(["bob", "bob"]), "users[1]"),
            (json!("bob"), "users"),
            (json!({"bob": true}), "users"),
            (json!([]), "users"),
        ] {
            assert_eq!(refused::<ModerateRequest>(&body(users.clone())), bad(path), "{kind} {users}");
        }
        for users in [json!("*"), json!(["bob", "carol"])] {
            assert!(read::<ModerateRequest>(body(users.clone()).as_bytes()).is_ok(), "{kind} {users}");
        }
    }
}

#[test]
fn more_users_than_a_request_may_name_are_refused_with_a_code_of_that_request() {
    let users: Vec<String> = (0..50).map(|at| format!("u{at}")).collect();
    let body = |kind: &str| {
        json!({"v": 1, "type": kind, "id": "c1", "meeting_id": "m1", "invitees": users}).to_string()
    };
    assert_eq!(refused::<InviteRequest>(&body("cancel_invite")), bad("invitees"));
    let too_many = (Some("c1".to_owned()), Code::TooManyInvitees, Some("invitees".to_owned()));
    assert_eq!(refused::<InviteRequest>(&body("invite")), too_many);
}
