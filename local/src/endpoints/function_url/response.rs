//! Converts the result of a function to an HTTP response.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::json;

const JSON: &str = "application/json";

/// A result that describes the response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionResponse {
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

/// Makes the response for a result. A result without a status code is sent whole, as JSON.
pub(super) fn from_result(result: &[u8]) -> Response {
    let Ok(described) = serde_json::from_slice::<FunctionResponse>(result) else {
        return finish(HttpResponse::builder().header(CONTENT_TYPE, JSON), result.to_vec());
    };
    let body = if described.is_base64_encoded {
        BASE64.decode(&described.body).ok()
    } else {
        Some(described.body.into_bytes())
    };
    let Some(body) = body else { return bad_gateway() };
    let mut response = HttpResponse::builder().status(described.status_code);
    if !described.headers.keys().any(|name| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())) {
        response = response.header(CONTENT_TYPE, JSON);
    }
    let cookies = described.cookies.into_iter().map(|cookie| (SET_COOKIE.to_string(), cookie));
    for (name, value) in described.headers.into_iter().chain(cookies) {
        response = response.header(name, value);
    }
    finish(response, body)
}

fn finish(response: axum::http::response::Builder, body: Vec<u8>) -> Response {
    response.body(Body::from(body)).unwrap_or_else(|_| bad_gateway())
}

/// Makes an answer of Lambda itself.
pub(super) fn lambda_error(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({"Message": message}))).into_response()
}

/// Makes the answer of Lambda to a result that it cannot use.
fn bad_gateway() -> Response {
    lambda_error(StatusCode::BAD_GATEWAY, "Internal Server Error")
}
