//! The app's own JWT: its checks, and the identity that it proves.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use super::keys::{Key, Keys};

/// Time after `exp` at which a token is still accepted, in milliseconds. The protocol promises it to terminals: with less, a
/// phone with a slow clock is refused; with more, a stolen token works for longer.
pub const LEEWAY_MS: i64 = 60_000;

/// Time before `nbf` at which a token is accepted, in milliseconds: the clock of the app's server may be ahead. A token that
/// is used too early has been issued all the same, so this may be larger than [`LEEWAY_MS`].
pub const NOT_BEFORE_LEEWAY_MS: i64 = 120_000;

/// Length to which a display name is cut, in characters.
const MAX_NAME_CHARS: usize = 128;

/// Account and name in a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `sub`.
    pub account: String,
    /// `name`, without control characters and within bounds.
    pub name: Option<String>,
    /// `exp`, Unix milliseconds.
    pub expires_ms: i64,
}

/// The reason to refuse a token. Contains no part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a JWT, or with an unknown algorithm, such as `none`.
    #[error("not a JWT with a supported algorithm")]
    Malformed,
    /// Signed by an algorithm, or with the `kid` of a key, for which this deployment has no key.
    #[error("no key for its algorithm and key id")]
    Algorithm,
    /// Signed with another key, or altered.
    #[error("the signature does not match")]
    Signature,
    /// `sub` or `exp` is missing, or a claim has another type.
    #[error("sub or exp is missing, or a claim has another type")]
    Claims,
    /// Another issuer than `JwtIssuer`, or none.
    #[error("its issuer (iss) is not the configured one")]
    Issuer,
    /// None of the audiences in `JwtAudience`.
    #[error("it is for another audience (aud)")]
    Audience,
    /// More than [`LEEWAY_MS`] past its `exp`.
    #[error("expired")]
    Expired,
    /// More than [`NOT_BEFORE_LEEWAY_MS`] before its `nbf`.
    #[error("not valid yet")]
    NotYet,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    // RFC 7519 allows fractions of seconds.
    exp: f64,
    nbf: Option<f64>,
    name: Option<Value>,
    iss: Option<String>,
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names_any_of(&self, accepted: &[String]) -> bool {
        match self {
            Self::One(name) => accepted.contains(name),
            Self::Many(names) => names.iter().any(|name| accepted.contains(name)),
        }
    }
}

/// The verifier of the app's own JWTs.
#[derive(Debug)]
pub struct Verifier {
    /// The accepted keys.
    pub keys: Keys,
    /// Issuer that a token must name (`iss`); `None` accepts any.
    pub issuer: Option<String>,
    /// Audiences of which a token must name one (`aud`); empty accepts any.
    pub audiences: Vec<String>,
}

impl Verifier {
    /// Verifies signature, issuer, audience and times of a token.
    ///
    /// # Errors
    /// The first reason to refuse it.
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Identity, TokenError> {
        let claims = self.claims(token)?;
        if self.issuer.is_some() && claims.iss != self.issuer {
            return Err(TokenError::Issuer);
        }
        let is_for_us = |audience: &Audience| audience.names_any_of(&self.audiences);
        if !self.audiences.is_empty() && !claims.aud.as_ref().is_some_and(is_for_us) {
            return Err(TokenError::Audience);
        }
        let expires_ms = milliseconds(claims.exp);
        if now_ms > expires_ms.saturating_add(LEEWAY_MS) {
            return Err(TokenError::Expired);
        }
        if claims.nbf.is_some_and(|nbf| now_ms < milliseconds(nbf).saturating_sub(NOT_BEFORE_LEEWAY_MS)) {
            return Err(TokenError::NotYet);
        }
        let name = claims.name.as_ref().and_then(Value::as_str).and_then(display_name);
        Ok(Identity { account: claims.sub, name, expires_ms })
    }

    /// Returns the claims of a token that one of the keys signed.
    fn claims(&self, token: &str) -> Result<Claims, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        // `crit` names extensions that a reader must understand (RFC 7515, 4.1.11); this one understands no extensions.
        if header.crit.is_some() {
            return Err(TokenError::Algorithm);
        }
        let mut refusal = TokenError::Algorithm;
        for Key { algorithm, verification, .. } in self.keys.of(&header) {
            let mut validation = Validation::new(*algorithm);
            // The library would read the system's clock. The audience is checked above, with the issuer.
            validation.validate_exp = false;
            validation.validate_aud = false;
            match decode::<Claims>(token, verification, &validation) {
                Ok(decoded) => return Ok(decoded.claims),
                Err(error) => refusal = reason(error.kind()),
            }
            // Only a wrong signature is a reason to try another key.
            if refusal != TokenError::Signature {
                break;
            }
        }
        Err(refusal)
    }
}

fn reason(error: &ErrorKind) -> TokenError {
    match error {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
        ErrorKind::Json(_) | ErrorKind::MissingRequiredClaim(_) => TokenError::Claims,
        _ => TokenError::Malformed,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and a time past the end of time is fine"
)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

/// The name without control characters, since other users' terminals show it; `None` if nothing is left.
fn display_name(claim: &str) -> Option<String> {
    let name: String =
        claim.trim().chars().filter(|character| !character.is_control()).take(MAX_NAME_CHARS).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests;
