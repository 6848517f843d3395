//! Tests of the management API.

use serde_json::json;

use super::client::Client;
use super::test_sfu::{NOW, TestSfu, until};

#[tokio::test]
async fn the_api_lists_participants_with_tracks_that_can_be_muted() {
    let sfu = TestSfu::start().await;
    let _alice = sfu.join("r", "alice").await;
    let bob = sfu.join("r", "bob").await;
    bob.expect_slots(&[("alice", false, false)]).await;
    let alice = sfu.participant("r", "alice").await;
    assert_eq!(alice["identity"], "alice");
    assert_eq!(alice["state"], "ACTIVE");
    assert_eq!(alice["joinedAt"], NOW.to_string());
    assert_eq!(alice["isPublisher"], true);
    assert_eq!(alice["permission"]["canPublishSources"], json!(["MICROPHONE", "CAMERA"]));
    let track = |source: &str| {
        let tracks = alice["tracks"].as_array().expect("a list");
        tracks.iter().find(|track| track["source"] == source).expect("the participant has the track").clone()
    };
    let (microphone, camera) = (track("MICROPHONE"), track("CAMERA"));
    assert_eq!((&microphone["type"], &microphone["muted"]), (&json!("AUDIO"), &json!(false)));
    assert_eq!((&camera["type"], &camera["muted"]), (&json!("VIDEO"), &json!(false)));
    assert_ne!(microphone["sid"], camera["sid"]);

    let body = json!({"room": "r", "identity": "alice", "track_sid": microphone["sid"], "muted": true});
    let muted = sfu.call("MutePublishedTrack", body).await.json();
    assert_eq!((&muted["track"]["sid"], &muted["track"]["muted"]), (&microphone["sid"], &json!(true)));
    let strange = json!({"room": "r", "identity": "bob", "trackSid": microphone["sid"], "muted": true});
    assert_eq!(sfu.call("MutePublishedTrack", strange).await.refusal(), (404, "not_found".into()));

    let rooms = sfu.call("ListRooms", json!({"names": ["r", "other"]})).await.json();
    assert_eq!(rooms["rooms"].as_array().map(Vec::len), Some(1));
    let room = &rooms["rooms"][0];
    assert_eq!((&room["name"], &room["numParticipants"]), (&json!("r"), &json!(2)));
    assert_eq!(room["creationTime"], NOW.to_string());
    assert!(room["sid"].as_str().is_some_and(|sid| sid.starts_with("RM_")));
    let none = sfu.call("ListRooms", json!({"names": ["other"]})).await.json();
    assert_eq!(none["rooms"], json!([]));
}

#[tokio::test]
async fn a_removed_participant_gets_a_message_and_needs_a_new_token() {
    let sfu = TestSfu::start().await;
    let token = sfu.token("r", "alice");
    let alice = sfu.join_as(&token, "alice").await;
    let bob = sfu.join("r", "bob").await;
    bob.expect_slots(&[("alice", false, false)]).await;
    let remove = json!({"room": "r", "identity": "alice"});
    assert_eq!(sfu.call("RemoveParticipant", remove.clone()).await.status, 200);
    bob.expect_slots(&[]).await;
    until(|| alice.last_message("removed").is_some()).await;
    assert_eq!(alice.last_message("removed").expect("a message")["reason"], "removed");
    until(|| alice.log().closed).await;
    assert_eq!(sfu.identities("r").await, ["bob"]);
    assert_eq!(sfu.call("RemoveParticipant", remove).await.refusal(), (404, "not_found".into()));

    let (_draft, offer) = Client::draft(1).await;
    assert_eq!(sfu.post_offer(Some(&token), &offer).await.refusal(), (403, "permission_denied".into()));
    sfu.advance_seconds(1);
    assert_eq!(sfu.post_offer(Some(&token), &offer).await.status, 403);
    let again = sfu.join("r", "alice").await;
    again.expect_slots(&[("bob", false, false)]).await;
}

