//! `POST /local/login {"account","device"?,"name"?}`: what the app's back end does in production. It answers with the client
//! ID and the development JWT that it connects with, so that no page has the secret.

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
use terminal::development_jwt;

use crate::instruments::Instruments;

/// The group of client IDs that pages connect with.
const GROUP: &str = "GID_web";
/// Life of a token: a page asks for a fresh one at each connect.
const LIFE_SECONDS: i64 = 12 * 3600;
/// Most characters of a display name.
const NAME_MAX: usize = 100;

/// Signs development JWTs.
pub(crate) struct Login {
    /// The secret that `authorize` checks with.
    pub(crate) secret: SecretString,
    /// The stack's clock; a token's end is by it.
    pub(crate) instruments: Arc<Instruments>,
}

#[derive(Deserialize)]
struct Asked {
    account: String,
    device: Option<String>,
    name: Option<String>,
}

impl Login {
    pub(super) fn router(self) -> Router {
        Router::new().route("/local/login", post(login)).with_state(Arc::new(self))
    }

    fn admit(&self, body: &[u8]) -> Result<Value, String> {
        let asked: Asked = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let instance = asked.device.filter(|device| !device.is_empty());
        let device =
            instance.map_or_else(|| asked.account.clone(), |device| format!("{}.{device}", asked.account));
        let client_id: ClientId =
            format!("{GROUP}@@@{device}").parse().map_err(|error| format!("{error}"))?;
        let name = asked.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        if name.is_some_and(|name| name.chars().count() > NAME_MAX) {
            return Err(format!("a name has at most {NAME_MAX} characters"));
        }
        let ends = self.instruments.clock.now_ms() / 1000 + LIFE_SECONDS;
        let user = client_id.user();
        let token = development_jwt(self.secret.expose_secret(), user.as_str(), name, ends);
        Ok(json!({
            "client_id": client_id, "user_id": user, "token": token.expose_secret(),
            "expires_in_ms": LIFE_SECONDS * 1000,
        }))
    }
}

async fn login(State(login): State<Arc<Login>>, body: Bytes) -> impl IntoResponse {
    let (status, answer) = match login.admit(&body) {
        Ok(admitted) => (StatusCode::OK, admitted),
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
    fn the_token_is_for_the_account_of_the_client_id() {
        let admitted =
            login().admit(br#"{"account":"alice","device":"tab1","name":" Alice "}"#).expect("admitted");
        assert_eq!(admitted["client_id"], "GID_web@@@alice.tab1");
        let token = admitted["token"].as_str().expect("a token");
        let claims: Value = jwt::verify_hs256(token, b"s3cret").expect("signed with the secret");
        assert_eq!((&claims["sub"], &claims["name"]), (&json!("alice"), &json!("Alice")));
    }

    #[test]
    fn a_client_id_that_could_not_be_addressed_gets_no_token() {
        let long = "x".repeat(80);
        let too_long = format!(r#"{{"account":"{long}"}}"#);
        let bodies =
            [r#"{"account":""}"#, r#"{"account":"a b"}"#, r#"{"account":"a","device":"+"}"#, "[]", &too_long];
        for body in bodies {
            assert!(login().admit(body.as_bytes()).is_err(), "{body}");
        }
    }
}
