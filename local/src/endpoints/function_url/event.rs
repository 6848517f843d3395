//! Converts an HTTP request to an event in payload format 2.0; see "Request and response payloads" under "Invoking
//! Lambda function URLs" in the Lambda developer guide.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, COOKIE, USER_AGENT};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::DateTime;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::aws::REGION;

/// A request to a function URL.
pub(crate) struct UrlRequest<'a> {
    /// Method, in capitals.
    pub(crate) method: &'a str,
    /// Path on the host of the function.
    pub(crate) path: &'a str,
    /// Query string without the question mark.
    pub(crate) query: &'a str,
    /// Headers.
    pub(crate) headers: &'a HeaderMap,
    /// Body.
    pub(crate) body: &'a [u8],
    /// Time of the request, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    /// Request id of the invocation.
    pub(crate) request_id: &'a str,
}

/// Makes the event for a function.
pub(crate) fn event(function: &str, request: &UrlRequest<'_>) -> Value {
    let text = text_body(request);
    let body = match text {
        Some(text) => text.to_owned(),
        None => BASE64.encode(request.body),
    };
    let host = format!("{function}.lambda-url.{REGION}.on.aws");
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers(request.headers),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": function,
            "domainName": host,
            "domainPrefix": function,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": request.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default(),
            },
            "requestId": request.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time(request.at_ms),
            "timeEpoch": request.at_ms,
        },
        "isBase64Encoded": text.is_none(),
    });
    // Absent parts are left out of the event.
    if !request.body.is_empty() {
        event["body"] = json!(body);
    }
    if !request.query.is_empty() {
        event["queryStringParameters"] = json!(parameters(request.query));
    }
    let cookies = values(request.headers, COOKIE.as_str());
    if !cookies.is_empty() {
        event["cookies"] = cookies.iter().flat_map(|line| line.split("; ")).collect();
    }
    event
}

/// Body as a text, if its content type is a text type. Lambda encodes bodies of other types as base64.
fn text_body<'a>(request: &UrlRequest<'a>) -> Option<&'a str> {
    if request.body.is_empty() {
        return Some("");
    }
    let content_type =
        request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = media_type.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&media_type.as_str());
    std::str::from_utf8(request.body).ok().filter(|_| is_text)
}

/// Headers by name in lower case, without cookies. The values of a repeated header are joined by commas.
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

/// Formats a time as in the access logs of web servers.
fn time(at_ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    time.format("%d/%b/%Y:%H:%M:%S %z").to_string()
}
