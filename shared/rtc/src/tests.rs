//! Tests of properties that all providers share.

mod bad_input;
mod enforced;

use serde_json::json;

use super::fixture::{SECRET, account, minter, minters, request};
use super::*;

#[test]
fn the_join_object_has_the_protocols_members() {
    let rights = Rights::ALL.without_microphone();
    let join = minter(Provider::Livekit, "").join(&MintRequest { rights, ..request() }).expect("mints");
    let mut wire = serde_json::to_value(&join).expect("serialises");
    assert_eq!(serde_json::from_value::<Join>(wire.clone()).expect("reads its own"), join);
    wire["token"] = "…".into();
    assert_eq!(
        wire,
        json!({
            "provider": "livekit", "url": "wss://rtc.example.org", "channel_id": "sb-m1", "user_id": "alice",
            "token": "…", "token_expires_in_ms": 599_600, "rights_enforced": true, "params": {},
            "rights": {"microphone": false, "camera": true, "screen": true, "data": true, "subscribe": true},
        })
    );
}

#[test]
fn every_provider_has_a_name_and_a_minter() {
    for provider in Provider::ALL {
        assert_eq!(provider.name().parse(), Ok(provider));
        assert_eq!(serde_json::to_value(provider).expect("serialises"), provider.name());
        let minter = minter(provider, "");
        assert_eq!(minter.provider(), provider);
        assert_eq!(minter.join(&request()).expect("mints").provider, provider);
    }
}

#[test]
fn every_provider_has_the_params_of_the_protocol() {
    let names: Vec<_> = minters()
        .into_iter()
        .map(|(name, minter)| {
            let params = minter.join(&request()).expect("mints").params;
            (name, params.keys().cloned().collect::<Vec<_>>().join(" "))
        })
        .collect();
    let artc = "app_id nonce single_token timestamp";
    let expected = [
        ("livekit ", ""),
        ("alibaba ", artc),
        ("alibaba artc", artc),
        ("alibaba dingrtc", "app_id mode nonce single_token timestamp"),
        ("agora ", "app_id uid"),
        ("agora cohost", "app_id uid"),
        ("tencent ", "private_map_key sdk_app_id"),
        ("tencent private_map_key", "private_map_key sdk_app_id"),
        ("janus ", "core_token participant_id room"),
        ("janus with turn", "core_token iceServers participant_id room"),
    ];
    assert_eq!(names, expected.map(|(name, params)| (name.to_owned(), params.to_owned())));
}

#[test]
fn minting_is_deterministic_and_the_salt_changes_only_salted_tokens() {
    for (name, minter) in minters() {
        let token = |salt| minter.join(&MintRequest { salt, ..request() }).expect("mints").token;
        assert_eq!(token(7), token(7), "{name}");
        let salted = name.starts_with("agora") || name == "alibaba dingrtc";
        assert_eq!(token(7) != token(8), salted, "{name}");
        // The smallest and the largest salt are valid.
        let (_, _) = (token(0), token(u32::MAX));
    }
}

#[test]
fn media_ids_are_stable_and_unique() {
    for (name, minter) in minters() {
        let id = minter.media_id("sb-m1", "alice", 1);
        assert_eq!(minter.media_id("sb-m1", "alice", 1), id, "{name}");
        assert_ne!(minter.media_id("sb-m1", "bob", 2), id, "{name}");
        assert!(
            !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{id}"
        );
    }
}

#[test]
fn no_output_shows_a_secret_or_a_token() {
    for (name, minter) in minters() {
        let credential = minter.mint(&request()).expect("mints");
        let join = minter.join(&request()).expect("mints");
        let shown = format!("{credential:?} {join:?}");
        let values = join.params.iter().filter(|(name, _)| {
            ["single_token", "core_token", "private_map_key", "iceServers"].contains(&name.as_str())
        });
        let values = values.map(|(_, value)| value.to_string());
        for secret in values.chain([SECRET.to_owned(), join.token.clone()]) {
            assert!(!shown.contains(secret.trim_matches('"')), "{name}: {shown}");
        }
    }
    for provider in Provider::ALL {
        assert!(!format!("{:?}", account(provider, "")).contains(SECRET));
    }
}
