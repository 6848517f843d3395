//! Tests of the app's tokens: of all inputs, only a token that the app signed opens a connection.

use bolero::check;
use data_encoding::BASE64URL_NOPAD;
use functions::authorize::keys::{KeyTexts, Keys};
use functions::authorize::token::Verifier;
use serde_json::json;
use switchboard_rtc::jwt::sign_hs256;

use super::mutation::{Edit, ITERATIONS, edited};

const SECRET: &str = "a-secret-of-the-tests-of-32-bytes";
const NOW_MS: i64 = 1_767_225_600_000;

fn verifier() -> Verifier {
    let keys = KeyTexts { secret: SECRET.into(), ..KeyTexts::default() };
    Verifier {
        keys: Keys::new(&keys).expect("a good secret"),
        issuer: None,
        audiences: Vec::new(),
        max_seconds: None,
    }
}

#[test]
fn random_text_is_no_token() {
    let verifier = verifier();
    check!().with_iterations(ITERATIONS).for_each(|bytes: &[u8]| {
        assert!(verifier.verify(&String::from_utf8_lossy(bytes), NOW_MS).is_err());
    });
}

#[test]
fn an_edited_token_is_refused() {
    let verifier = verifier();
    let claims = json!({"sub": "alice", "name": "Alice", "exp": NOW_MS / 1000 + 3600});
    let token = sign_hs256(&claims, SECRET.as_bytes()).expect("signs");
    check!().with_iterations(ITERATIONS).with_type::<Vec<Edit>>().for_each(|edits| {
        let text = String::from_utf8_lossy(&edited(token.as_bytes(), edits)).into_owned();
        assert_eq!(verifier.verify(&text, NOW_MS).is_ok(), text == token, "{text}");
    });
}

/// Tokens that the app signed with unusual claims: each accepted identity is a valid account.
#[test]
fn odd_claims_under_a_good_signature_name_a_possible_account_or_nobody() {
    let verifier = verifier();
    let valid = json!({"sub": "alice", "name": "Alice", "exp": NOW_MS / 1000 + 3600, "nbf": 1}).to_string();
    check!().with_iterations(ITERATIONS).with_type::<Vec<Edit>>().for_each(|edits| {
        let text = edited(valid.as_bytes(), edits);
        let Ok(claims) = serde_json::from_slice::<serde_json::Value>(&text) else { return };
        let token = sign_hs256(&claims, SECRET.as_bytes()).expect("signs");
        if let Ok(identity) = verifier.verify(&token, NOW_MS) {
            assert_eq!(
                claims.get("sub").and_then(serde_json::Value::as_str),
                Some(identity.account.as_str())
            );
            assert!(identity.expires_ms > NOW_MS - 10 * 60 * 1000, "an old token: {claims}");
        }
    });
}

/// Headers of tokens: none changes the algorithm or the key that verifies a token.
#[test]
fn an_edited_header_is_refused() {
    let verifier = verifier();
    let claims = json!({"sub": "alice", "exp": NOW_MS / 1000 + 3600});
    let token = sign_hs256(&claims, SECRET.as_bytes()).expect("signs");
    let (header, rest) = token.split_once('.').expect("three parts");
    let header = BASE64URL_NOPAD.decode(header.as_bytes()).expect("base64url");
    check!().with_iterations(ITERATIONS).with_type::<Vec<Edit>>().for_each(|edits| {
        let edited = edited(&header, edits);
        let token = format!("{}.{rest}", BASE64URL_NOPAD.encode(&edited));
        assert_eq!(verifier.verify(&token, NOW_MS).is_ok(), edited == header);
    });
}
