//! Call history: who called whom, the result, and pages.

use crate::calls::{rings, talks};
use crate::device::{Device, request};
use crate::user::User;
use serde_json::{Value, json};

/// The user's past calls once there are `count`: they are written after the end was published.
async fn calls(device: &Device, count: usize) -> Vec<Value> {
    let deadline = tokio::time::Instant::now() + crate::device::DEADLINE;
    loop {
        let answer = device.requests("sync", json!({"type": "history"})).await;
        let calls = answer.body["calls"].as_array().expect("a list").clone();
        if calls.len() >= count {
            return calls;
        }
        assert!(tokio::time::Instant::now() < deadline, "only {calls:?}");
    }
}

// Proves: T47
#[tokio::test]
async fn both_sides_remember_a_call_and_how_long_it_was() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    caller.requests("attend", call.request("leave")).await;
    let ended = phone.receives("meeting_ended").await;
    for (device, peer, direction) in [(&caller, &bob, "out"), (&phone, &alice, "in")] {
        let entry = &calls(device, 1).await[0];
        assert_eq!(
            (&entry["meeting_id"], &entry["peers"], &entry["direction"], &entry["reason"]),
            (&json!(call.meeting_id), &json!([peer.id]), &json!(direction), &json!("completed"))
        );
        assert_eq!(entry["duration_ms"], ended.body["duration_ms"]);
    }
}

#[tokio::test]
async fn a_call_that_was_declined_has_no_duration_and_calls_come_newest_first_page_by_page() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let mut meetings = Vec::new();
    for _ in 0..3 {
        let call = rings(&mut caller, &bob, &mut phone).await;
        phone.requests("answer", call.about_invitation("reject")).await;
        caller.receives("meeting_ended").await;
        meetings.insert(0, call.meeting_id);
    }
    let all = calls(&caller, 3).await;
    assert_eq!(all.iter().map(|entry| entry["meeting_id"].clone()).collect::<Vec<_>>(), meetings);
    assert_eq!((&all[0]["reason"], &all[0]["duration_ms"]), (&json!("all_declined"), &json!(0)));
    assert_eq!(calls(&phone, 3).await[0]["reason"], "declined");

    let first = caller.requests("sync", json!({"type": "history", "limit": 2})).await;
    let cursor = first.body["cursor"].as_str().expect("another page follows").to_owned();
    let second = caller.requests("sync", json!({"type": "history", "limit": 2, "cursor": cursor})).await;
    assert_eq!(second.body["calls"][0]["meeting_id"], json!(meetings[2]));
    assert_eq!(second.body.get("cursor"), None);
}

#[tokio::test]
async fn a_limit_or_a_cursor_that_makes_no_sense_is_named() {
    let alice = User::new("Alice");
    let phone = alice.on("phone").await;
    for (field, value) in [("limit", json!(51)), ("limit", json!(0)), ("cursor", json!("yesterday"))] {
        let mut fields = json!({"type": "history"});
        fields[field] = value;
        let refused = phone.is_refused("sync", fields).await;
        assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some(field)));
    }
    let unknown = phone.terminal.request_uplink(&request("sync", json!({"type": "past"}))).await;
    assert!(unknown.is_err());
}
