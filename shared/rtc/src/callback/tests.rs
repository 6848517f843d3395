//! Tests of callbacks in the vendors' formats: the events that are read from them, and the rejection of every
//! altered callback.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

mod written;

use super::*;
use crate::livekit::{self, ApiKey, LivekitClaims};
use crate::{Account, Provider, agora, janus};

const NOW_MS: i64 = 1_767_225_600_000;
const NOW: i64 = NOW_MS / 1000;
const VECTORS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/rtc-tokens.json"));

/// Reads a callback that has one header.
fn read(
    reader: &dyn CallbackReader,
    header: (&str, &str),
    body: &[u8],
    now_ms: i64,
) -> Result<Vec<MediaEvent>, CallbackError> {
    let headers = BTreeMap::from([(header.0.to_owned(), header.1.to_owned())]);
    reader.read(&Callback { headers: &headers, body, now_ms })
}

/// Asserts that an altered, cut or missing header is rejected as forged.
fn assert_altered_headers_are_rejected(
    reader: &dyn CallbackReader,
    header: (&str, &str),
    body: &[u8],
    now_ms: i64,
) {
    let (name, value) = header;
    assert_ne!(
        read(reader, header, body, now_ms),
        Err(CallbackError::Forged),
        "the unaltered header is valid"
    );
    for at in 0..value.len() {
        let mut altered = value.as_bytes().to_vec();
        altered[at] ^= 1;
        let altered = String::from_utf8(altered).expect("ASCII");
        assert_eq!(read(reader, (name, &altered), body, now_ms), Err(CallbackError::Forged), "header, {at}");
    }
    for wrong in ["", "Basic", "Bearer x", "é", &value[..value.len() - 1], &format!("{value}a")] {
        assert_eq!(read(reader, (name, wrong), body, now_ms), Err(CallbackError::Forged), "{wrong}");
    }
    assert_eq!(read(reader, ("x-other", value), body, now_ms), Err(CallbackError::Forged), "no header");
}

/// Asserts that an altered, extended or empty body is rejected as forged.
fn assert_altered_bodies_are_rejected(
    reader: &dyn CallbackReader,
    header: (&str, &str),
    body: &[u8],
    now_ms: i64,
) {
    for at in 0..body.len() {
        let mut altered = body.to_vec();
        altered[at] ^= 1;
        assert_eq!(read(reader, header, &altered, now_ms), Err(CallbackError::Forged), "body, {at}");
    }
    assert_eq!(read(reader, header, &[body, b" "].concat(), now_ms), Err(CallbackError::Forged));
    assert_eq!(read(reader, header, b"", now_ms), Err(CallbackError::Forged));
}

fn livekit_key() -> ApiKey {
    ApiKey { id: "devkey".to_owned(), secret: "a-secret".into() }
}

fn livekit_reader() -> livekit::callback::LivekitCallbackReader {
    let key = livekit_key();
    livekit::callback::LivekitCallbackReader::new(&key.id, &key.secret)
}

fn livekit_header(body: &[u8], key: &ApiKey) -> String {
    let claims = LivekitClaims {
        sha256: Some(livekit::body_hash(body)),
        ..LivekitClaims::issued_by(&key.id, NOW, NOW + 300)
    };
    livekit::sign(&claims, key).expect("signs").expose_secret().to_owned()
}

/// Returns the events of a webhook with a valid signature.
fn livekit_events(body: &impl ToString) -> Result<Vec<MediaEvent>, CallbackError> {
    let body = body.to_string().into_bytes();
    let header = livekit_header(&body, &livekit_key());
    let webhooks = livekit_reader();
    read(&webhooks, ("authorization", &header), &body, NOW_MS)
}

fn livekit_event(event: &str, reason: Option<&str>) -> Value {
    let mut participant = json!({"sid": "PA_1", "identity": "alice", "state": "ACTIVE",
        "joinedAt": "1767225500", "joinedAtMs": "1767225500123"});
    if let Some(reason) = reason {
        participant["disconnectReason"] = json!(reason);
    }
    json!({"event": event, "id": "EV_1", "createdAt": "1767225599",
        "room": {"sid": "RM_1", "name": "switchboard-m1", "creationTime": "1767225400"},
        "participant": participant})
}

