//! Call history: who called whom, the result, and pages.

use crate::calls::{Call, group, rings, talks};
use crate::device::{Device, request};
use crate::media::channel;
use crate::rtc_service::RtcService;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Returns the user's past calls once there are `count` of them. The service writes a call after it has published the
/// end.
pub async fn calls(device: &Device, count: usize) -> Vec<Value> {
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
    let lasted = ended.body["duration_ms"].as_i64().expect("a duration");
    for (device, peer, direction) in [(&caller, &bob, "out"), (&phone, &alice, "in")] {
        let entry = &calls(device, 1).await[0];
        assert_eq!(
            (&entry["meeting_id"], &entry["peers"], &entry["direction"], &entry["reason"]),
            (&json!(call.meeting_id), &json!([peer.id]), &json!(direction), &json!("completed"))
        );
        // The first side in the media waited for the other one.
        let own = entry["left_ms"].as_i64().expect("a time") - entry["joined_ms"].as_i64().expect("a time");
        assert_eq!(entry["duration_ms"], own);
        assert!(own >= lasted, "{entry}");
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

/// Case `talk-time`. Bob accepts and never reaches the media, Dave leaves after a while, and Alice ends the call after
/// ten minutes.
#[tokio::test]
async fn t57_who_never_reached_the_media_has_no_talk_time_and_everybody_has_an_own_end() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let [alice, bob, carol, dave] = ["Alice", "Bob", "Carol", "Dave"].map(|name| User::at(&stack, name));
    let host = alice.on("phone").await;
    let (bobs, carols, daves) = (bob.on("phone").await, carol.on("phone").await, dave.on("phone").await);
    let created = host.requests("create-meeting", group(&[&bob, &carol, &dave])).await;
    for (device, user) in [(&bobs, &bob), (&carols, &carol), (&daves, &dave)] {
        device.requests("answer", Call::to(&created, user).about_invitation("accept")).await;
    }
    let call = Call::to(&created, &bob);
    let room = channel(&call.created);
    for (device, user) in [(&host, &alice), (&carols, &carol), (&daves, &dave)] {
        rtc.enters(&room, user.id.as_str());
        device.sends_once("attend", call.joined()).await;
    }
    stack.advance_clock_when_idle(Duration::from_secs(26)).await;
    stack.wake_meeting(&call.meeting_id).await;
    stack.advance_clock_when_idle(Duration::from_secs(94)).await;
    daves.requests("attend", call.request("leave")).await;
    stack.advance_clock_when_idle(Duration::from_mins(8)).await;
    host.requests("destroy", call.request("destroy_meeting")).await;

    let bobs = &calls(&bobs, 1).await[0];
    assert_eq!((&bobs["reason"], &bobs["duration_ms"]), (&json!("failed"), &json!(0)));
    assert_eq!((bobs.get("started_ms"), bobs.get("joined_ms")), (None, None));
    assert!(bobs["answered_ms"].is_i64(), "{bobs}");
    let daves = &calls(&daves, 1).await[0];
    let minutes = |call: &Value| call["duration_ms"].as_i64().expect("a duration") / 60_000;
    assert_eq!((&daves["reason"], &daves["sip"]), (&json!("left"), &json!(200)));
    assert_eq!(minutes(daves), 2, "{daves}");
    let carols = &calls(&carols, 1).await[0];
    assert_eq!((&carols["reason"], minutes(carols)), (&json!("host_ended"), 10), "{carols}");
}
