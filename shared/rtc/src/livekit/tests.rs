use serde_json::{Value, json};

use super::*;
use crate::fixture::{NOW, NOW_MS, request};

fn key() -> ApiKey {
    ApiKey { id: "devkey".into(), secret: "secret-of-the-tests".into() }
}

fn minter() -> LivekitMinter {
    LivekitMinter { url: "ws://127.0.0.1:7880".into(), key: key() }
}

fn claims_for(rights: Rights) -> Value {
    let credential = minter().mint(&MintRequest { rights, ..request() }).expect("mints");
    jwt::unverified_claims(credential.token.expose_secret()).expect("a token")
}

#[test]
fn a_join_token_is_bound_to_room_identity_and_time() {
    assert_eq!(
        claims_for(Rights::ALL),
        json!({
            "iss": "devkey", "sub": "alice", "name": "Alice", "nbf": NOW, "exp": NOW + 600,
            "video": {
                "roomJoin": true, "room": "sb-m1", "canPublish": true, "canSubscribe": true,
                "canPublishData": true,
                "canPublishSources": ["microphone", "camera", "screen_share", "screen_share_audio"],
            },
        })
    );
}

#[test]
fn each_right_maps_to_its_grant_and_no_grant_is_implicit() {
    let grant = |rights| claims_for(rights)["video"].clone();
    let nothing = Rights::default();
    assert_eq!(
        grant(nothing),
        json!({
            "roomJoin": true, "room": "sb-m1",
            "canPublish": false, "canSubscribe": false, "canPublishData": false,
        })
    );
    let sources = |rights| grant(rights)["canPublishSources"].clone();
    assert_eq!(sources(Rights { microphone: true, ..nothing }), json!(["microphone"]));
    assert_eq!(sources(Rights { camera: true, ..nothing }), json!(["camera"]));
    assert_eq!(sources(Rights { screen: true, ..nothing }), json!(["screen_share"]));
    assert_eq!(grant(Rights { data: true, ..nothing })["canPublishData"], true);
    assert_eq!(grant(Rights { subscribe: true, ..nothing })["canSubscribe"], true);
}

#[test]
fn a_block_of_speech_leaves_no_source_of_sound() {
    let sources = claims_for(Rights::ALL.without_microphone())["video"]["canPublishSources"].clone();
    assert_eq!(sources, json!(["camera", "screen_share"]));
}

#[test]
fn the_reported_life_ends_with_the_token() {
    let credential = minter().mint(&request()).expect("mints");
    assert_eq!(NOW_MS + credential.token_expires_in_ms, (NOW + 600) * 1000);
    assert!(credential.rights_enforced && credential.params.is_empty());
}

#[test]
fn an_over_long_display_name_is_cut_between_characters() {
    let name = "é".repeat(200);
    let credential = minter().mint(&MintRequest { name: Some(&name), ..request() }).expect("mints");
    let claims = unverified_claims(credential.token.expose_secret()).expect("a token");
    assert_eq!(claims.name, Some("é".repeat(128)));
}

#[test]
fn a_join_without_room_or_identity_is_not_signed() {
    let claims = |room: &str, identity: &str| LivekitClaims {
        sub: Some(identity.into()),
        video: Some(VideoGrant { room_join: true, room: Some(room.into()), ..VideoGrant::default() }),
        ..LivekitClaims::issued_by("devkey", NOW, NOW + 600)
    };
    assert!(sign(&claims("r", "i"), &key()).is_ok());
    assert!(matches!(sign(&claims("", "i"), &key()), Err(LivekitSignError::NoRoom)));
    assert!(matches!(sign(&claims("r", ""), &key()), Err(LivekitSignError::NoIdentity)));
}

#[test]
fn a_token_is_valid_from_begin_to_end_with_leeway() {
    let token = sign(&LivekitClaims::issued_by("devkey", NOW, NOW + 600), &key()).expect("signs");
    let at = |seconds: i64| verify(token.expose_secret(), &key(), seconds * 1000).map(drop);
    assert_eq!(at(NOW), Ok(()));
    assert_eq!(at(NOW - LEEWAY_SECONDS), Ok(()));
    assert_eq!(at(NOW - LEEWAY_SECONDS - 1), Err(LivekitVerifyError::NotYet));
    assert_eq!(at(NOW + 600 + LEEWAY_SECONDS - 1), Ok(()));
    assert_eq!(at(NOW + 600 + LEEWAY_SECONDS), Err(LivekitVerifyError::Expired));
}

#[test]
fn another_secret_another_key_and_a_token_without_expiry_are_rejected() {
    let token = sign(&LivekitClaims::issued_by("devkey", NOW, NOW + 600), &key()).expect("signs");
    let check = |key: &ApiKey| verify(token.expose_secret(), key, NOW_MS).map(drop);
    let secret = || key().secret;
    assert_eq!(check(&ApiKey { secret: "guess".into(), ..key() }), Err(JwtError::Signature.into()));
    assert_eq!(check(&ApiKey { id: "other".into(), secret: secret() }), Err(LivekitVerifyError::Issuer));
    let endless =
        jwt::sign_hs256(&json!({"iss": "devkey"}), secret().expose_secret().as_bytes()).expect("signs");
    assert_eq!(verify(&endless, &key(), NOW_MS), Err(JwtError::Claims.into()));
}

#[test]
fn a_token_without_a_body_hash_does_not_verify_a_callback() {
    let token = sign(&LivekitClaims::issued_by("devkey", NOW, NOW + 600), &key()).expect("signs");
    assert_eq!(verify_webhook(token.expose_secret(), b"", &key(), NOW_MS), Err(LivekitVerifyError::Body));
}

#[test]
fn debug_output_shows_no_secret_and_no_token() {
    let credential = minter().mint(&request()).expect("mints");
    let join = minter().join(&request()).expect("mints");
    let shown = format!("{:?} {credential:?} {join:?}", minter());
    assert!(!shown.contains("secret-of-the-tests") && !shown.contains("eyJ"), "{shown}");
}