// Proves: signed-callbacks
#[test]
fn only_the_unaltered_webhook_of_livekit_is_accepted() {
    let vectors: Value = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    let vector = vectors.as_array().into_iter().flatten().find(|v| v["id"] == "livekit-webhook-public");
    let vector = vector.expect("the vector exists");
    let text = |at: &str| vector.pointer(at).and_then(Value::as_str).expect("text");
    let secret = SecretString::from(text("/inputs/apiSecret"));
    let webhooks = livekit::callback::LivekitCallbackReader::new(text("/inputs/apiKey"), &secret);
    let (header, body) = (("authorization", text("/expected/token")), text("/inputs/body").as_bytes());
    let now_ms = vector["inputs"]["now"].as_i64().expect("seconds") * 1000;
    assert_eq!(read(&webhooks, header, body, now_ms), Ok(Vec::new()), "an event without a participant");
    assert_altered_headers_are_rejected(&webhooks, header, body, now_ms);
    assert_altered_bodies_are_rejected(&webhooks, header, body, now_ms);
    for later in [-120_000, 120_000] {
        assert_eq!(
            read(&webhooks, header, body, now_ms + later),
            Ok(Vec::new()),
            "the clock is off by {later}"
        );
    }
    for later in [-180_000, 520_000] {
        assert_eq!(read(&webhooks, header, body, now_ms + later), Err(CallbackError::Forged), "{later}");
    }
}

#[test]
fn a_webhook_with_another_key_is_rejected() {
    let body = livekit_event("participant_joined", None).to_string().into_bytes();
    let webhooks = livekit_reader();
    let others = [
        ApiKey { id: "devkey".to_owned(), secret: "another-secret".into() },
        ApiKey { id: "another".to_owned(), ..livekit_key() },
    ];
    for key in others {
        let header = livekit_header(&body, &key);
        assert_eq!(read(&webhooks, ("authorization", &header), &body, NOW_MS), Err(CallbackError::Forged));
    }
    // A join token with the same key has a valid signature but no hash of the body.
    let claims = LivekitClaims::issued_by("devkey", NOW, NOW + 300);
    let token = livekit::sign(&claims, &livekit_key()).expect("signs");
    let header = ("authorization", token.expose_secret());
    assert_eq!(read(&webhooks, header, &body, NOW_MS), Err(CallbackError::Forged));
}

#[test]
fn livekit_events_map_to_media_events() {
    let stay = Some(Stay { id: "PA_1".to_owned(), since_ms: 1_767_225_500_123 });
    let media_id = || "alice".to_owned();
    let left = |clean| MediaEventKind::Left { media_id: media_id(), stay: stay.clone(), clean };
    let joined = MediaEventKind::Joined { media_id: media_id(), stay: stay.clone() };
    let cases = [
        ("participant_joined", None, Some(joined)),
        ("participant_left", Some("CLIENT_INITIATED"), Some(left(true))),
        ("participant_left", Some("PARTICIPANT_REMOVED"), Some(left(true))),
        ("participant_left", Some("SIGNAL_CLOSE"), Some(left(false))),
        ("participant_left", Some("CONNECTION_TIMEOUT"), Some(left(false))),
        ("participant_left", None, Some(left(false))),
        ("participant_left", Some("DUPLICATE_IDENTITY"), None),
        ("participant_left", Some("MIGRATION"), None),
        ("participant_connection_aborted", None, Some(left(false))),
        ("room_finished", None, Some(MediaEventKind::ChannelClosed)),
        ("room_started", None, None),
        ("track_published", None, None),
        ("something_new", None, None),
    ];
    for (event, reason, kind) in cases {
        let at = ServiceTime { ms: 1_767_225_599_000, seq: 0 };
        let channel_id = "switchboard-m1".to_owned();
        let events: Vec<_> = kind
            .into_iter()
            .map(|kind| MediaEvent { id: "EV_1".to_owned(), channel_id: channel_id.clone(), at, kind })
            .collect();
        assert_eq!(livekit_events(&livekit_event(event, reason)), Ok(events), "{event} {reason:?}");
    }
}

