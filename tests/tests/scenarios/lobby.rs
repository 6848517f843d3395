//! Joining without an invitation: open, closed and locked meetings, and the lobby.

use crate::device::json_of;
use crate::rooms::{Room, participant};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};

fn policy(join: &str) -> Value {
    json!({"policy": {"join": join}})
}

#[tokio::test]
async fn t20_into_an_open_meeting_comes_who_likes_and_everybody_sees_it() {
    let stack = Stack::shared();
    let dave = User::at(stack, "Dave");
    let mut room = Room::of(stack, &[], policy("open")).await;
    let phone = dave.on("phone").await;
    let joined = phone.requests("attend", room.join()).await;
    assert_eq!(joined.kind, "joined");
    assert!(joined.body["join"]["token"].is_string(), "{joined:?}");
    assert_eq!(participant(&joined.body["meeting"], &dave)["state"], "accepted");
    let news = room
        .host
        .receives_that("participant_updated", |news| news.body["participant"]["user_id"] == json!(dave.id));
    let news = news.await;
    assert_eq!(
        (&news.body["participant"]["state"], &news.body["participant"]["name"]),
        (&json!("accepted"), &json!("Dave"))
    );
    room.enters(&phone).await;
    let state = phone.syncs().await;
    assert_eq!(state["meetings"][0]["meeting_id"], json!(room.meeting_id), "a sync finds it");
}

#[tokio::test]
async fn t20_others_are_refused_and_leave_no_trace() {
    let stack = Stack::shared();
    let (bob, dave) = (User::at(stack, "Bob"), User::at(stack, "Dave"));
    let room = Room::of(stack, &[&bob], json!({})).await;
    let (phone, bobs) = (dave.on("phone").await, bob.on("phone").await);
    assert_eq!(phone.is_refused("attend", room.join()).await.code, "forbidden");
    let open = json!({"policy": {"join": "open"}, "locked": true});
    room.host.requests("moderate", room.request("update_meeting", open)).await;
    assert_eq!(phone.is_refused("attend", room.join()).await.code, "locked");
    assert_eq!(bobs.is_refused("attend", room.join()).await.code, "locked");
    let before = room.view().await;
    assert_eq!(before["participants"].as_array().map(Vec::len), Some(2), "{before}");
    assert_eq!(phone.syncs().await["meetings"], json!([]));
    let unlocked = json!({"locked": false});
    room.host.requests("moderate", room.request("update_meeting", unlocked)).await;
    assert_eq!(phone.requests("attend", room.join()).await.kind, "joined");
}

#[tokio::test]
async fn t20_t21_the_host_lets_somebody_in_from_the_lobby_on_all_devices() {
    let stack = Stack::shared();
    let dave = User::at(stack, "Dave");
    let mut room = Room::of(stack, &[], policy("lobby")).await;
    let (mut phone, mut tablet) = (dave.on("phone").await, dave.on("tablet").await);
    assert_eq!(phone.requests("attend", room.join()).await.kind, "lobby_waiting");
    let request = room.host.receives("lobby_request").await;
    assert_eq!((&request.body["user_id"], &request.body["name"]), (&json!(dave.id), &json!("Dave")));
    for kind in ["refresh_token", "raise_hand", "rejoin"] {
        let refused = phone.is_refused("attend", room.request(kind, json!({}))).await;
        assert_eq!(refused.code, "not_admitted", "{kind}");
    }
    let sync = json!({"type": "sync", "meeting_id": room.meeting_id});
    assert_eq!(
        phone.is_refused("sync", sync).await.code,
        "forbidden",
        "a user in the lobby does not see the participants"
    );

    let updated = room.host.requests("moderate", room.lobby("admit", &[&dave])).await;
    assert_eq!(
        (updated.kind.as_str(), &updated.body["users"]),
        ("lobby_updated", &json!([{"user_id": dave.id, "admitted": true}]))
    );
    for device in [&mut phone, &mut tablet] {
        let result = device.receives("lobby_result").await;
        assert_eq!(
            (&result.body["admitted"], &result.body["meeting"]["meeting_id"]),
            (&json!(true), &json!(room.meeting_id))
        );
        assert!(result.body["join"]["token"].is_string(), "{result:?}");
    }
    room.enters(&tablet).await;
    assert_eq!(
        participant(&room.view().await, &dave)["state"],
        "joined",
        "the first device that comes has the seat"
    );
    assert_eq!(
        phone.is_refused("attend", room.request("refresh_token", json!({}))).await.code,
        "not_admitted"
    );
}

#[tokio::test]
async fn t21_admitting_everybody_stops_at_the_last_seat() {
    let stack = Stack::shared();
    let people = [User::at(stack, "Dave"), User::at(stack, "Eve"), User::at(stack, "Frank")];
    let room = Room::of(stack, &[], json!({"policy": {"join": "lobby"}, "max_participants": 2})).await;
    let mut devices = Vec::new();
    for user in &people {
        let device = user.on("phone").await;
        assert_eq!(device.requests("attend", room.join()).await.kind, "lobby_waiting");
        devices.push(device);
    }
    let all = room.request("admit", json!({"users": "*"}));
    let updated = json_of(&room.host.requests("moderate", all.clone()).await);
    let expected = [json!({"user_id": people[0].id, "admitted": true})].into_iter().chain(
        people[1..].iter().map(|user| json!({"user_id": user.id, "admitted": false, "code": "meeting_full"})),
    );
    assert_eq!(updated["users"], expected.collect::<Value>());
    assert_eq!(room.host.is_refused("moderate", all).await.code, "meeting_full");
    assert_eq!(devices[0].is_refused("moderate", room.lobby("admit", &[&people[1]])).await.code, "not_host");
}

