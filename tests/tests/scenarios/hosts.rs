//! Hosts: leaving, transfer, cohosts, and changes of the policy.

use crate::device::Device;
use crate::rooms::{Room, meeting_view, participant};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// A group with this policy for the case that its host leaves; Bob and Carol are in.
async fn room(stack: &Stack, host_leave: &str) -> (Room, [User; 2], [Device; 2]) {
    let (bob, carol) = (User::at(stack, "Bob"), User::at(stack, "Carol"));
    let room = Room::of(stack, &[&bob, &carol], json!({"policy": {"host_leave": host_leave}})).await;
    let (phone, carols) = (bob.on("phone").await, carol.on("phone").await);
    room.accepts(&bob, &phone).await;
    room.accepts(&carol, &carols).await;
    (room, [bob, carol], [phone, carols])
}

async fn alice_leaves(room: &Room) {
    room.host.requests("attend", room.request("leave", json!({}))).await;
}

#[tokio::test]
async fn t29_when_the_host_leaves_the_next_one_is_told_to_all() {
    let (room, [bob, carol], [mut phone, mut carols]) = room(Stack::shared(), "transfer").await;
    alice_leaves(&room).await;
    for device in [&mut phone, &mut carols] {
        let changed = device.receives("host_changed").await;
        assert_eq!(
            (&changed.body["host"], &changed.body["previous"]),
            (&json!(bob.id), &json!(room.alice.id))
        );
    }
    let meeting = meeting_view(&carols, &room.meeting_id).await;
    assert_eq!((&meeting["host"], &participant(&meeting, &bob)["role"]), (&json!(bob.id), &json!("host")));
    let lock = room.request("update_meeting", json!({"locked": true}));
    assert_eq!(carols.is_refused("moderate", lock.clone()).await.code, "not_host");
    phone.requests("moderate", lock).await;
    assert_eq!(participant(&meeting, &carol)["role"], "member");
}

#[tokio::test]
async fn t29_a_cohost_is_the_first_to_follow() {
    let (room, [_, carol], [mut phone, _carols]) = room(Stack::shared(), "transfer").await;
    let cohost = room.request("set_role", json!({"user_id": carol.id, "role": "cohost"}));
    let updated = room.host.requests("moderate", cohost).await;
    assert_eq!(
        (updated.kind.as_str(), &updated.body["participant"]["role"]),
        ("participant_updated", &json!("cohost"))
    );
    let seen =
        phone.receives_that("participant_updated", |news| news.body["participant"]["role"] == "cohost").await;
    assert_eq!(seen.body["participant"]["user_id"], json!(carol.id));
    alice_leaves(&room).await;
    assert_eq!(phone.receives("host_changed").await.body["host"], json!(carol.id));
}

#[tokio::test]
async fn t30_the_meeting_waits_for_its_host_and_ends_without() {
    let stack = Stack::own();
    let (room, _, [mut phone, _carols]) = room(&stack, "grace_end").await;
    alice_leaves(&room).await;
    let ending = phone.receives("meeting_ending").await;
    assert_eq!((&ending.body["in_ms"], &ending.body["reason"]), (&json!(120_000), &json!("host_left")));
    stack.advance_clock_when_idle(Duration::from_secs(100)).await;
    let back = room.host.requests("attend", room.join()).await;
    assert_eq!(participant(&back.body["meeting"], &room.alice)["role"], "host");
    room.enters(&room.host).await;
    stack.advance_clock_when_idle(Duration::from_mins(1)).await;
    assert_eq!(phone.requests("attend", room.request("refresh_token", json!({}))).await.kind, "token");
    alice_leaves(&room).await;
    phone.receives("meeting_ending").await;
    stack.advance_clock_when_idle(Duration::from_secs(122)).await;
    assert_eq!(phone.receives("meeting_ended").await.body["reason"], "host_left");
}

#[tokio::test]
async fn t31_a_meeting_ends_with_its_host_where_its_rules_say_so() {
    let (room, _, [mut phone, mut carols]) = room(Stack::shared(), "end").await;
    alice_leaves(&room).await;
    for device in [&mut phone, &mut carols] {
        assert_eq!(device.receives("meeting_ended").await.body["reason"], "host_left");
    }
}

#[tokio::test]
async fn t31_a_meeting_goes_on_without_a_host_where_its_rules_say_so() {
    let (room, [_, carol], [phone, carols]) = room(Stack::shared(), "continue").await;
    let cohost = room.request("set_role", json!({"user_id": carol.id, "role": "cohost"}));
    room.host.requests("moderate", cohost).await;
    alice_leaves(&room).await;
    let lock = room.request("update_meeting", json!({"locked": true}));
    assert_eq!(phone.is_refused("moderate", lock.clone()).await.code, "not_host");
    let updated = carols.requests("moderate", lock).await;
    assert_eq!(updated.body["meeting"]["state"], "active", "cohosts keep their powers");
    assert_eq!(
        carols.is_refused("destroy", room.request("destroy_meeting", json!({}))).await.code,
        "not_host"
    );
}