#[test]
fn livekit_members_have_two_spellings_and_may_be_omitted() {
    let body = json!({"event": "participant_left", "created_at": 1_767_225_599, "room": {"name": "c"},
        "participant": {"identity": "bob", "sid": "PA_2", "joined_at": 1_767_225_500, "disconnect_reason": "CLIENT_INITIATED"}});
    let events = livekit_events(&body).expect("a valid signature");
    let stay = Some(Stay { id: "PA_2".to_owned(), since_ms: 1_767_225_500_000 });
    assert_eq!(events[0].kind, MediaEventKind::Left { media_id: "bob".to_owned(), stay, clean: true });
    assert_eq!((events[0].at.ms, events[0].id.as_str()), (1_767_225_599_000, ""));

    let bare =
        json!({"event": "participant_joined", "room": {"name": "c"}, "participant": {"identity": "bob"}});
    let events = livekit_events(&bare).expect("a valid signature");
    assert_eq!(events[0].kind, MediaEventKind::Joined { media_id: "bob".to_owned(), stay: None });
}

#[test]
fn livekit_recorders_and_agents_are_ignored() {
    for kind in ["EGRESS", "INGRESS", "AGENT", "SIP"] {
        let mut event = livekit_event("participant_joined", None);
        event["participant"]["kind"] = json!(kind);
        assert_eq!(livekit_events(&event), Ok(Vec::new()), "{kind}");
    }
    let mut event = livekit_event("participant_joined", None);
    event["participant"]["kind"] = json!("STANDARD");
    assert_eq!(livekit_events(&event).map(|events| events.len()), Ok(1));
}

#[test]
fn a_signed_body_that_is_not_a_webhook_is_malformed() {
    for body in [
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({"event": 7}),
        json!({"event": "room_finished", "room": 7}),
    ] {
        assert_eq!(livekit_events(&body), Err(CallbackError::Malformed), "{body}");
    }
    let webhooks = livekit_reader();
    for body in [b"".as_slice(), b"{", b"\xff"] {
        let header = livekit_header(body, &livekit_key());
        assert_eq!(read(&webhooks, ("authorization", &header), body, NOW_MS), Err(CallbackError::Malformed));
    }
}

fn agora_reader() -> agora::callback::AgoraCallbackReader {
    agora::callback::AgoraCallbackReader::new(&SecretString::from("secret"))
}

fn agora_events(body: &impl ToString) -> Result<Vec<MediaEvent>, CallbackError> {
    let body = body.to_string().into_bytes();
    let mac = Hmac::<Sha256>::new_from_slice(b"secret").expect("any length").chain_update(&body);
    let header = HEXLOWER.encode(&mac.finalize().into_bytes());
    read(&agora_reader(), ("agora-signature-v2", &header), &body, NOW_MS)
}

// Proves: signed-callbacks
#[test]
fn only_the_unaltered_example_of_agora_is_accepted() {
    // "Signature verification" in Agora's documentation (docs.agora.io/cn/Video/signature_verify).
    let body = br#"{"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}"#;
    let header = ("agora-signature-v2", "de96da5acf03b0021ac3b4fa2225e7ae6f3533a30d50bb02c08ea4fa748bda24");
    assert_eq!(read(&agora_reader(), header, body, NOW_MS), Ok(Vec::new()), "an event of another kind");
    assert_altered_headers_are_rejected(&agora_reader(), header, body, NOW_MS);
    assert_altered_bodies_are_rejected(&agora_reader(), header, body, NOW_MS);
    let capitals = header.1.to_ascii_uppercase();
    assert_eq!(read(&agora_reader(), (header.0, &capitals), body, NOW_MS), Err(CallbackError::Forged));
    let other = agora::callback::AgoraCallbackReader::new(&SecretString::from("another"));
    assert_eq!(read(&other, header, body, NOW_MS), Err(CallbackError::Forged));
}

