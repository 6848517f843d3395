//! Tests of the conversions, without functions. The scenarios of the workspace test function URLs with functions.

use axum::body::to_bytes;
use axum::http::HeaderMap;
use axum::http::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::*;

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let line = |(name, value): &(&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        (name, HeaderValue::from_str(value).expect("a value"))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in lines.iter().map(line) {
        headers.append(name, value);
    }
    headers
}

fn event_of(lines: &[(&str, &str)], path: &str, query: &str, body: &[u8]) -> Value {
    let headers = headers(lines);
    let at_ms = 1_583_348_638_390;
    let request =
        UrlRequest { method: "POST", path, query, headers: &headers, body, at_ms, request_id: "a-request" };
    event("rtc-webhook", &request)
}

#[test]
fn a_request_becomes_an_event_of_format_2() {
    let lines = [("Content-Type", "application/json; charset=utf-8"), ("X-Two", "a"), ("x-two", "b")];
    let event = event_of(&lines, "/a/b", "x=1&y=a%20b&x=2&z", b"{}");
    assert_eq!((&event["version"], &event["rawPath"]), (&json!("2.0"), &json!("/a/b")));
    assert_eq!(event["headers"]["x-two"], "a,b");
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2", "y": "a b", "z": ""}));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    let http = &event["requestContext"]["http"];
    assert_eq!((&http["method"], &http["path"]), (&json!("POST"), &json!("/a/b")));
    assert_eq!(event["requestContext"]["time"], "04/Mar/2020:19:03:58 +0000");
    assert_eq!(event["requestContext"]["timeEpoch"], 1_583_348_638_390_i64);
    assert_eq!(event["requestContext"]["domainName"], "rtc-webhook.lambda-url.us-east-1.on.aws");
}

#[test]
fn absent_parts_are_left_out() {
    let event = event_of(&[], "/", "", b"");
    for name in ["body", "queryStringParameters", "cookies"] {
        assert_eq!(event.get(name), None, "{name}");
    }
    assert_eq!(event["isBase64Encoded"], false);
}

#[test]
fn a_body_that_is_not_text_by_its_type_or_its_bytes_is_base64() {
    for (kind, body) in [("application/webhook+json", b"{}".as_slice()), ("application/json", b"\xff")] {
        let event = event_of(&[("content-type", kind)], "/", "", body);
        assert_eq!(event["isBase64Encoded"], true, "{kind}");
        assert_eq!(event["body"], if body == b"{}" { "e30=" } else { "/w==" });
    }
    assert_eq!(
        event_of(&[], "/", "", b"{}")["isBase64Encoded"],
        true,
        "a body without a content type is not a text"
    );
}

#[test]
fn cookies_stand_apart_from_the_headers() {
    let event = event_of(&[("Cookie", "a=1; b=2")], "/", "", b"");
    assert_eq!((event["cookies"].clone(), event["headers"].clone()), (json!(["a=1", "b=2"]), json!({})));
}

async fn response_of(result: &Value) -> (u16, HeaderMap, String) {
    let response = response::from_result(result.to_string().as_bytes());
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY_BYTES).await.expect("the body is in memory");
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).expect("UTF-8"))
}

#[tokio::test]
async fn a_result_with_a_status_describes_the_response() {
    let result = json!({"statusCode": 405, "headers": {"allow": "POST"}, "body": "aGk=", "isBase64Encoded": true,
        "cookies": ["a=1", "b=2"]});
    let (status, headers, body) = response_of(&result).await;
    assert_eq!((status, body.as_str()), (405, "hi"));
    assert_eq!(headers["allow"], "POST");
    assert_eq!(headers["content-type"], JSON, "the default content type");
    assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
}

#[tokio::test]
async fn a_result_without_a_status_is_sent_whole() {
    let (status, headers, body) = response_of(&json!({"found": 1})).await;
    assert_eq!((status, body.as_str()), (200, r#"{"found":1}"#));
    assert_eq!(headers["content-type"], JSON);
}

#[tokio::test]
async fn a_result_that_cannot_be_sent_is_a_bad_gateway() {
    for result in [
        json!({"statusCode": 99}),
        json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}),
        json!({"statusCode": 200, "headers": {"a b": "c"}}),
    ] {
        assert_eq!(response_of(&result).await.0, 502, "{result}");
    }
}

const JSON: &str = "application/json";