#[tokio::test]
async fn a_host_gives_the_meeting_to_somebody_else() {
    let (mut room, [bob, carol], [mut phone, carols]) = room(Stack::shared(), "end").await;
    let transfer = |user: &User| room.request("transfer_host", json!({"user_id": user.id}));
    assert_eq!(phone.is_refused("moderate", transfer(&bob)).await.code, "not_host");
    let stranger = User::at(Stack::shared(), "Mallory");
    assert_eq!(room.host.is_refused("moderate", transfer(&stranger)).await.code, "user_not_found");
    let changed = room.host.requests("moderate", transfer(&bob)).await;
    assert_eq!(
        (changed.kind.as_str(), &changed.body["host"], &changed.body["previous"]),
        ("host_changed", &json!(bob.id), &json!(room.alice.id))
    );
    phone.receives("host_changed").await;
    let role = room.request("set_role", json!({"user_id": carol.id, "role": "cohost"}));
    assert_eq!(room.host.is_refused("moderate", role.clone()).await.code, "not_host");
    phone.requests("moderate", role).await;
    alice_leaves(&room).await;
    assert_eq!(carols.requests("attend", room.request("refresh_token", json!({}))).await.kind, "token");
    assert_eq!(
        room.host.remaining_notices(&[]).await.iter().filter(|kind| *kind == "meeting_ended").count(),
        0
    );
}

#[tokio::test]
async fn what_a_host_changes_everybody_sees() {
    let (room, _, [mut phone, _carols]) = room(Stack::shared(), "transfer").await;
    let before = room.view().await;
    let change =
        json!({"title": "Standup", "locked": true, "policy": {"join": "open"}, "extend_minutes": 10});
    let updated = room.host.requests("moderate", room.request("update_meeting", change)).await;
    let news = phone.receives("meeting_updated").await;
    for meeting in [&updated.body["meeting"], &news.body["meeting"]] {
        assert_eq!((&meeting["title"], &meeting["locked"]), (&json!("Standup"), &json!(true)));
        assert_eq!(
            (&meeting["policy"]["join"], &meeting["policy"]["host_leave"]),
            (&json!("open"), &json!("transfer"))
        );
        let left = |meeting: &Value| meeting["ends_in_ms"].as_i64().expect("milliseconds");
        assert!(left(meeting) > left(&before) + 9 * 60_000, "{meeting}");
        assert!(meeting["rev"].as_u64() > before["rev"].as_u64());
    }
    for (wrong, path) in [
        (json!({"extend_minutes": 0}), "extend_minutes"),
        (json!({"extend_minutes": 1440}), "extend_minutes"),
        (json!({"title": "x".repeat(201)}), "title"),
        (json!({"policy": {"join": "never"}}), "policy.join"),
        (json!({"locked": "yes"}), "locked"),
    ] {
        let refused = room.host.is_refused("moderate", room.request("update_meeting", wrong.clone())).await;
        assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some(path)), "{wrong}");
    }
}

#[tokio::test]
async fn what_a_host_asks_wrongly_is_named() {
    let (room, [bob, _], _) = room(Stack::shared(), "transfer").await;
    for (kind, fields, path) in [
        ("admit", json!({}), "users"),
        ("admit", json!({"users": "all"}), "users"),
        ("deny", json!({"users": []}), "users"),
        ("deny", json!({"users": [bob.id, bob.id]}), "users[1]"),
        ("set_role", json!({"user_id": bob.id, "role": "host"}), "role"),
        ("set_role", json!({"role": "cohost"}), "user_id"),
        ("transfer_host", json!({"user_id": 7}), "user_id"),
    ] {
        let refused = room.host.is_refused("moderate", room.request(kind, fields.clone())).await;
        assert_eq!(
            (refused.code.as_str(), refused.path.as_deref()),
            ("bad_request", Some(path)),
            "{kind} {fields}"
        );
    }
    let role = room.request("set_role", json!({"user_id": room.alice.id, "role": "member"}));
    assert_eq!(room.host.is_refused("moderate", role).await.code, "state_conflict");
    let mallory = User::at(Stack::shared(), "Mallory").on("phone").await;
    for kind in ["update_meeting", "admit"] {
        let fields = room.request(kind, json!({"users": "*"}));
        assert_eq!(mallory.is_refused("moderate", fields).await.code, "forbidden", "{kind}");
    }
}