#[test]
fn agora_events_map_to_media_events() {
    let media_id = || "7".to_owned();
    let joined = || Some(MediaEventKind::Joined { media_id: media_id(), stay: None });
    let left = |clean| Some(MediaEventKind::Left { media_id: media_id(), stay: None, clean });
    let cases = [
        (1, 103, 0, joined()),
        (1, 105, 0, joined()),
        (1, 107, 0, joined()),
        (1, 104, 1, left(true)),
        (1, 106, 1, left(true)),
        (1, 108, 1, left(true)),
        (1, 108, 3, left(true)),
        (1, 108, 2, left(false)),
        (1, 108, 10, left(false)),
        (1, 108, 999, left(false)),
        (1, 108, 5, None),
        (1, 102, 0, Some(MediaEventKind::ChannelClosed)),
        (1, 101, 0, None),
        (1, 111, 0, None),
        (1, 112, 0, None),
        // Events of cloud recording have the same numbers but other payloads.
        (3, 103, 0, None),
    ];
    for (product, event, reason, kind) in cases {
        let body = json!({"noticeId": "2000001428:4330:107", "productId": product, "eventType": event,
            "notifyMs": 1_611_566_412_672_i64, "payload": {"channelName": "switchboard-m1", "ts": 1_560_396_834,
            "uid": 7, "platform": 1, "clientSeq": 1_625_051_030_746_i64, "reason": reason, "duration": 600}});
        let at = ServiceTime { ms: 1_560_396_834_000, seq: 1_625_051_030_746 };
        let (id, channel_id) = ("2000001428:4330:107".to_owned(), "switchboard-m1".to_owned());
        let events: Vec<_> = kind
            .into_iter()
            .map(|kind| MediaEvent { id: id.clone(), channel_id: channel_id.clone(), at, kind })
            .collect();
        assert_eq!(agora_events(&body), Ok(events), "{product} {event} {reason}");
    }
}

#[test]
fn a_signed_body_that_is_not_a_notification_is_malformed() {
    let event =
        |payload: Value| json!({"noticeId": "n", "productId": 1, "eventType": 103, "payload": payload});
    let bodies = [
        json!({}),
        json!([]),
        json!(7),
        event(Value::Null),
        event(json!({})),
        event(json!({"channelName": "c", "ts": "now", "uid": 7})),
        event(json!({"channelName": 7, "ts": 7, "uid": 7})),
        event(json!({"channelName": "c", "ts": 7, "uid": {}})),
    ];
    for body in bodies {
        assert_eq!(agora_events(&body), Err(CallbackError::Malformed), "{body}");
    }
    assert_eq!(
        agora_events(&event(json!({"channelName": "c", "ts": 7}))),
        Ok(Vec::new()),
        "an event without a user"
    );
}

fn janus_reader() -> janus::callback::JanusCallbackReader {
    janus::callback::JanusCallbackReader::new(&SecretString::from("secret"))
}

fn janus_header() -> String {
    format!("Basic {}", STANDARD.encode("switchboard:secret"))
}

fn janus_events(body: &impl ToString) -> Result<Vec<MediaEvent>, CallbackError> {
    let body = body.to_string().into_bytes();
    read(&janus_reader(), ("authorization", &janus_header()), &body, NOW_MS)
}

fn janus_event(data: &Value) -> Value {
    json!({"emitter": "MyJanus", "type": 64, "timestamp": 1_767_225_599_123_456_i64, "session_id": 1, "handle_id": 2,
        "event": {"plugin": "janus.plugin.videoroom", "data": data}})
}

// Proves: signed-callbacks
#[test]
fn a_janus_event_without_the_password_is_rejected() {
    let body = janus_event(&json!({"event": "joined", "room": "c", "id": "x"})).to_string().into_bytes();
    assert_altered_headers_are_rejected(&janus_reader(), ("authorization", &janus_header()), &body, NOW_MS);
    for login in ["switchboard:", "switchboard:other", ":secret", "secret", "Switchboard:secret"] {
        let header = format!("Basic {}", STANDARD.encode(login));
        let events = read(&janus_reader(), ("authorization", &header), &body, NOW_MS);
        assert_eq!(events, Err(CallbackError::Forged), "{login}");
    }
}

