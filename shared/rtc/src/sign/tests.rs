//! Tests that compare signatures with those of the vendors' own packages.

use serde_json::Value;

use super::{AccessKey, SignableRequest, acs3, canonical_query, encode, tc3};

const FILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/rtc-tokens.json"));

fn each(variant: &str, expected: usize, check: impl Fn(&Value) -> String) {
    let vectors: Vec<Value> = serde_json::from_str(FILE).expect("the vectors are JSON");
    let matching: Vec<_> = vectors.iter().filter(|vector| vector["variant"] == variant).collect();
    assert_eq!(matching.len(), expected, "vectors of {variant}");
    for vector in matching {
        let made = check(&vector["inputs"]);
        assert_eq!(made, vector["expected"]["authorization"], "{}", vector["id"]);
    }
}

fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object[member].as_str().unwrap_or_else(|| panic!("{member} is text"))
}

fn pairs(object: &Value) -> Vec<(&str, &str)> {
    let members = object.as_object().expect("an object");
    members.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("text"))).collect()
}

fn key(inputs: &Value, id: &str, secret: &str) -> AccessKey {
    AccessKey { id: text(inputs, id).to_owned(), secret: text(inputs, secret).into() }
}

#[test]
fn alibaba_openapi() {
    each("openapi-ACS3-HMAC-SHA256", 4, |inputs| {
        let request = SignableRequest {
            method: text(inputs, "method"),
            path: text(inputs, "path"),
            query: &pairs(&inputs["query"]),
            headers: &pairs(&inputs["headers"]),
            body: text(inputs, "body").as_bytes(),
        };
        acs3::authorization(&request, &key(inputs, "accessKeyId", "accessKeySecret"))
    });
}

#[test]
fn tencent_api() {
    each("api-TC3-HMAC-SHA256", 3, |inputs| {
        let request = SignableRequest {
            method: text(inputs, "method"),
            path: "/",
            query: &[],
            headers: &[("Host", text(inputs, "host")), ("Content-Type", text(inputs, "contentType"))],
            body: text(inputs, "payload").as_bytes(),
        };
        let timestamp = inputs["timestamp"].as_i64().expect("seconds");
        let key = key(inputs, "secretId", "secretKey");
        tc3::authorization(&request, text(inputs, "service"), timestamp, &key).expect("a time of day")
    });
}

#[test]
fn every_part_of_a_request_is_signed() {
    let key = AccessKey { id: "id".into(), secret: "secret".into() };
    let whole = SignableRequest {
        method: "POST",
        path: "/",
        query: &[("a", "1")],
        headers: &[("host", "example.org")],
        body: b"body",
    };
    let altered = [
        SignableRequest { method: "GET", ..whole },
        SignableRequest { path: "/other", ..whole },
        SignableRequest { query: &[("a", "2")], ..whole },
        SignableRequest { headers: &[("host", "example.com")], ..whole },
        SignableRequest { body: b"bodY", ..whole },
    ];
    let tc3 = |request: &SignableRequest<'_>, at: i64| {
        tc3::authorization(request, "trtc", at, &key).expect("a time")
    };
    for request in altered {
        assert_ne!(acs3::authorization(&request, &key), acs3::authorization(&whole, &key), "{request:?}");
        assert_ne!(tc3(&request, 0), tc3(&whole, 0), "{request:?}");
    }
    assert_ne!(tc3(&whole, 0), tc3(&whole, 1));
    let other = AccessKey { secret: "Secret".into(), ..key.clone() };
    assert_ne!(acs3::authorization(&whole, &other), acs3::authorization(&whole, &key));
}

#[test]
fn a_time_outside_the_calendar_is_an_error() {
    let key = AccessKey { id: "id".into(), secret: "secret".into() };
    let request = SignableRequest { method: "POST", path: "/", query: &[], headers: &[], body: b"" };
    for timestamp in [i64::MIN, i64::MAX] {
        assert!(tc3::authorization(&request, "trtc", timestamp, &key).is_err(), "{timestamp}");
    }
}

#[test]
fn queries_are_sorted_and_encoded_by_rfc_3986() {
    assert_eq!(encode("a b*c~d/é-_."), "a%20b%2Ac~d%2F%C3%A9-_.");
    assert_eq!(canonical_query(&[("b", "2"), ("a", "1 2"), ("B", "&=")]), "B=%26%3D&a=1%202&b=2");
    assert_eq!(canonical_query(&[]), "");
}

#[test]
fn debug_output_shows_no_secret() {
    let key = AccessKey { id: "public".into(), secret: "hush-hush".into() };
    let shown = format!("{key:?}");
    assert!(shown.contains("public") && !shown.contains("hush"), "{shown}");
}
