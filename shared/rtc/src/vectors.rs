//! Test vectors made with the vendors' own packages. The minters must reproduce each token by the rule of its
//! format, and the readers must accept it. The number of vectors is checked, so that none is skipped. The
//! tests of [`sign`](super::sign) use the vectors of signed requests. The vectors of `chime` have no provider
//! here.

mod agora;
mod alibaba;
mod janus_turn;
mod livekit;
mod tencent;

use serde_json::Value;

const FILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/rtc-tokens.json"));

/// Runs `check` on every vector of this provider and variant. Panics if their number is not `expected`.
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

fn u32_of(object: &Value, member: &str) -> u32 {
    u32::try_from(seconds(object, member)).unwrap_or_else(|_| panic!("{member} has 32 bits"))
}

#[test]
fn every_kind_of_vector_has_a_test() {
    let vectors: Vec<Value> = serde_json::from_str(FILE).expect("the vectors are JSON");
    let mut kinds: Vec<_> =
        vectors.iter().map(|v| format!("{} {}", text(v, "provider"), text(v, "variant"))).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let known = [
        "agora AccessToken2-007",
        "alibaba artc-multi-parameter-sha256",
        "alibaba artc-single-parameter-base64-json",
        "alibaba dingrtc-apptoken-000",
        "alibaba openapi-ACS3-HMAC-SHA256",
        "chime sigv4-request",
        "janus signed-token-hmac-sha1",
        "livekit access-token-jwt-hs256",
        "livekit webhook-authorization-jwt",
        "tencent PrivateMapKey-numeric-room",
        "tencent PrivateMapKey-string-room",
        "tencent UserSig-v2",
        "tencent api-TC3-HMAC-SHA256",
        "turn turn-rest-hmac-sha1",
    ];
    assert_eq!(kinds, known);
}