#[test]
fn janus_events_map_to_media_events_singly_and_in_lists() {
    let media_id = || "9f3c".to_owned();
    let left = |clean| Some(MediaEventKind::Left { media_id: media_id(), stay: None, clean });
    let cases = [
        ("joined", Some(MediaEventKind::Joined { media_id: media_id(), stay: None })),
        ("leaving", left(false)),
        ("kicked", left(true)),
        ("destroyed", Some(MediaEventKind::ChannelClosed)),
        ("created", None),
        ("published", None),
        ("unpublished", None),
        ("moderated", None),
        ("subscribing", None),
    ];
    let mut all = Vec::new();
    let mut events = Vec::new();
    for (name, kind) in cases {
        let event =
            janus_event(&json!({"event": name, "room": "switchboard-m1", "id": "9f3c", "display": "Alice"}));
        let expected = kind.map(|kind| MediaEvent {
            id: format!("{name}/1767225599123456"),
            channel_id: "switchboard-m1".to_owned(),
            at: ServiceTime { ms: 1_767_225_599_123, seq: 456 },
            kind,
        });
        assert_eq!(janus_events(&event), Ok(expected.iter().cloned().collect()), "{name}");
        all.push(event);
        events.extend(expected);
    }
    assert_eq!(janus_events(&json!(all)), Ok(events));
    assert_eq!(janus_events(&json!([])), Ok(Vec::new()));
}

#[test]
fn janus_ids_are_text_or_numbers() {
    let events = janus_events(&janus_event(&json!({"event": "joined", "room": 1234, "id": 42})));
    let events = events.expect("a valid password");
    assert_eq!(events[0].channel_id, "1234");
    assert_eq!(events[0].kind, MediaEventKind::Joined { media_id: "42".to_owned(), stay: None });
}

#[test]
fn other_janus_events_are_ignored() {
    let others = [
        json!({"emitter": "MyJanus", "type": 1, "timestamp": 1, "session_id": 1, "event": {"name": "created"}}),
        json!({"type": 256, "timestamp": 1, "event": {"status": "started", "info": {}}}),
        json!({"type": 64, "timestamp": 1, "event": {"plugin": "janus.plugin.echotest", "data": {"event": "joined"}}}),
        janus_event(&json!({"audio": true})),
        janus_event(&json!({"event": "joined", "room": "c"})),
    ];
    for event in &others {
        assert_eq!(janus_events(event), Ok(Vec::new()), "{event}");
    }
    for body in [json!(7), json!("x"), json!(null), json!([7]), json!({}), json!({"type": 64, "event": 7})] {
        assert_eq!(janus_events(&body), Err(CallbackError::Malformed), "{body}");
    }
}

#[test]
fn debug_output_of_the_readers_shows_no_secret() {
    let shown = format!("{:?} {:?} {:?}", janus_reader(), agora_reader(), livekit_reader());
    assert!(!shown.contains("secret\"") && !shown.contains("a-secret"), "{shown}");
    assert!(!shown.contains(&STANDARD.encode("switchboard:secret")), "{shown}");
}

#[test]
fn without_a_secret_there_is_no_callback_reader() {
    let (empty, secret) = (SecretString::default(), SecretString::from("secret"));
    let key = Account { key_secret: secret.clone(), ..Account::default() };
    for provider in Provider::ALL {
        let name = provider.name();
        let is_read = |account: &Account, secret| crate::callback_reader(provider, account, secret).is_some();
        assert_eq!(is_read(&key, None), name == "livekit", "{name}");
        assert_eq!(is_read(&Account::default(), Some(&secret)), ["agora", "janus"].contains(&name), "{name}");
        assert!(!is_read(&Account::default(), Some(&empty)), "{name}");
    }
}