#[tokio::test]
async fn t22_who_is_turned_away_hears_it_and_may_ask_again() {
    let stack = Stack::shared();
    let dave = User::at(stack, "Dave");
    let mut room = Room::of(stack, &[], policy("lobby")).await;
    let mut phone = dave.on("phone").await;
    phone.requests("attend", room.join()).await;
    room.host.receives("lobby_request").await;
    room.host.requests("moderate", room.lobby("deny", &[&dave])).await;
    let result = phone.receives("lobby_result").await;
    assert_eq!((&result.body["admitted"], result.body.contains_key("join")), (&json!(false), false));
    assert_eq!(phone.requests("attend", room.join()).await.kind, "lobby_waiting");
    room.host.receives("lobby_request").await;
}

#[tokio::test]
async fn t22_who_gives_up_waiting_is_not_let_in_any_more() {
    let stack = Stack::shared();
    let dave = User::at(stack, "Dave");
    let mut room = Room::of(stack, &[], policy("lobby")).await;
    let phone = dave.on("phone").await;
    phone.requests("attend", room.join()).await;
    room.host.receives("lobby_request").await;
    assert_eq!(phone.requests("attend", room.request("leave", json!({}))).await.kind, "ok");
    let gone = json!([{"user_id": dave.id, "admitted": false}]);
    assert_eq!(room.host.receives("lobby_updated").await.body["users"], gone);
    let all = room.request("admit", json!({"users": "*"}));
    assert_eq!(room.host.requests("moderate", all).await.body["users"], json!([]), "the lobby is empty");
}

#[tokio::test]
async fn t23_who_waits_hears_that_the_meeting_is_over() {
    let stack = Stack::shared();
    let dave = User::at(stack, "Dave");
    let room = Room::of(stack, &[], policy("lobby")).await;
    let mut phone = dave.on("phone").await;
    phone.requests("attend", room.join()).await;
    room.host.requests("destroy", room.request("destroy_meeting", json!({}))).await;
    assert_eq!(phone.receives("meeting_ended").await.body["reason"], "host_ended");
    let refused = phone.is_refused("attend", room.join()).await;
    assert_eq!(
        (refused.code.as_str(), refused.reason.as_deref()),
        ("meeting_ended", Some("host_ended")),
        "t48"
    );
}

#[tokio::test]
async fn t20_who_comes_in_starts_muted_where_the_rules_say_so() {
    let stack = Stack::shared();
    let dave = User::at(stack, "Dave");
    let room = Room::of(stack, &[], json!({"policy": {"join": "open", "entry_muted": true}})).await;
    let phone = dave.on("phone").await;
    let joined = phone.requests("attend", room.join()).await;
    assert_eq!(participant(&joined.body["meeting"], &dave)["speech"]["mode"], "soft");
    assert_eq!(participant(&joined.body["meeting"], &room.alice)["speech"]["mode"], "free");
    assert_eq!(phone.requests("attend", room.request("unmute_self", json!({}))).await.kind, "speech_changed");
}

#[tokio::test]
async fn t22_t33_who_is_turned_away_twice_is_banned() {
    let stack = Stack::shared();
    let (dave, erin) = (User::at(stack, "Dave"), User::at(stack, "Erin"));
    let room = Room::of(stack, &[], policy("lobby")).await;
    let (mut phone, mut erins) = (dave.on("phone").await, erin.on("phone").await);
    assert_eq!(phone.requests("attend", room.join()).await.kind, "lobby_waiting");
    room.host.requests("moderate", room.lobby("deny", &[&dave])).await;
    assert_eq!(phone.receives("lobby_result").await.body["admitted"], json!(false));
    assert_eq!(phone.requests("attend", room.join()).await.kind, "lobby_waiting");
    room.host.requests("moderate", room.lobby("deny", &[&dave])).await;
    assert_eq!(phone.receives("participant_removed").await.body["reason"], "banned");
    assert_eq!(phone.is_refused("attend", room.join()).await.code, "banned");
    assert_eq!(erins.requests("attend", room.join()).await.kind, "lobby_waiting");
    let mut deny = room.lobby("deny", &[&erin]);
    deny["ban"] = json!(true);
    room.host.requests("moderate", deny).await;
    assert_eq!(erins.receives("participant_removed").await.body["reason"], "banned");
}

#[tokio::test]
async fn t20_knocks_are_bounded_and_a_host_who_comes_later_hears_who_waits() {
    let stack = Stack::shared();
    let (bob, dave) = (User::at(stack, "Bob"), User::at(stack, "Dave"));
    let room = Room::of(stack, &[&bob], policy("lobby")).await;
    let (mut bobs, phone) = (bob.on("phone").await, dave.on("phone").await);
    let cohost = room.request("set_role", json!({"user_id": bob.id, "role": "cohost"}));
    room.host.requests("moderate", cohost).await;
    for _ in 0..2 {
        phone.requests("attend", room.join()).await;
        phone.requests("attend", room.request("leave", json!({}))).await;
    }
    assert_eq!(phone.requests("attend", room.join()).await.kind, "lobby_waiting");
    room.accepts(&bob, &bobs).await;
    assert_eq!(bobs.receives("lobby_request").await.body["user_id"], json!(dave.id));
    phone.requests("attend", room.request("leave", json!({}))).await;
    let refused = phone.is_refused("attend", room.join()).await;
    assert_eq!(refused.code, "rate_limited");
    assert!(refused.retry_after_ms.is_some_and(|ms| ms <= 60_000), "{refused:?}");
}
