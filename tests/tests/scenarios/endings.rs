//! The end of a meeting's time: warnings, the end itself, and meetings that were never used.

use crate::calls::Call;
use crate::rooms::Room;
use crate::stack::Stack;
use crate::user::User;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn t44_t45_members_are_warned_before_their_time_is_over_and_then_it_is() {
    let stack = Stack::own();
    let (bob, carol) = (User::at(&stack, "Bob"), User::at(&stack, "Carol"));
    let mut room = Room::of(&stack, &[&bob], json!({"max_minutes": 8})).await;
    let (mut phone, mut carols) = (bob.on("phone").await, carol.on("phone").await);
    room.accepts(&bob, &phone).await;
    stack.advance_clock_when_idle(Duration::from_secs(3 * 60 + 2)).await;
    for device in [&mut room.host, &mut phone] {
        let ending = device.receives("meeting_ending").await;
        let in_ms = ending.body["in_ms"].as_i64().expect("milliseconds");
        assert!((60_001..=300_000).contains(&in_ms), "{in_ms}");
        assert_eq!(ending.body["reason"], "max_duration");
    }
    stack.advance_clock_when_idle(Duration::from_mins(4)).await;
    for device in [&mut room.host, &mut phone] {
        let in_ms = device.receives("meeting_ending").await.body["in_ms"].as_i64().expect("milliseconds");
        assert!((1..=60_000).contains(&in_ms), "{in_ms}");
    }
    let invite = room.request("invite", json!({"invitees": [carol.id], "ring_seconds": 180}));
    room.host.requests("invite", invite).await;
    carols.receives("invitation").await;
    stack.advance_clock_when_idle(Duration::from_secs(62)).await;
    for device in [&mut room.host, &mut phone] {
        assert_eq!(device.receives("meeting_ended").await.body["reason"], "max_duration");
    }
    assert_eq!(carols.receives("invitation_closed").await.body["reason"], "meeting_ended");
    carols.receives("missed_call").await;
    let refused = phone.is_refused("attend", room.join()).await;
    assert_eq!(
        (refused.code.as_str(), refused.reason.as_deref()),
        ("meeting_ended", Some("max_duration")),
        "t48"
    );
}

#[tokio::test]
async fn t44_a_meeting_that_was_extended_goes_on() {
    let stack = Stack::own();
    let mut room = Room::of(&stack, &[], json!({"max_minutes": 2})).await;
    stack.advance_clock_when_idle(Duration::from_secs(62)).await;
    room.host.receives("meeting_ending").await;
    room.host.requests("moderate", room.request("update_meeting", json!({"extend_minutes": 10}))).await;
    let ends_s = (stack.now_ms().await + 10 * 60_000) / 1_000;
    for (sort, what) in [("slot".to_owned(), "busy"), (format!("invited#{}", room.meeting_id), "found")] {
        let user = room.host.client_id().split("@@@").last().and_then(|device| device.split('.').next());
        let item = stack.item(&format!("user#{}", user.expect("a client id")), &sort).await;
        let until_s: i64 =
            item["expires_at"]["N"].as_str().and_then(|s| s.parse().ok()).expect("the item has an expiry");
        assert!(until_s >= ends_s, "its participants are {what} as long as the meeting goes on: {item}");
    }
    stack.advance_clock_when_idle(Duration::from_secs(90)).await;
    assert_eq!(room.host.requests("attend", room.request("refresh_token", json!({}))).await.kind, "token");
    stack.advance_clock_when_idle(Duration::from_mins(5)).await;
    room.host.receives("meeting_ending").await;
}

#[tokio::test]
async fn t43_a_meeting_that_nobody_ever_used_ends() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let mut host = alice.online("phone").await;
    let created = host.requests("create-meeting", crate::calls::group(&[&bob])).await;
    let phone = bob.on("phone").await;
    let call = Call::to(&created, &bob);
    phone.requests("answer", call.about_invitation("reject")).await;
    stack.advance_clock_when_idle(Duration::from_secs(302)).await;
    assert_eq!(host.receives("meeting_ended").await.body["reason"], "unused");
}

#[tokio::test]
async fn t39_t41_t42_an_empty_room_waits_a_little() {
    let stack = Stack::own();
    let bob = User::at(&stack, "Bob");
    let mut room = Room::of(&stack, &[&bob], json!({"policy": {"host_leave": "continue"}})).await;
    let leave = room.request("leave", json!({}));
    room.host.requests("attend", leave.clone()).await;
    stack.advance_clock_when_idle(Duration::from_secs(20)).await;
    assert_eq!(room.host.requests("attend", room.join()).await.body["meeting"]["state"], "empty");
    room.enters(&room.host).await;
    stack.advance_clock_when_idle(Duration::from_secs(20)).await;
    assert_eq!(room.view().await["state"], "active");
    room.host.requests("attend", leave).await;
    stack.advance_clock_when_idle(Duration::from_secs(32)).await;
    let refused = room.host.is_refused("attend", room.join()).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("empty")));
    room.host.remaining_notices(&[]).await;
}
