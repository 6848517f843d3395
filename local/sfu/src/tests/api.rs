//! What the management API shows and does.

use serde_json::json;

use super::client::Client;
use super::stand::{NOW, Stand, until};

#[tokio::test]
async fn participants_are_shown_with_the_tracks_that_can_be_muted() {
    let stand = Stand::start().await;
    let _alice = stand.join("r", "alice").await;
    let bob = stand.join("r", "bob").await;
    bob.is_told(&[("alice", false, false)]).await;
    let alice = stand.participant("r", "alice").await;
    assert_eq!(alice["identity"], "alice");
    assert_eq!(alice["state"], "ACTIVE");
    assert_eq!(alice["joinedAt"], NOW.to_string());
    assert_eq!(alice["isPublisher"], true);
    assert_eq!(alice["permission"]["canPublishSources"], json!(["MICROPHONE", "CAMERA"]));
    let track = |source: &str| {
        let tracks = alice["tracks"].as_array().expect("a list");
        tracks.iter().find(|track| track["source"] == source).expect("it is there").clone()
    };
    let (microphone, camera) = (track("MICROPHONE"), track("CAMERA"));
    assert_eq!((&microphone["type"], &microphone["muted"]), (&json!("AUDIO"), &json!(false)));
    assert_eq!((&camera["type"], &camera["muted"]), (&json!("VIDEO"), &json!(false)));
    assert_ne!(microphone["sid"], camera["sid"]);

    let body = json!({"room": "r", "identity": "alice", "track_sid": microphone["sid"], "muted": true});
    let muted = stand.call("MutePublishedTrack", body).await.json();
    assert_eq!((&muted["track"]["sid"], &muted["track"]["muted"]), (&microphone["sid"], &json!(true)));
    let strange = json!({"room": "r", "identity": "bob", "trackSid": microphone["sid"], "muted": true});
    assert_eq!(stand.call("MutePublishedTrack", strange).await.refusal(), (404, "not_found".into()));

    let rooms = stand.call("ListRooms", json!({"names": ["r", "other"]})).await.json();
    assert_eq!(rooms["rooms"].as_array().map(Vec::len), Some(1));
    let room = &rooms["rooms"][0];
    assert_eq!((&room["name"], &room["numParticipants"]), (&json!("r"), &json!(2)));
    assert_eq!(room["creationTime"], NOW.to_string());
    assert!(room["sid"].as_str().is_some_and(|sid| sid.starts_with("RM_")));
    let none = stand.call("ListRooms", json!({"names": ["other"]})).await.json();
    assert_eq!(none["rooms"], json!([]));
}

#[tokio::test]
async fn who_is_removed_hears_of_it_and_needs_a_new_token() {
    let stand = Stand::start().await;
    let token = stand.token("r", "alice");
    let alice = stand.join_as(&token, "alice").await;
    let bob = stand.join("r", "bob").await;
    bob.is_told(&[("alice", false, false)]).await;
    let remove = json!({"room": "r", "identity": "alice"});
    assert_eq!(stand.call("RemoveParticipant", remove.clone()).await.status, 200);
    bob.is_told(&[]).await;
    until(|| alice.last("removed").is_some()).await;
    assert_eq!(alice.last("removed").expect("told")["reason"], "removed");
    until(|| alice.seen().closed).await;
    assert_eq!(stand.identities("r").await, ["bob"]);
    assert_eq!(stand.call("RemoveParticipant", remove).await.refusal(), (404, "not_found".into()));

    let (_draft, offer) = Client::draft(1).await;
    assert_eq!(stand.post_offer(Some(&token), &offer).await.refusal(), (403, "permission_denied".into()));
    stand.pass(1);
    assert_eq!(stand.post_offer(Some(&token), &offer).await.status, 403);
    let again = stand.join("r", "alice").await;
    again.is_told(&[("bob", false, false)]).await;
}

#[tokio::test]
async fn a_deleted_room_is_over_for_the_tokens_that_are_out() {
    let stand = Stand::start().await;
    let token = stand.token("r", "alice");
    let alice = stand.join_as(&token, "alice").await;
    until(|| alice.last("slots").is_some()).await;
    assert_eq!(stand.call("DeleteRoom", json!({"room": "r"})).await.status, 200);
    until(|| alice.last("removed").is_some()).await;
    assert_eq!(alice.last("removed").expect("told")["reason"], "closed");
    until(|| alice.seen().closed).await;
    assert_eq!(stand.rooms().await, [""; 0]);
    assert_eq!(stand.identities("r").await, [""; 0]);
    assert_eq!(stand.call("DeleteRoom", json!({"room": "r"})).await.refusal(), (404, "not_found".into()));

    let (_draft, offer) = Client::draft(1).await;
    assert_eq!(stand.post_offer(Some(&token), &offer).await.refusal(), (403, "permission_denied".into()));
    stand.call("CreateRoom", json!({"name": "r"})).await;
    assert_eq!(stand.post_offer(Some(&token), &offer).await.status, 201, "it was made anew");
}

#[tokio::test]
async fn an_empty_room_goes_when_its_time_is_over() {
    let stand = Stand::start().await;
    stand.call("CreateRoom", json!({"name": "default"})).await;
    stand.call("CreateRoom", json!({"name": "short", "empty_timeout": "5"})).await;
    stand.call("CreateRoom", json!({"name": "left", "emptyTimeout": 5, "departureTimeout": 50})).await;
    let token = stand.token("left", "alice");
    let alice = stand.join_as(&token, "alice").await;
    stand.pass(5);
    gone(&stand, &["default", "left"]).await;
    assert_eq!(stand.leave(&alice.location, &token).await.status, 200);
    stand.pass(49);
    assert_eq!(stand.rooms().await, ["default", "left"]);
    stand.pass(1);
    gone(&stand, &["default"]).await;
    stand.pass(300);
    gone(&stand, &[]).await;
}

/// Waits until only these rooms are left.
async fn gone(stand: &Stand, left: &[&str]) {
    super::stand::within(async { while stand.rooms().await != left {} }).await;
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_in_twirps_way() {
    let stand = Stand::start().await;
    assert_eq!(stand.call("CreateRoom", json!({})).await.refusal(), (400, "invalid_argument".into()));
    assert_eq!(stand.call("CreateRoom", json!({"name": ["r"]})).await.refusal(), (400, "malformed".into()));
    assert_eq!(stand.call("CreateRoom", json!({"name": "r", "emptyTimeout": -1})).await.status, 400);
    assert_eq!(stand.call("DeleteRoom", json!([])).await.refusal(), (400, "malformed".into()));
    assert_eq!(stand.call("SendData", json!({"room": "r"})).await.refusal(), (404, "bad_route".into()));
    let nulls =
        json!({"name": "r", "emptyTimeout": null, "maxParticipants": 0, "metadata": null, "egress": {}});
    let room = stand.call("CreateRoom", nulls).await.json();
    assert_eq!((&room["emptyTimeout"], &room["maxParticipants"]), (&json!(300), &json!(0)));
}
