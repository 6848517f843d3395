//! Tests of expired, forged, empty and contradictory tokens, and of texts that are not tokens.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;
use crate::explain::fixture::APP_ID;
use switchboard_rtc::agora::{AgoraService, AgoraToken};
use switchboard_rtc::alibaba::ArtcTokenFields;
use switchboard_rtc::alibaba::dingrtc::AppToken;
use switchboard_rtc::janus::JanusToken;
use switchboard_rtc::tencent::{PrivateMap, TencentRoom, UserSig};

#[test]
fn expired_and_future_tokens_are_refused() {
    let token = |claims: Value| sign_hs256(&claims, SECRET.as_bytes()).expect("JSON");
    assert_eq!(refusals(&token(json!({"sub": "alice", "exp": NOW - 180}))), ["expired 3 min ago"]);
    assert_eq!(
        refusals(&token(json!({"sub": "alice", "nbf": NOW + 5, "exp": NOW + 60}))),
        ["becomes valid in 5 s"]
    );
    assert_eq!(refusals(&token(json!({"sub": "alice"}))), ["the token has no expiry"]);
    let agora = minter(Provider::Agora, "");
    let at = |now_ms| agora.join(&MintRequest { now_ms, ..request() }).expect("mints").token;
    assert_eq!(refusals(&at((NOW + 60) * 1000)), ["becomes valid in 60 s"]);
    assert_eq!(refusals(&at((NOW - 86_400) * 1000)), ["expired 23 h ago"]);
    // Extreme times cause no panic.
    for end in [i64::MIN, i64::MAX] {
        let token = token(json!({"sub": "alice", "exp": end}));
        assert_eq!(one(&token, None).lines(NOW).len(), 6);
        assert_eq!(one(&token, None).lines(i64::MIN).len() + one(&token, None).lines(i64::MAX).len(), 12);
    }
}

#[test]
fn the_explanation_of_a_refused_jwt_names_the_reason() {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned =
        format!("{}.{}.", part(json!({"alg": "none"})), part(json!({"sub": "alice", "exp": NOW + 9})));
    assert_eq!(refusals(&unsigned), ["the algorithm `none` is not accepted"]);
    let public =
        format!("{}.{}.x", part(json!({"alg": "RS256"})), part(json!({"sub": "alice", "exp": NOW + 9})));
    assert_eq!(one(&public, None).signature, Signature::OtherAlgorithm);
    let token = |claims: Value| sign_hs256(&claims, SECRET.as_bytes()).expect("JSON");
    let email = token(json!({"sub": "alice@example.com", "exp": NOW + 9}));
    assert_eq!(refusals(&email), ["`sub` is not a user id: only A-Z a-z 0-9 _ - are allowed"]);
    assert_eq!(refusals(&token(json!({"exp": NOW + 9}))), ["`sub` is missing, so the token names no user"]);
    let nothing = token(json!({"sub": "bob", "exp": NOW + 9, "video": {}}));
    assert_eq!(refusals(&nothing), ["the token grants no rights"]);
    let anonymous = token(json!({"exp": NOW + 9, "video": {"roomJoin": true}}));
    assert_eq!(refusals(&anonymous), ["the token names no user", "the token names no room"]);
}

#[test]
fn livekit_management_and_callback_tokens_differ_from_joins() {
    let token = |claims: Value| sign_hs256(&claims, SECRET.as_bytes()).expect("JSON");
    let admin =
        one(&token(json!({"iss": "k", "exp": NOW + 9, "video": {"roomAdmin": true, "room": "m1"}})), None);
    assert_eq!(
        (admin.place.as_deref(), admin.rights),
        (Some("room m1"), vec!["moderate the room".to_owned()])
    );
    let callback = one(&token(json!({"iss": "k", "exp": NOW + 9, "sha256": "x"})), Some(&secret()));
    assert_eq!(callback.kind, "the signature of a LiveKit callback");
    assert_eq!(callback.refusals(NOW), Vec::<String>::new());
}

