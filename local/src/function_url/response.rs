//! The response that a function's result becomes.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

use super::problem;

const JSON: &str = "application/json";

/// A result that says how it is to be sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
    #[serde(default)]
    cookies: Vec<String>,
}

/// The response for a result. One without a status code is sent whole, as JSON.
pub(super) fn of(result: &[u8]) -> Response {
    let Ok(said) = serde_json::from_slice::<Said>(result) else {
        return sent(HttpResponse::builder().header(CONTENT_TYPE, JSON), result.to_vec());
    };
    let body =
        if said.is_base64_encoded { BASE64.decode(&said.body).ok() } else { Some(said.body.into_bytes()) };
    let Some(body) = body else { return bad_gateway() };
    let mut response = HttpResponse::builder().status(said.status_code);
    if !said.headers.keys().any(|name| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())) {
        response = response.header(CONTENT_TYPE, JSON);
    }
    let cookies = said.cookies.into_iter().map(|cookie| (SET_COOKIE.to_string(), cookie));
    for (name, value) in said.headers.into_iter().chain(cookies) {
        response = response.header(name, value);
    }
    sent(response, body)
}

fn sent(response: axum::http::response::Builder, body: Vec<u8>) -> Response {
    response.body(Body::from(body)).unwrap_or_else(|_| bad_gateway())
}

/// What Lambda answers when it cannot use what a function returned.
fn bad_gateway() -> Response {
    problem(StatusCode::BAD_GATEWAY, "Internal Server Error")
}