#[tokio::test]
async fn a_deleted_channel_refuses_the_tokens_issued_before() {
    let sfu = TestSfu::start().await;
    let token = sfu.token("r", "alice");
    let alice = sfu.join_as(&token, "alice").await;
    until(|| alice.last_message("slots").is_some()).await;
    assert_eq!(sfu.call("DeleteRoom", json!({"room": "r"})).await.status, 200);
    until(|| alice.last_message("removed").is_some()).await;
    assert_eq!(alice.last_message("removed").expect("a message")["reason"], "closed");
    until(|| alice.log().closed).await;
    assert_eq!(sfu.room_names().await, [""; 0]);
    assert_eq!(sfu.identities("r").await, [""; 0]);
    assert_eq!(sfu.call("DeleteRoom", json!({"room": "r"})).await.refusal(), (404, "not_found".into()));

    let (_draft, offer) = Client::draft(1).await;
    assert_eq!(sfu.post_offer(Some(&token), &offer).await.refusal(), (403, "permission_denied".into()));
    sfu.call("CreateRoom", json!({"name": "r"})).await;
    assert_eq!(sfu.post_offer(Some(&token), &offer).await.status, 201, "the channel was created again");
}

#[tokio::test]
async fn an_empty_channel_expires_after_its_timeout() {
    let sfu = TestSfu::start().await;
    sfu.call("CreateRoom", json!({"name": "default"})).await;
    sfu.call("CreateRoom", json!({"name": "short", "empty_timeout": "5"})).await;
    sfu.call("CreateRoom", json!({"name": "left", "emptyTimeout": 5, "departureTimeout": 50})).await;
    sfu.call("CreateRoom", json!({"name": "usual", "emptyTimeout": 5})).await;
    let (token, usual) = (sfu.token("left", "alice"), sfu.token("usual", "bob"));
    let alice = sfu.join_as(&token, "alice").await;
    let bob = sfu.join_as(&usual, "bob").await;
    sfu.advance_seconds(5);
    wait_for_channels(&sfu, &["default", "left", "usual"]).await;
    assert_eq!(sfu.leave(&alice.location, &token).await.status, 200);
    assert_eq!(sfu.leave(&bob.location, &usual).await.status, 200);
    sfu.advance_seconds(19);
    assert_eq!(sfu.room_names().await, ["default", "left", "usual"], "20 s after a departure by default");
    sfu.advance_seconds(1);
    wait_for_channels(&sfu, &["default", "left"]).await;
    sfu.advance_seconds(29);
    assert_eq!(sfu.room_names().await, ["default", "left"]);
    sfu.advance_seconds(1);
    wait_for_channels(&sfu, &["default"]).await;
    sfu.advance_seconds(300);
    wait_for_channels(&sfu, &[]).await;
}

/// Waits until exactly these channels exist.
async fn wait_for_channels(sfu: &TestSfu, left: &[&str]) {
    super::test_sfu::within(async { while sfu.room_names().await != left {} }).await;
}

#[tokio::test]
async fn invalid_requests_get_twirp_errors() {
    let sfu = TestSfu::start().await;
    assert_eq!(sfu.call("CreateRoom", json!({})).await.refusal(), (400, "invalid_argument".into()));
    assert_eq!(sfu.call("CreateRoom", json!({"name": ["r"]})).await.refusal(), (400, "malformed".into()));
    assert_eq!(sfu.call("CreateRoom", json!({"name": "r", "emptyTimeout": -1})).await.status, 400);
    assert_eq!(sfu.call("DeleteRoom", json!([])).await.refusal(), (400, "malformed".into()));
    assert_eq!(sfu.call("SendData", json!({"room": "r"})).await.refusal(), (404, "bad_route".into()));
    let nulls =
        json!({"name": "r", "emptyTimeout": null, "maxParticipants": 0, "metadata": null, "egress": {}});
    let room = sfu.call("CreateRoom", nulls).await.json();
    assert_eq!((&room["emptyTimeout"], &room["maxParticipants"]), (&json!(300), &json!(0)));
}
