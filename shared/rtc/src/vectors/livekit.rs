//! `LiveKit` vectors: compares claims as JSON and verifies the signature.

use secrecy::ExposeSecret;
use serde_json::Value;

use super::{each, seconds, text};
use crate::jwt;
use crate::livekit::{self, ApiKey, LivekitClaims, LivekitVerifyError};

fn api_key(inputs: &Value) -> ApiKey {
    ApiKey { id: text(inputs, "apiKey").into(), secret: text(inputs, "apiSecret").into() }
}

/// Returns claims with the inputs of a vector.
fn claims(inputs: &Value) -> LivekitClaims {
    let optional = |member: &str| inputs[member].as_str().map(str::to_owned);
    let now = seconds(inputs, "now");
    let read = |member: &Value| serde_json::from_value(member.clone()).expect("the grants are known");
    LivekitClaims {
        sub: optional("identity"),
        name: optional("name"),
        metadata: optional("metadata"),
        attributes: serde_json::from_value(inputs["attributes"].clone()).unwrap_or_default(),
        sha256: inputs["body"].as_str().map(|body| livekit::body_hash(body.as_bytes())),
        video: inputs.pointer("/grants/video").map(read),
        ..LivekitClaims::issued_by(text(inputs, "apiKey"), now, now + seconds(inputs, "ttl"))
    }
}

/// Applies the rule of these vectors: the signature is valid and the claims are equal as JSON values; the
/// bytes may differ.
fn assert_token(vector: &Value) {
    let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
    let key = api_key(inputs);
    let token = livekit::sign(&claims(inputs), &key).expect("signs");
    let secret = key.secret.expose_secret().as_bytes();
    let ours: Value = jwt::verify_hs256(token.expose_secret(), secret).expect("verifies");
    assert_eq!(ours, expected["claims"], "{}", vector["id"]);

    let now_ms = seconds(inputs, "now") * 1000;
    let theirs = livekit::verify(text(expected, "token"), &key, now_ms).expect("their token is accepted");
    assert_eq!(serde_json::to_value(theirs).expect("serialises"), expected["claims"], "{}", vector["id"]);
}

#[test]
fn livekit_access_tokens() {
    each("livekit", "access-token-jwt-hs256", 6, assert_token);
}

#[test]
fn livekit_webhook_authorization() {
    each("livekit", "webhook-authorization-jwt", 1, |vector| {
        assert_token(vector);
        let inputs = &vector["inputs"];
        let (key, token) = (api_key(inputs), text(&vector["expected"], "token"));
        let (body, now_ms) = (text(inputs, "body").as_bytes(), seconds(inputs, "now") * 1000);
        livekit::verify_webhook(token, body, &key, now_ms).expect("accepted with its body");
        for at in 0..body.len() {
            let mut altered = body.to_vec();
            altered[at] ^= 1;
            assert_eq!(
                livekit::verify_webhook(token, &altered, &key, now_ms),
                Err(LivekitVerifyError::Body),
                "{at}"
            );
        }
    });
}
