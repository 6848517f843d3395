//! Tests that compare requests with those of the official Node SDK, and tests of responses.

use serde_json::{Value, json};

use crate::livekit::{self, ApiKey, LivekitClaims};
use crate::management::fixture::{
    AT, FakeService, RecordedRequest, ScriptedReply, account, management, vectors,
};
use crate::management::{ChannelSpec, OpenChannel, RtcError, RtcManagement};
use crate::{Account, Provider, Rights};

const ROOM: &str = "call-c-1";
const WHO: &str = "dev-00ff";

fn rooms(service: &FakeService) -> Box<dyn RtcManagement> {
    management(Provider::Livekit, &account(&service.url())).expect("an account")
}

/// Replies like a server with one participant in every room, who has one unmuted microphone.
fn server(_: usize, seen: &RecordedRequest) -> ScriptedReply {
    ScriptedReply::Json(match seen.path.rsplit('/').next().unwrap_or_default() {
        "GetParticipant" => json!({ "identity": WHO, "tracks": [
            { "sid": "TR_cam", "source": "CAMERA", "type": "VIDEO" },
            { "sid": "TR_abc", "source": "MICROPHONE" },
            { "sid": "TR_off", "source": "MICROPHONE", "type": "AUDIO", "muted": true },
        ] }),
        _ => json!({}),
    })
}

fn claims(seen: &RecordedRequest) -> LivekitClaims {
    let key = ApiKey { id: "api-id".into(), secret: "api-secret".into() };
    let token = seen.header("authorization").strip_prefix("Bearer ").expect("a bearer token");
    livekit::verify(token, &key, AT.now_ms).expect("a token for now")
}

/// Asserts that the request equals the SDK's in method, path, body and grant of the token.
fn assert_as_the_sdk(seen: &RecordedRequest, alter: impl Fn(&mut Value)) {
    let all = vectors("livekit");
    let vector = all.iter().find(|vector| vector["path"] == seen.path.as_str());
    let vector = vector.unwrap_or_else(|| panic!("no vector for {}", seen.path));
    let mut body: Value = serde_json::from_str(vector["body"].as_str().expect("text")).expect("JSON");
    alter(&mut body);
    assert_eq!(seen.method, vector["method"].as_str().expect("text"));
    assert_eq!(seen.json(), body, "{}", seen.path);
    assert!(seen.header("content-type").starts_with("application/json"));
    let claims = claims(seen);
    let granted = serde_json::to_value(&claims.video).expect("serialises");
    assert_eq!(granted, vector["bearerClaims"]["video"], "{}", seen.path);
    let now = AT.now_ms / 1000;
    assert_eq!((claims.nbf, claims.exp), (Some(now - 120), now + 180), "the server's clock may be off");
}

const fn as_it_is(_: &mut Value) {}

#[tokio::test]
async fn requests_equal_those_of_the_official_sdk() {
    let service = FakeService::new(server).await;
    let rooms = rooms(&service);
    let channel = ChannelSpec { id: ROOM, max_participants: 6, empty_seconds: 300, departure_seconds: 90 };
    rooms.register(channel, AT).await.expect("made");
    rooms.members(ROOM, AT).await.expect("listed");
    rooms.channels("call-", AT).await.expect("listed");
    rooms
        .restrict(ROOM, WHO, Rights { screen: false, ..Rights::ALL.without_microphone() }, AT)
        .await
        .expect("restricted");
    rooms.remove(ROOM, WHO, AT).await.expect("removed");
    rooms.close(ROOM, AT).await.expect("closed");

    let seen = service.requests();
    let names: Vec<_> = seen.iter().map(|seen| seen.path.rsplit('/').next().unwrap_or_default()).collect();
    assert_eq!(
        names,
        [
            "CreateRoom",
            "ListParticipants",
            "ListRooms",
            "UpdateParticipant",
            "GetParticipant",
            "MutePublishedTrack",
            "RemoveParticipant",
            "DeleteRoom"
        ]
    );
    for seen in &seen {
        match seen.path.rsplit('/').next().unwrap_or_default() {
            // The sample sets one more member, which Switchboard leaves to the server's default.
            "CreateRoom" => assert_as_the_sdk(seen, |body| {
                let body = body.as_object_mut().expect("an object");
                body.remove("metadata");
                assert_eq!(body.insert("departureTimeout".to_owned(), json!(90)), Some(json!(20)));
            }),
            // The sample lists one room by its name; a list by prefix needs all rooms.
            "ListRooms" => assert_as_the_sdk(seen, |body| *body = json!({})),
            _ => assert_as_the_sdk(seen, as_it_is),
        }
    }
}

#[tokio::test]
async fn each_right_maps_to_its_source_and_no_permission_is_implicit() {
    let service = FakeService::new(server).await;
    let rooms = rooms(&service);
    rooms.restrict(ROOM, WHO, Rights::ALL, AT).await.expect("restricted");
    rooms.restrict(ROOM, WHO, Rights::default(), AT).await.expect("restricted");
    let sent: Vec<_> = service.requests().iter().map(|seen| seen.json()["permission"].clone()).collect();
    let all = json!({
        "canSubscribe": true,
        "canPublish": true,
        "canPublishData": true,
        "canPublishSources": ["MICROPHONE", "CAMERA", "SCREEN_SHARE", "SCREEN_SHARE_AUDIO"],
    });
    let none = json!({ "canSubscribe": false, "canPublish": false, "canPublishData": false, "canPublishSources": [] });
    // Returning a right neither mutes nor unmutes.
    assert_eq!(sent, [all, none, Value::Null, Value::Null]);
}

