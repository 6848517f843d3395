//! Tests of the explanations of all providers' tokens, and of logins and TURN credentials.

mod other_agora;
mod wrong;

use insta::assert_snapshot;
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::explanation::Signature;
use super::*;
use crate::explain::fixture::{NOW, SECRET, minter, minters, request};
use switchboard_rtc::jwt::sign_hs256;
use switchboard_rtc::turn::{TurnCredential, TurnServers, WithTurn};
use switchboard_rtc::{MintRequest, Minter, Provider, Rights};

fn secret() -> SecretString {
    SECRET.into()
}

/// Returns the explanation of a text as lines, with the secret for checking signatures.
fn explained_lines(text: &str) -> String {
    let secret = secret();
    let secrets = Secrets { any: Some(&secret), ..Secrets::default() };
    let explained = explain(text, secrets).expect("a known format");
    let parts: Vec<_> = explained.iter().map(|one| one.lines(NOW).join("\n")).collect();
    parts.join("\n\n")
}

fn one(text: &str, secret: Option<&SecretString>) -> Explanation {
    let explained = explain(text, Secrets { any: secret, ..Secrets::default() }).expect("a known format");
    assert_eq!(explained.len(), 1, "{explained:?}");
    explained.into_iter().next().expect("one")
}

fn refusals(text: &str) -> Vec<String> {
    one(text, Some(&secret())).refusals(NOW)
}

/// Returns the explanation of a whole `join` object of Alice without the right to a microphone.
fn join(provider: Provider, mode: &str) -> String {
    explained_join(&*minter(provider, mode))
}

fn explained_join(minter: &dyn Minter) -> String {
    let rights = Rights::ALL.without_microphone();
    let join = minter.join(&MintRequest { rights, ..request() }).expect("mints");
    explained_lines(&serde_json::to_string(&join).expect("JSON"))
}

