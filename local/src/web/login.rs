//! `POST /local/login {"account","device"?,"name"?}`: stands in for the app's back end. It answers with the client ID
//! and a development JWT for the page, so that no page contains the secret.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::json as json_of_others;
use terminal::development_jwt;

use crate::instruments::Instruments;

/// GroupID of the client IDs of pages.
const GROUP: &str = "GID_web";
/// Lifetime of a JWT. A page requests a new one at each connect.
const LIFETIME_SECONDS: i64 = 12 * 3600;
/// Maximum number of characters of a display name.
const MAX_NAME_LENGTH: usize = 100;

/// Signs development JWTs.
pub(crate) struct Login {
    /// Secret with which the function `authorize` verifies JWTs.
    pub(crate) secret: SecretString,
    /// Instruments, of which only the clock is used.
    pub(crate) instruments: Arc<Instruments>,
}

#[derive(Deserialize)]
struct LoginRequest {
    account: String,
    device: Option<String>,
    name: Option<String>,
}

impl Login {
    pub(super) fn router(self) -> Router {
        Router::new().route("/local/login", post(login)).with_state(Arc::new(self))
    }

    /// Makes the answer to a login request; the error describes the invalid field.
    fn answer(&self, body: &[u8]) -> Result<Value, String> {
        let request: LoginRequest = json_of_others::read(body).map_err(|error| error.to_string())?;
        let instance = request.device.filter(|device| !device.is_empty());
        let device = instance
            .map_or_else(|| request.account.clone(), |device| format!("{}.{device}", request.account));
        let client_id: ClientId =
            format!("{GROUP}@@@{device}").parse().map_err(|error| format!("{error}"))?;
        let name = request.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        if name.is_some_and(|name| name.chars().count() > MAX_NAME_LENGTH) {
            return Err(format!("the name must have at most {MAX_NAME_LENGTH} characters"));
        }
        let expires_at = self.instruments.clock.now_ms() / 1000 + LIFETIME_SECONDS;
        let user = client_id.user();
        let token = development_jwt(self.secret.expose_secret(), user.as_str(), name, expires_at);
        Ok(json!({
            "client_id": client_id, "user_id": user, "token": token.expose_secret(),
            "expires_in_ms": LIFETIME_SECONDS * 1000,
        }))
    }
}

async fn login(State(login): State<Arc<Login>>, body: Bytes) -> impl IntoResponse {
    let (status, answer) = match login.answer(&body) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(message) => (StatusCode::BAD_REQUEST, json!({"message": message})),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(answer))
}

#[cfg(test)]
mod tests {
    use switchboard_rtc::jwt;

    use super::*;

    fn login() -> Login {
        Login { secret: "s3cret".into(), instruments: Arc::default() }
    }

    #[test]
    fn the_jwt_is_for_the_account_of_the_client_id() {
        let answer = login()
            .answer(br#"{"account":"alice","device":"tab1","name":" Alice "}"#)
            .expect("a valid request");
        assert_eq!(answer["client_id"], "GID_web@@@alice.tab1");
        let token = answer["token"].as_str().expect("a token");
        let claims: Value = jwt::verify_hs256(token, b"s3cret").expect("signed with the secret");
        assert_eq!((&claims["sub"], &claims["name"]), (&json!("alice"), &json!("Alice")));
    }

    #[test]
    fn an_account_or_device_that_makes_no_valid_client_id_is_refused() {
        let long = "x".repeat(80);
        let too_long = format!(r#"{{"account":"{long}"}}"#);
        let bodies =
            [r#"{"account":""}"#, r#"{"account":"a b"}"#, r#"{"account":"a","device":"+"}"#, "[]", &too_long];
        for body in bodies {
            assert!(login().answer(body.as_bytes()).is_err(), "{body}");
        }
    }
}
