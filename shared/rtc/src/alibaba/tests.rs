use super::*;
use crate::{Rights, TTL_SECONDS};

const NOW_MS: i64 = 1_767_225_600_999;

fn minter() -> ArtcMinter {
    ArtcMinter { url: GLOBAL_URL.into(), app_id: "iwo5l81k".into(), app_key: "key-of-the-tests".into() }
}

fn request<'a>(channel_id: &'a str, user_id: &'a str) -> MintRequest<'a> {
    MintRequest {
        channel_id,
        user_id,
        number: 1,
        salt: 7,
        name: Some("Alice"),
        rights: Rights::ALL,
        now_ms: NOW_MS,
        ttl_seconds: TTL_SECONDS,
    }
}

#[test]
fn the_params_are_the_fields_of_the_token() {
    let join = minter().join(&request("sb-m1", "alice")).expect("mints");
    let timestamp = NOW_MS / 1000 + 600;
    let fields = ArtcTokenFields {
        app_id: "iwo5l81k",
        channel_id: "sb-m1",
        user_id: "05aliceu",
        nonce: "",
        timestamp,
    };
    assert_eq!(join.user_id, "05aliceu", "the client presents the id of the token");
    assert_eq!(minter().media_id("sb-m1", "alice", 1), join.user_id);
    let app_key = minter().app_key;
    assert_eq!(join.token, fields.multi_parameter_token(&app_key).expose_secret());
    assert_eq!(
        Value::Object(join.params),
        json!({
            "app_id": "iwo5l81k", "nonce": "", "timestamp": timestamp,
            "single_token": fields.single_parameter_token(&app_key).expose_secret(),
        })
    );
    assert_eq!(NOW_MS + join.token_expires_in_ms, timestamp * 1000);
}

/// Returns the hash of this text, which is the token of `presented` with a nonce and an expiry that the
/// client chose.
fn hashed(presented: &str, nonce: &str, timestamp: &str) -> String {
    format!("{presented}{nonce}{timestamp}")
}

#[test]
fn a_token_is_of_no_other_user_and_of_no_other_time() {
    // The formula alone does not separate its fields.
    assert_eq!(hashed("bob1", "", "1795366684"), hashed("bob", "", "11795366684"));
    let names = [
        "a",
        "al",
        "alice",
        "alice-evil",
        "alice05",
        "05alice",
        "bob",
        "bob1",
        "1001",
        "100",
        "10",
        "u",
        "3bobu",
    ];
    let ids: Vec<String> = names.iter().map(|name| bounded_id(name)).collect();
    for id in &ids {
        let beginnings = ids.iter().filter(|other| id.starts_with(other.as_str())).count();
        assert_eq!(beginnings, 1, "{id} begins with the id of another user");
        assert!(id.ends_with('u'), "{id}: the expiry could take its last digits");
    }
    assert!(minter().check_ids("sb-m1", &"a".repeat(61)).is_ok());
    assert!(minter().check_ids("sb-m1", &"a".repeat(62)).is_err());
}

// Proves: enforced-rights
#[test]
fn rights_are_reported_as_not_enforced() {
    let muted = Rights::ALL.without_microphone();
    let join = minter().join(&MintRequest { rights: muted, ..request("sb-m1", "alice") }).expect("mints");
    assert_eq!((join.rights, join.rights_enforced), (muted, false));
}

#[test]
fn debug_output_shows_no_key_and_no_token() {
    let credential = minter().mint(&request("sb-m1", "alice")).expect("mints");
    let join = minter().join(&request("sb-m1", "alice")).expect("mints");
    let shown = format!("{:?} {credential:?} {join:?}", minter());
    let single = credential.params["single_token"].as_str().expect("text");
    for secret in ["key-of-the-tests", credential.token.expose_secret(), single] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
