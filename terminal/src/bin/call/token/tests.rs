//! Tokens of each kind, right and wrong.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret as _;
use serde_json::json;
use switchboard::rtc::alibaba::Fields;
use switchboard::rtc::jwt::sign_hs256;

use super::*;

const NOW: i64 = 1_795_366_084;

fn secret() -> SecretString {
    "s3cret".to_owned().into()
}

fn signed(claims: &Value) -> String {
    sign_hs256(claims, b"s3cret").expect("JSON")
}

fn alice() -> String {
    signed(&json!({"sub": "alice", "name": "Alice", "exp": NOW + 3600}))
}

#[test]
fn a_login_says_who_may_connect_as_whom_and_until_when() {
    let explained = explain(&alice(), None).expect("a JWT");
    assert_eq!(
        explained.lines(NOW),
        [
            "what       a login: the app's own JWT, the MQTT password of a terminal",
            "who        alice, shown as Alice",
            "where      the broker, as GROUP@@@alice or GROUP@@@alice.INSTANCE",
            "until      2026-11-22T17:48:04Z (in 60 min)",
            "signature  not checked; give the secret with --secret",
            "valid      yes, if the signature is right",
        ]
    );
}

#[test]
fn the_signature_is_checked_when_the_secret_is_known() {
    let right = explain(&alice(), Some(&secret())).expect("a JWT");
    assert_eq!((right.signature, right.refusals(NOW)), (Signature::Right, Vec::new()));
    let wrong = explain(&alice(), Some(&"other".to_owned().into())).expect("a JWT");
    assert_eq!(wrong.signature, Signature::Wrong);
    assert_eq!(wrong.refusals(NOW), ["the signature does not match the secret"]);
    assert_eq!(wrong.fields(NOW)["valid"], json!(false));
}

#[test]
fn what_is_over_or_has_not_begun_is_refused() {
    let over = signed(&json!({"sub": "alice", "exp": NOW - 180}));
    assert_eq!(explain(&over, None).expect("a JWT").refusals(NOW), ["it ended 3 min ago"]);
    let early = signed(&json!({"sub": "alice", "nbf": NOW + 5, "exp": NOW + 60}));
    assert_eq!(explain(&early, None).expect("a JWT").refusals(NOW), ["it begins in 5 s"]);
    let endless = signed(&json!({"sub": "alice"}));
    assert_eq!(explain(&endless, None).expect("a JWT").refusals(NOW), ["it says no end"]);
}

#[test]
fn a_token_that_nobody_signed_is_refused() {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token =
        format!("{}.{}.", part(json!({"alg": "none"})), part(json!({"sub": "alice", "exp": NOW + 9})));
    let explained = explain(&token, Some(&secret())).expect("a JWT");
    assert_eq!(explained.refusals(NOW), ["the algorithm `none` is not accepted"]);
}

#[test]
fn an_account_that_could_not_connect_is_named() {
    let token = signed(&json!({"sub": "alice@example.com", "exp": NOW + 9}));
    let refusals = explain(&token, None).expect("a JWT").refusals(NOW);
    assert_eq!(refusals, ["`sub` is no account: only A-Z a-z 0-9 _ - are allowed"]);
}

#[test]
fn a_livekit_token_says_which_room_and_which_rights() {
    let token = signed(&json!({
        "iss": "devkey", "sub": "bob", "exp": NOW + 7200,
        "video": {"roomJoin": true, "room": "m1", "canPublishSources": ["microphone", "screen_share"],
            "canSubscribe": true, "canPublishData": false},
    }));
    let explained = explain(&token, Some(&secret())).expect("a JWT");
    assert_eq!(explained.kind, "a LiveKit token");
    assert_eq!((explained.who.as_deref(), explained.place.as_deref()), (Some("bob"), Some("room m1")));
    assert_eq!(explained.rights, ["enter the room", "send microphone, screen", "receive"]);
    assert_eq!(explained.issuer.as_deref(), Some("devkey"));
    assert_eq!(explained.refusals(NOW), Vec::<String>::new());
}

#[test]
fn a_livekit_token_without_any_grant_is_good_for_nothing() {
    let token = signed(&json!({"sub": "bob", "exp": NOW + 9, "video": {}}));
    assert_eq!(explain(&token, None).expect("a JWT").refusals(NOW), ["it grants nothing"]);
}

#[test]
fn an_alibaba_token_says_which_channel_and_is_verified_with_the_app_key() {
    let fields = Fields { app_id: "app", channel_id: "m1", user_id: "bob", nonce: "", timestamp: NOW + 60 };
    let token = fields.single_parameter_token(&secret());
    let explained = explain(token.expose_secret(), Some(&secret())).expect("an Alibaba token");
    assert_eq!(explained.place.as_deref(), Some("channel m1 of application app"));
    assert_eq!((explained.signature, explained.ends), (Signature::Right, Some(NOW + 60)));
    let other = explain(token.expose_secret(), Some(&"other".to_owned().into())).expect("an Alibaba token");
    assert_eq!(other.signature, Signature::Wrong);

    let hash = fields.multi_parameter_token(&secret());
    assert_eq!(explain(hash.expose_secret(), None), Err(Unexplained::Hash));
    let join = json!({"provider": "alibaba", "token": hash.expose_secret(),
        "params": {"single_token": token.expose_secret()}});
    let of_join = explain(&join.to_string(), None).expect("a join object");
    assert_eq!(of_join.who.as_deref(), Some("bob"));
}

#[test]
fn a_whole_message_with_a_join_is_explained_too() {
    let message = json!({"type": "token", "join": {"provider": "livekit", "token": alice()}});
    let explained = explain(&message.to_string(), None).expect("a message");
    assert_eq!(explained.who.as_deref(), Some("alice, shown as Alice"));
}

#[test]
fn what_is_no_token_is_said_to_be_none() {
    for text in ["", "hello", "a.b.c", "{}", "[1]", "e30.e30", "W10.W10.W10"] {
        assert_eq!(explain(text, None), Err(Unexplained::Unknown), "{text}");
    }
}
