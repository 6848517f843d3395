//! Tests of management with a fake gateway, which sends replies recorded from Janus 1.1.2 and error replies.
//! The scenario `tests/tests/scenarios/janus.rs` uses a real gateway.

use serde_json::{Value, json};

use crate::janus::{CORE, JanusToken, VIDEOROOM};
use crate::management::fixture::{AT, FakeService, RecordedRequest, ScriptedReply, account, management};
use crate::management::{ChannelSpec, RtcError, RtcManagement};
use crate::{Provider, Rights};

const ROOM: &str = "sb-1";
const MUTED: Rights = Rights::ALL.without_microphone();

fn rooms(service: &FakeService) -> Box<dyn RtcManagement> {
    management(Provider::Janus, &account(&format!("{}/janus", service.url()))).expect("an account")
}

/// Starts a gateway that sends the replies of `plugin`.
async fn gateway(plugin: impl Fn(&Value) -> Value + Clone + Send + Sync + 'static) -> FakeService {
    FakeService::new(move |_, seen| ScriptedReply::Json(reply(seen, &plugin))).await
}

/// Wraps the reply of the plugin in the gateway's protocol. A poll gets the reply to a subscriber's join.
fn reply(seen: &RecordedRequest, plugin: &impl Fn(&Value) -> Value) -> Value {
    if seen.method == "GET" {
        let data = plugin(&json!({ "request": "join" }));
        return json!({ "janus": "event", "transaction": "t", "plugindata": { "data": data } });
    }
    let request = seen.json();
    match request["janus"].as_str().unwrap_or_default() {
        "create" => json!({ "janus": "success", "data": { "id": 11 } }),
        "attach" => json!({ "janus": "success", "data": { "id": 22 } }),
        "message" if request["body"]["request"] == "join" => json!({ "janus": "ack", "transaction": "t" }),
        "message" => json!({ "janus": "success", "plugindata": { "data": plugin(&request["body"]) } }),
        _ => json!({ "janus": "success" }),
    }
}

fn error(code: i64) -> Value {
    json!({ "videoroom": "event", "error_code": code, "error": "words" })
}

/// Returns the requests to the plugin, without those of the gateway's own protocol.
fn plugin_requests(service: &FakeService) -> Vec<Value> {
    let posted = service.requests().into_iter().filter(|seen| seen.method == "POST");
    posted.map(|seen| seen.json()["body"].clone()).filter(|body| !body.is_null()).collect()
}

#[tokio::test]
async fn each_operation_opens_and_ends_its_own_session() {
    let service = gateway(|_| json!({ "videoroom": "created" })).await;
    let channel = ChannelSpec { id: ROOM, max_participants: 6, empty_seconds: 60, departure_seconds: 90 };
    rooms(&service).register(channel, AT).await.expect("made");
    let seen = service.requests();
    let steps: Vec<_> = seen
        .iter()
        .map(|seen| format!("{} {} {}", seen.method, seen.path, seen.json()["janus"].as_str().unwrap_or("")))
        .collect();
    let expected = ["/janus create", "/janus/11 attach", "/janus/11/22 message", "/janus/11 destroy"];
    assert_eq!(steps, expected.map(|step| format!("POST {step}")));
    for seen in &seen {
        let request = seen.json();
        let token = request["token"].as_str().expect("every request has a token");
        assert!(JanusToken::is_signed(token, &"token-secret".into()));
        let expires = AT.now_ms / 1000 + 180;
        let core = JanusToken { expires, realm: CORE, descriptors: vec![VIDEOROOM] };
        assert_eq!(JanusToken::read(token), Some(core));
    }
    let body = &plugin_requests(&service)[0];
    let secret = body["secret"].as_str().expect("text").to_owned();
    assert_eq!(secret.len(), 32);
    let expected = json!({
        "request": "create",
        "room": ROOM,
        "admin_key": "api-secret",
        "secret": secret,
        "signed_tokens": true,
        "is_private": true,
        "permanent": false,
        "publishers": 6,
    });
    assert_eq!(*body, expected);
}

#[tokio::test]
async fn each_room_has_its_own_derived_secret() {
    let service = gateway(|_| json!({ "videoroom": "destroyed" })).await;
    for room in [ROOM, "sb-2", ROOM] {
        rooms(&service).close(room, AT).await.expect("closed");
    }
    let secrets: Vec<_> = plugin_requests(&service).iter().map(|body| body["secret"].clone()).collect();
    assert_eq!(secrets[0], secrets[2]);
    assert_ne!(secrets[0], secrets[1]);
}

/// Returns the reply of a real gateway about a room in which Alice sends audio, video and data.
fn attached() -> Value {
    json!({ "videoroom": "attached", "room": ROOM, "streams": [
        { "type": "audio", "active": true, "mindex": 0, "mid": "0", "feed_id": "alice", "feed_mid": "a", "codec": "opus" },
        { "type": "video", "active": true, "mindex": 1, "mid": "1", "feed_id": "alice", "feed_mid": "v", "codec": "vp8" },
        { "type": "data", "active": true, "mindex": 2, "mid": "2", "sources": 1, "source_ids": ["alice"] },
    ] })
}

fn joined_or(answer: Value) -> impl Fn(&Value) -> Value + Clone + Send + Sync + 'static {
    move |body| if body["request"] == "join" { attached() } else { answer.clone() }
}

/// Returns the moderated media lines, each with whether the request blocks it.
fn moderated(service: &FakeService) -> Vec<(String, bool)> {
    let requests = plugin_requests(service).into_iter().filter(|body| body["request"] == "moderate");
    requests
        .map(|body| {
            assert_eq!((&body["room"], &body["id"]), (&ROOM.into(), &"alice".into()));
            (body["mid"].as_str().expect("text").to_owned(), body["mute"].as_bool().expect("a flag"))
        })
        .collect()
}

