//! The event that a request becomes: payload format 2.0, see "Request and response payloads" under "Invoking Lambda
//! function URLs" in the Lambda developer guide.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, COOKIE, USER_AGENT};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::DateTime;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::stack::REGION;

/// A request to a function URL.
pub(crate) struct Call<'a> {
    /// Its method, in capitals.
    pub(crate) method: &'a str,
    /// Its path on the function's own host.
    pub(crate) path: &'a str,
    /// What follows the question mark.
    pub(crate) query: &'a str,
    /// Its headers.
    pub(crate) headers: &'a HeaderMap,
    /// Its body.
    pub(crate) body: &'a [u8],
    /// When it came, Unix milliseconds.
    pub(crate) at_ms: i64,
    /// Id of the invocation.
    pub(crate) request_id: &'a str,
}

/// The event for the function of that name.
pub(crate) fn event(function: &str, call: &Call<'_>) -> Value {
    let text = text_of(call);
    let body = match text {
        Some(text) => text.to_owned(),
        None => BASE64.encode(call.body),
    };
    let host = format!("{function}.lambda-url.{REGION}.on.aws");
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": call.path,
        "rawQueryString": call.query,
        "headers": headers(call.headers),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": function,
            "domainName": host,
            "domainPrefix": function,
            "http": {
                "method": call.method,
                "path": call.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": call.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default(),
            },
            "requestId": call.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time(call.at_ms),
            "timeEpoch": call.at_ms,
        },
        "isBase64Encoded": text.is_none(),
    });
    // What is not there is left out.
    if !call.body.is_empty() {
        event["body"] = json!(body);
    }
    if !call.query.is_empty() {
        event["queryStringParameters"] = json!(parameters(call.query));
    }
    let cookies = values(call.headers, COOKIE.as_str());
    if !cookies.is_empty() {
        event["cookies"] = cookies.iter().flat_map(|line| line.split("; ")).collect();
    }
    event
}

/// The body as text, if its type says that it is text. Of other types Lambda makes base64, whatever is in them.
fn text_of<'a>(call: &Call<'a>) -> Option<&'a str> {
    if call.body.is_empty() {
        return Some("");
    }
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = kind.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&kind.as_str());
    std::str::from_utf8(call.body).ok().filter(|_| is_text)
}

/// Headers by their names in lower case; one that came several times has all values. Cookies stand elsewhere.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let names = headers.keys().filter(|name| *name != COOKIE);
    names.map(|name| (name.as_str().to_owned(), values(headers, name.as_str()).join(","))).collect()
}

fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

fn parameters(query: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decoded(name), decoded(value));
        parameters.entry(name).and_modify(|values| *values = format!("{values},{value}")).or_insert(value);
    }
    parameters
}

/// As in the access logs of web servers.
fn time(at_ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    time.format("%d/%b/%Y:%H:%M:%S %z").to_string()
}