#[test]
fn a_livekit_join() {
    assert_snapshot!(join(Provider::Livekit, ""), @r"
    what       a LiveKit token
    who        alice, shown as Alice
    where      room sb-m1
    rights     enter the room, send camera, screen, receive, send data messages
    until      2026-01-01T00:10:00Z (in 10 min)
    made by    970ca35de60c44645bbae8a215061b33
    signature  valid for the given secret
    valid      yes
    ");
}

#[test]
fn an_alibaba_artc_join() {
    assert_snapshot!(join(Provider::Alibaba, ""), @r"
    what       an Alibaba ARTC token
    who        05aliceu
    where      channel sb-m1 of application 970ca35de60c44645bbae8a215061b33
    rights     everything: an ARTC token carries no rights
    until      2026-01-01T00:10:00Z (in 10 min)
    signature  valid for the given secret
    valid      yes
    ");
}

#[test]
fn an_alibaba_dingrtc_join() {
    assert_snapshot!(join(Provider::Alibaba, "dingrtc"), @r"
    what       an Alibaba DingRTC token (AppToken 000)
    who        alice
    where      channel sb-m1 of application 970ca35de60c44645bbae8a215061b33
    rights     enter the channel, send video, send a screen, receive
    until      2026-01-01T00:10:00Z (in 10 min)
    signature  valid for the given secret
    valid      yes
    ");
}

#[test]
fn an_agora_join() {
    assert_snapshot!(join(Provider::Agora, ""), @r"
    what       an Agora token (007)
    who        user 1
    where      channel sb-m1 of project 970ca35de60c44645bbae8a215061b33
    rights     enter the channel, send video, send data messages, receive
    until      2026-01-01T00:10:00Z (in 10 min)
    signature  valid for the given secret
    note       the rights to send are enforced only if co-host authentication is on for the project
    valid      yes
    ");
}

#[test]
fn a_tencent_join() {
    assert_snapshot!(join(Provider::Tencent, ""), @r"
    what       a Tencent UserSig
    who        alice
    where      every room of application 1400000000
    rights     use the service
    until      2026-01-01T00:10:00Z (in 10 min)
    signature  valid for the given secret
    note       if advanced permission control is on, entering a room also needs a PrivateMapKey
    valid      yes

    what       a Tencent PrivateMapKey
    who        alice
    where      room sb-m1 of application 1400000000
    rights     create the room, enter the room, send video, send a screen, receive audio, receive video, receive screens
    until      2026-01-01T00:10:00Z (in 10 min)
    signature  valid for the given secret
    note       enforced only if advanced permission control is on for the application
    valid      yes
    ");
}

#[test]
fn a_janus_join_with_turn() {
    let servers = TurnServers::new("turn:turn.example.org:3478", secret()).expect("right").expect("one");
    let minter = WithTurn::new(minter(Provider::Janus, ""), servers);
    assert_snapshot!(explained_join(&minter), @r"
    what       a Janus room token
    who        no user named
    where      room sb-m1 of the plugin janus.plugin.videoroom
    rights     enter the room
    until      2026-01-01T00:10:00Z (in 10 min)
    signature  valid for the given secret
    note       the token names no user: any holder can use it, under any free id
    valid      yes

    what       a Janus core token
    who        no user named
    where      the gateway
    rights     use the plugins janus.plugin.videoroom
    until      2026-01-01T00:10:00Z (in 10 min)
    signature  valid for the given secret
    note       the token names no user: any holder can use it, under any free id
    valid      yes

    what       a TURN credential
    who        alice
    where      turn:turn.example.org:3478
    rights     relay media
    until      2026-01-01T01:00:00Z (in 60 min)
    signature  not checked; give the secret
    valid      yes, if the signature is valid
    ");
}

#[test]
fn a_login() {
    let claims = json!({"sub": "alice", "name": "Alice", "exp": NOW + 3600});
    let token = sign_hs256(&claims, SECRET.as_bytes()).expect("JSON");
    assert_snapshot!(explained_lines(&token), @r"
    what       a login: the app's own JWT, the MQTT password of a terminal
    who        alice, shown as Alice
    where      the broker, as GROUP@@@alice or GROUP@@@alice.INSTANCE
    until      2026-01-01T01:00:00Z (in 60 min)
    signature  valid for the given secret
    valid      yes
    ");
    let unchecked = one(&token, None);
    assert_eq!(unchecked.signature, Signature::NotChecked);
    assert!(unchecked.lines(NOW).contains(&"valid      yes, if the signature is valid".to_owned()));
}

#[test]
fn a_turn_user_name_and_a_whole_credential() {
    let TurnCredential { username, password } = TurnCredential::new("alice", NOW + 9000, &secret());
    assert_snapshot!(explained_lines(&username), @r"
    what       a TURN user name
    who        alice
    where      the TURN servers that share its secret
    rights     relay media
    until      2026-01-01T02:30:00Z (in 2 h)
    signature  none: the password of this user name is the proof
    valid      yes, with the password
    ");
    let server = json!({"urls": "turn:h", "username": username, "credential": password.expose_secret()});
    assert_snapshot!(explained_lines(&server.to_string()), @r"
    what       a TURN credential
    who        alice
    where      turn:h
    rights     relay media
    until      2026-01-01T02:30:00Z (in 2 h)
    signature  valid for the given secret
    valid      yes
    ");
    let other = json!({"username": username, "password": "guess", "uris": ["turn:h"]});
    assert_eq!(refusals(&other.to_string()), ["the signature does not match the secret"]);
    let without_user = one(&(NOW + 1).to_string(), None);
    assert_eq!((without_user.user, without_user.signature), (None, Signature::None));
}

#[test]
fn every_token_is_explained_and_invalid_under_another_secret() {
    let (right, other) = (secret(), SecretString::from("other"));
    for (name, minter) in minters() {
        let join = minter.join(&request()).expect("mints");
        let whole = serde_json::to_string(&join).expect("JSON");
        for (secret, expected) in [(&right, Signature::Valid), (&other, Signature::Invalid)] {
            let secrets = Secrets { rtc: Some(secret), turn: Some(secret), any: None };
            for explained in explain(&whole, secrets).unwrap_or_else(|error| panic!("{name}: {error}")) {
                assert_eq!(explained.signature, expected, "{name}: {explained:?}");
                assert_eq!(explained.refusals(NOW).is_empty(), expected == Signature::Valid, "{name}");
                // The token is valid from the second of its issue up to the second before its expiry.
                let ends = explained.ends.expect("an end");
                if explained.kind != "a TURN credential" {
                    assert_eq!(ends, NOW + 600, "{name}");
                }
                assert!(explained.begins.is_none_or(|begins| begins == NOW), "{name}");
                assert!(!explained.refusals(ends).is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn explanations_contain_neither_secret_nor_token() {
    for (name, minter) in minters() {
        let join = minter.join(&request()).expect("mints");
        let whole = serde_json::to_string(&join).expect("JSON");
        let (secret, lines) = (secret(), explained_lines(&whole));
        let fields: Vec<_> = explain(&whole, Secrets { any: Some(&secret), ..Secrets::default() })
            .expect("known")
            .iter()
            .map(|one| one.fields(NOW).to_string())
            .collect();
        let shown = format!("{lines} {fields:?}");
        assert!(!shown.contains(SECRET) && !shown.contains(&join.token), "{name}: {shown}");
    }
}

proptest! {
    #[test]
    fn no_text_causes_a_panic(text in "(007|000|\\{\"join\":)?.{0,80}", at in any::<i64>()) {
        if let Ok(explained) = explain(&text, Secrets::default()) {
            for one in explained {
                prop_assert!(!one.lines(at).is_empty());
            }
        }
    }

    #[test]
    fn no_altered_token_causes_a_panic(
        which in any::<prop::sample::Index>(),
        position in any::<prop::sample::Index>(),
        byte in 32..127_u8,
    ) {
        let minters = minters();
        let (_, minter) = which.get(&minters);
        let mut token = minter.join(&request()).expect("mints").token.into_bytes();
        *position.get_mut(&mut token) = byte;
        let text = String::from_utf8(token).expect("ASCII");
        if let Ok(explained) = explain(&text, Secrets { any: Some(&secret()), ..Secrets::default() }) {
            prop_assert!(explained.iter().all(|one| !one.lines(NOW).is_empty()));
        }
    }
}