#[test]
fn wildcards_are_shown_as_any_user_and_every_channel() {
    let issued = u32::try_from(NOW).expect("before 2106");
    let token = AppToken {
        app_id: APP_ID.into(),
        channel_id: "*".into(),
        user_id: "*".into(),
        issued,
        expires: issued + 9,
        salt: 1,
        privileges: None,
        options: [].into(),
    };
    let explained = one(token.sign(&secret()).expect("signs").expose_secret(), None);
    assert_eq!(explained.user.as_deref(), Some("any user"));
    assert_eq!(explained.place, Some(format!("every channel of application {APP_ID}")));
    assert_eq!(explained.rights, ["everything: the token has no rights bits"]);

    let services = vec![
        AgoraService::Rtm { user_id: "bob".into(), privileges: [(1, 0)].into() },
        AgoraService::Rtc { channel: "m1".into(), uid: String::new(), privileges: [(1, 5)].into() },
    ];
    let token = AgoraToken { app_id: APP_ID.into(), issued, life_seconds: 600, salt: 1, services };
    let explained = one(token.sign(&secret()).expect("signs").expose_secret(), Some(&secret()));
    assert_eq!(explained.user.as_deref(), Some("any user"));
    // The privilege to join may expire before the token.
    assert_eq!((explained.ends, explained.signature), (Some(NOW + 5), Signature::Valid));
    let nothing = AgoraToken { services: Vec::new(), ..token };
    let nothing = nothing.sign(&secret()).expect("signs");
    assert_eq!(refusals(nothing.expose_secret()), ["the token opens no service"]);
}

#[test]
fn a_contradictory_private_map_key_is_refused() {
    let expires = u32::try_from(NOW + 600).expect("before 2106");
    let map =
        PrivateMap { sdk_app_id: 2, user_id: "bob", room: TencentRoom::Number(7), expires, privileges: 1 };
    let key = UserSig::new(1, "alice", NOW, 600).with_map(&map).expect("short").sign(&secret());
    let expected = [
        "the map is for another user, bob",
        "the map is for another application, 2",
        "the token does not grant entering the room",
    ];
    assert_eq!(refusals(key.expect("signs").expose_secret()), expected);
    let mut unreadable = UserSig::new(1, "alice", NOW, 600);
    unreadable.user_buffer = Some("AAAA".to_owned());
    let unreadable = unreadable.sign(&secret()).expect("signs");
    assert_eq!(refusals(unreadable.expose_secret()), ["the map of rights is malformed"]);
}

#[test]
fn a_hash_has_no_explanation() {
    let fields =
        ArtcTokenFields { app_id: "app", channel_id: "m1", user_id: "bob", nonce: "", timestamp: NOW + 60 };
    let hash = fields.multi_parameter_token(&secret());
    assert_eq!(explain(hash.expose_secret(), Secrets::default()), Err(ExplainError::Hash));
}

#[test]
fn a_whole_message_and_a_quoted_token_are_explained() {
    let claims = json!({"sub": "alice", "exp": NOW + 9});
    let token = sign_hs256(&claims, SECRET.as_bytes()).expect("JSON");
    let message = json!({"type": "token", "join": {"provider": "livekit", "token": token}});
    assert_eq!(one(&message.to_string(), None).user.as_deref(), Some("alice"));
    assert_eq!(one(&format!(" {token:?}\n"), None).user.as_deref(), Some("alice"));
}

#[test]
fn control_characters_in_a_token_are_replaced() {
    let token = JanusToken { expires: NOW + 9, realm: "janus", descriptors: vec!["\u{1b}[2J\n"] };
    let lines = explained_lines(token.sign(&secret()).expect("signs").expose_secret());
    assert!(!lines.contains('\u{1b}') && lines.contains("\u{fffd}[2J\u{fffd}"), "{lines:?}");
}

#[test]
fn other_texts_have_an_unknown_format() {
    let base64 = STANDARD.encode("{}");
    let texts =
        ["", "hello", "a.b.c", "{}", "[1]", "e30.e30", "W10.W10.W10", "007", "000", "123", "12:ab", &base64];
    for text in texts {
        assert_eq!(explain(text, Secrets::default()), Err(ExplainError::Unknown), "{text}");
    }
    let broken = json!({"token": "hello", "params": {}}).to_string();
    assert_eq!(explain(&broken, Secrets::default()), Err(ExplainError::Unknown));
}
