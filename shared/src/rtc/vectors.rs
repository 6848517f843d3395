//! Every published vector of the providers that are built, made with the vendors' own packages, against our
//! minters. The file also has other providers' vectors; what is counted here must all be there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::alibaba::Fields;
use super::livekit::{self, ApiKey, Claims, VerifyError};

const FILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/rtc-tokens.json"));

/// Runs `check` over every vector of this provider and variant; a missing one fails like a wrong one.
fn each(provider: &str, variant: &str, expected: usize, check: impl Fn(&Value)) {
    let vectors: Vec<Value> = serde_json::from_str(FILE).expect("the vectors are JSON");
    let matching: Vec<_> =
        vectors.iter().filter(|v| v["provider"] == provider && v["variant"] == variant).collect();
    assert_eq!(matching.len(), expected, "vectors of {provider} {variant}");
    for vector in matching {
        println!("{}", vector["id"]);
        check(vector);
    }
}

fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object[member].as_str().unwrap_or_else(|| panic!("{member} is text"))
}

fn seconds(object: &Value, member: &str) -> i64 {
    object[member].as_i64().unwrap_or_else(|| panic!("{member} is a number of seconds"))
}

fn api_key(inputs: &Value) -> ApiKey {
    ApiKey { id: text(inputs, "apiKey").into(), secret: text(inputs, "apiSecret").into() }
}

/// Claims as a caller would fill them in from the vector's inputs.
fn claims(inputs: &Value) -> Claims {
    let optional = |member: &str| inputs[member].as_str().map(str::to_owned);
    let now = seconds(inputs, "now");
    let read = |member: &Value| serde_json::from_value(member.clone()).expect("the grants are known");
    Claims {
        sub: optional("identity"),
        name: optional("name"),
        metadata: optional("metadata"),
        attributes: serde_json::from_value(inputs["attributes"].clone()).unwrap_or_default(),
        sha256: inputs["body"].as_str().map(|body| livekit::body_hash(body.as_bytes())),
        video: inputs.pointer("/grants/video").map(read),
        ..Claims::issued_by(text(inputs, "apiKey"), now, now + seconds(inputs, "ttl"))
    }
}

/// The vectors' rule: signature right, claims equal as JSON values; bytes may differ.
fn assert_token(vector: &Value) {
    let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
    let key = api_key(inputs);
    let token = livekit::sign(&claims(inputs), &key).expect("signs");
    let secret = key.secret.expose_secret().as_bytes();
    let ours: Value = super::jwt::verify_hs256(token.expose_secret(), secret).expect("verifies");
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
                Err(VerifyError::Body),
                "{at}"
            );
        }
    });
}

fn artc(inputs: &Value) -> (Fields<'_>, SecretString) {
    let fields = Fields {
        app_id: text(inputs, "appId"),
        channel_id: text(inputs, "channelId"),
        user_id: text(inputs, "userId"),
        nonce: text(inputs, "nonce"),
        timestamp: seconds(inputs, "timestamp"),
    };
    (fields, text(inputs, "appKey").into())
}

#[test]
fn alibaba_multi_parameter_tokens() {
    each("alibaba", "artc-multi-parameter-sha256", 3, |vector| {
        let (fields, app_key) = artc(&vector["inputs"]);
        let token = fields.multi_parameter_token(&app_key);
        assert_eq!(token.expose_secret(), text(&vector["expected"], "token"), "{}", vector["id"]);
    });
}

#[test]
fn alibaba_single_parameter_tokens() {
    each("alibaba", "artc-single-parameter-base64-json", 3, |vector| {
        let (fields, app_key) = artc(&vector["inputs"]);
        let token = fields.single_parameter_token(&app_key);
        let json = STANDARD.decode(token.expose_secret()).expect("padded standard base64");
        let json: Value = serde_json::from_slice(&json).expect("a JSON object");
        assert_eq!(json, vector["expected"]["json"], "{}", vector["id"]);
    });
}
