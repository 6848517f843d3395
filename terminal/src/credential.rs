//! Development JWTs for the laptop stack. In production, the app's back end issues the JWT, and no terminal
//! has the key.

use secrecy::SecretString;
use serde::Serialize;
use switchboard_rtc::jwt;

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    exp: i64,
}

/// Signs a JWT (HS256) for `account` that expires at `exp_seconds` (Unix seconds). For development and tests.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "three plain claims can always be serialised")]
pub fn development_jwt(secret: &str, account: &str, name: Option<&str>, exp_seconds: i64) -> SecretString {
    let claims = Claims { sub: account, name, exp: exp_seconds };
    jwt::sign_hs256(&claims, secret.as_bytes()).expect("three plain claims can be serialised").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    #[test]
    fn the_token_has_account_name_and_expiry_and_needs_the_given_secret() {
        let token = development_jwt("s3cret", "alice", Some("Alice"), 1_795_366_084);
        let claims: Value =
            jwt::verify_hs256(token.expose_secret(), b"s3cret").expect("a token signed above");
        assert_eq!(claims, json!({"sub": "alice", "name": "Alice", "exp": 1_795_366_084}));
        assert!(jwt::verify_hs256::<Value>(token.expose_secret(), b"other").is_err());
    }
}