#[tokio::test]
async fn an_unknown_room_or_participant_is_not_an_error() {
    let gone = |_, _: &RecordedRequest| {
        ScriptedReply::Error(404, json!({ "code": "not_found", "msg": "no such room" }))
    };
    let service = FakeService::new(gone).await;
    let rooms = rooms(&service);
    assert_eq!(rooms.close(ROOM, AT).await, Ok(()));
    assert_eq!(rooms.remove(ROOM, WHO, AT).await, Ok(()));
    assert_eq!(rooms.restrict(ROOM, WHO, Rights::default(), AT).await, Ok(()));
    assert_eq!(rooms.members(ROOM, AT).await, Ok(Vec::new()));
    let channel = ChannelSpec { id: ROOM, max_participants: 2, empty_seconds: 60, departure_seconds: 90 };
    let error = rooms.register(channel, AT).await.expect_err("a created room cannot be unknown");
    assert!(matches!(error, RtcError::Refused(_)), "{error}");
}

#[tokio::test]
async fn only_users_in_the_room_are_listed() {
    let list = |_, _: &RecordedRequest| {
        ScriptedReply::Json(json!({ "participants": [
            { "identity": "active", "state": "ACTIVE", "kind": "STANDARD" },
            { "identity": "joined", "state": "JOINED" },
            { "identity": "joining" },
            { "identity": "gone", "state": "DISCONNECTED" },
            { "identity": "recorder", "state": "ACTIVE", "kind": "EGRESS" },
            { "identity": "robot", "state": "ACTIVE", "kind": "AGENT" },
        ] }))
    };
    let service = FakeService::new(list).await;
    assert_eq!(rooms(&service).members(ROOM, AT).await, Ok(vec!["active".into(), "joined".into()]));
}

#[tokio::test]
async fn rooms_are_listed_by_prefix_in_both_spellings() {
    let list = |_, _: &RecordedRequest| {
        ScriptedReply::Json(json!({ "rooms": [
            { "name": "sw-a", "creationTime": "1700000000" },
            { "name": "sw-b", "creation_time": 1_700_000_000, "creation_time_ms": "1700000000123" },
            { "name": "sw-c", "creation_time": "0" },
            { "name": "other", "creation_time": "1700000000" },
        ] }))
    };
    let service = FakeService::new(list).await;
    let open = |id: &str, created_ms| OpenChannel { id: id.into(), created_ms };
    let ours = vec![
        open("sw-a", Some(1_700_000_000_000)),
        open("sw-b", Some(1_700_000_000_123)),
        open("sw-c", None),
    ];
    assert_eq!(rooms(&service).channels("sw-", AT).await, Ok(ours));
}

#[tokio::test]
async fn the_api_uses_the_key_of_the_tokens_if_it_has_no_other() {
    let service = FakeService::new(server).await;
    let mut account: Account = account(&service.url());
    if let Some(api) = account.api.as_mut() {
        (api.key_id, api.key_secret) = (String::new(), "".into());
    }
    let rooms = management(Provider::Livekit, &account).expect("an account");
    rooms.close(ROOM, AT).await.expect("closed");
    let key = ApiKey { id: account.key_id, secret: account.key_secret };
    let seen = service.only();
    let token = seen.header("authorization").strip_prefix("Bearer ").expect("a bearer token");
    livekit::verify(token, &key, AT.now_ms).expect("signed with the key of the tokens");
}

#[tokio::test]
async fn a_response_with_unexpected_members_is_refused() {
    let service =
        FakeService::new(|_, _| ScriptedReply::Json(json!({ "participants": "nobody", "rooms": [{}] })))
            .await;
    let rooms = rooms(&service);
    let odd = || RtcError::Refused("the response has unexpected members".into());
    assert_eq!(rooms.members(ROOM, AT).await, Err(odd()));
    assert_eq!(rooms.channels("", AT).await, Err(odd()));
}

#[tokio::test]
async fn a_block_mutes_sound_whatever_source_the_client_named() {
    let service = FakeService::new(|_, seen: &RecordedRequest| {
        ScriptedReply::Json(match seen.path.rsplit('/').next().unwrap_or_default() {
            "GetParticipant" => json!({ "identity": WHO, "tracks": [
                { "sid": "TR_screen", "source": "SCREEN_SHARE", "type": "VIDEO" },
                { "sid": "TR_shared", "source": "SCREEN_SHARE_AUDIO", "type": "AUDIO" },
                { "sid": "TR_hidden", "source": "CAMERA", "type": "AUDIO" },
                { "sid": "TR_unnamed" },
            ] }),
            _ => json!({}),
        })
    })
    .await;
    rooms(&service).restrict(ROOM, WHO, Rights::ALL.without_microphone(), AT).await.expect("restricted");
    let seen = service.requests();
    let permission = seen[0].json()["permission"]["canPublishSources"].clone();
    assert_eq!(permission, json!(["CAMERA", "SCREEN_SHARE"]), "no source of sound is left");
    let muted = seen.iter().filter(|seen| seen.path.ends_with("MutePublishedTrack"));
    let muted: Vec<Value> = muted.map(|seen| seen.json()["trackSid"].clone()).collect();
    assert_eq!(muted, ["TR_shared", "TR_hidden", "TR_unnamed"]);
}