#[tokio::test]
async fn streams_are_blocked_by_kind_and_name() {
    let done = || json!({ "videoroom": "success" });
    let lines = async |rights: Rights| {
        let service = gateway(joined_or(done())).await;
        assert_eq!(rooms(&service).restrict(ROOM, "alice", rights, AT).await, Ok(()));
        moderated(&service)
    };
    let line = |mid: &str, blocked| (mid.to_owned(), blocked);
    assert_eq!(lines(MUTED).await, [line("a", true), line("v", false)]);
    assert_eq!(lines(Rights::ALL).await, [line("a", false), line("v", false)]);
    let screen_only = Rights { camera: false, ..Rights::ALL };
    assert_eq!(lines(screen_only).await, [line("a", false), line("v", false)]);
    assert_eq!(lines(Rights::default()).await, [line("a", true), line("v", true)]);
}

#[tokio::test]
async fn blocking_an_absent_microphone_is_unsupported() {
    // The subscription fails if there is no participant or no media connection; then the first line is the
    // microphone.
    let without_participant = gateway(|_| error(428)).await;
    let empty_room = rooms(&without_participant);
    let muted = empty_room.restrict(ROOM, "alice", MUTED, AT).await;
    assert_eq!(muted, Err(RtcError::Unsupported));
    assert_eq!(empty_room.restrict(ROOM, "alice", Rights::ALL, AT).await, Ok(()));
    assert_eq!(moderated(&without_participant), [("0".to_owned(), true), ("0".to_owned(), false)]);

    let early = |body: &Value| {
        if body["request"] == "join" { error(428) } else { json!({ "videoroom": "success" }) }
    };
    let early = gateway(early).await;
    assert_eq!(rooms(&early).restrict(ROOM, "alice", MUTED, AT).await, Ok(()));

    // The stream ended between the two requests.
    let gone = gateway(joined_or(error(428))).await;
    let muted = rooms(&gone).restrict(ROOM, "alice", MUTED, AT).await;
    assert_eq!(muted, Err(RtcError::Unsupported));
}

#[tokio::test]
async fn an_unknown_room_or_participant_and_an_existing_room_are_not_errors() {
    for code in [426, 428] {
        let service = gateway(move |_| error(code)).await;
        let rooms = rooms(&service);
        assert_eq!(rooms.close(ROOM, AT).await, Ok(()));
        assert_eq!(rooms.remove(ROOM, "alice", AT).await, Ok(()));
        assert_eq!(rooms.members(ROOM, AT).await, Ok(Vec::new()));
    }
    let exists = gateway(|_| error(427)).await;
    let channel = ChannelSpec { id: ROOM, max_participants: 6, empty_seconds: 60, departure_seconds: 90 };
    assert_eq!(rooms(&exists).register(channel, AT).await, Ok(()));
    assert_eq!(rooms(&exists).channels("", AT).await, Err(RtcError::Refused("videoroom error 427".into())));
}

#[tokio::test]
async fn errors_of_gateway_and_plugin_come_with_http_status_200() {
    let refused = gateway(|_| error(433)).await;
    let unauthorized = |what: &str| Err(RtcError::Unauthorized(what.into()));
    assert_eq!(rooms(&refused).close(ROOM, AT).await, unauthorized("videoroom error 433"));
    assert_eq!(
        refused.requests().last().map(|seen| seen.json()["janus"].clone()),
        Some("destroy".into()),
        "the session ends in any case"
    );
    let with = async |code: i64| {
        let answer = json!({ "janus": "error", "error": { "code": code, "reason": "words" } });
        let service = FakeService::new(move |_, _| ScriptedReply::Json(answer.clone())).await;
        rooms(&service).close(ROOM, AT).await
    };
    assert_eq!(with(403).await, unauthorized("Janus error 403"));
    assert_eq!(with(405).await, unauthorized("Janus error 405"));
    assert_eq!(with(458).await, Err(RtcError::Refused("Janus error 458".into())));
}

#[tokio::test]
async fn a_refused_handle_ends_the_session() {
    let script = |_, seen: &RecordedRequest| match seen.json()["janus"].as_str() {
        Some("create") => ScriptedReply::Json(json!({ "janus": "success", "data": { "id": 11 } })),
        Some("attach") => ScriptedReply::Json(json!({ "janus": "error", "error": { "code": 460 } })),
        _ => ScriptedReply::Json(json!({ "janus": "success" })),
    };
    let service = FakeService::new(script).await;
    let refused = Err(RtcError::Refused("Janus error 460".into()));
    assert_eq!(rooms(&service).close(ROOM, AT).await, refused);
    let last = service.requests().pop().expect("there were requests");
    assert_eq!((last.path.as_str(), &last.json()["janus"]), ("/janus/11", &"destroy".into()));
}

#[tokio::test]
async fn ids_are_text_or_numbers() {
    let service = gateway(|body| match body["request"].as_str() {
        Some("list") => json!({ "list": [{ "room": "sb-1" }, { "room": 1234 }] }),
        _ => json!({ "participants": [{ "id": "alice", "publisher": true }, { "id": 7 }] }),
    })
    .await;
    let rooms = rooms(&service);
    assert_eq!(rooms.members(ROOM, AT).await, Ok(vec!["alice".into(), "7".into()]));
    let open = rooms.channels("sb", AT).await.expect("listed");
    assert_eq!(open.iter().map(|channel| channel.id.as_str()).collect::<Vec<_>>(), ["sb-1"]);
}
