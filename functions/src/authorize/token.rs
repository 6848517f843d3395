//! The app's own JWT: the accepted keys, and the identity that a token proves.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

/// Time after `exp`, and before `nbf`, at which a token is still accepted, in milliseconds. The protocol promises it to
/// terminals: with less, a phone with a slow clock is refused; with more, a stolen token works for longer.
pub const LEEWAY_MS: i64 = 60_000;

/// Length to which a display name is cut, in characters.
const MAX_NAME_CHARS: usize = 128;

/// Length of an uncompressed point of P-256: one byte for the form, and two coordinates.
const P256_POINT_BYTES: usize = 65;

/// The keys of this deployment. Each key belongs to one algorithm, and a token's header only selects one of them: a
/// token with `none`, or signed with a public key as HMAC secret, is refused.
#[derive(Debug)]
pub struct Keys(Vec<(Algorithm, DecodingKey)>);

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
    /// Signed by an algorithm for which this deployment has no key.
    #[error("no key for its algorithm")]
    Algorithm,
    /// Signed with another key, or altered.
    #[error("the signature does not match")]
    Signature,
    /// `sub` or `exp` is missing or of another type.
    #[error("sub or exp is missing")]
    Claims,
    /// More than [`LEEWAY_MS`] past its `exp`.
    #[error("expired")]
    Expired,
    /// More than [`LEEWAY_MS`] before its `nbf`.
    #[error("not valid yet")]
    NotYet,
}

/// The reason to refuse a configured key. Never contains the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither a secret nor a public key.
    #[error("neither a secret nor a public key")]
    None,
    /// A PEM text in place of a secret: with a public key as the secret, anyone could sign tokens.
    #[error("a PEM text instead of a secret")]
    PemAsSecret,
    /// Not a public key of RSA or P-256.
    #[error("not a PEM public key of RSA or P-256")]
    PublicKey,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    // RFC 7519 allows fractions of seconds.
    exp: f64,
    nbf: Option<f64>,
    name: Option<Value>,
}

impl Keys {
    /// Keys for HS256 (`secret`) and RS256 or ES256 (`public_key`, PEM). An empty text means no such key.
    ///
    /// # Errors
    /// No key at all, or a malformed one.
    pub fn new(secret: &SecretString, public_key: &str) -> Result<Self, KeyError> {
        let secret = secret.expose_secret();
        if secret.starts_with("-----BEGIN") {
            return Err(KeyError::PemAsSecret);
        }
        let mut keys = Vec::new();
        if !secret.is_empty() {
            keys.push((Algorithm::HS256, DecodingKey::from_secret(secret.as_bytes())));
        }
        if !public_key.is_empty() {
            keys.push(parse_public_key(public_key)?);
        }
        if keys.is_empty() { Err(KeyError::None) } else { Ok(Self(keys)) }
    }

    /// Verifies algorithm, signature and times of a token.
    ///
    /// # Errors
    /// The first reason to refuse it.
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Identity, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        let key = self.0.iter().find(|(algorithm, _)| *algorithm == header.alg);
        // `crit` names extensions that a reader must understand (RFC 7515, 4.1.11); this one understands no extensions.
        let (algorithm, key) = key.filter(|_| header.crit.is_none()).ok_or(TokenError::Algorithm)?;

        let mut validation = Validation::new(*algorithm);
        // The library would read the system's clock, and the app alone knows its audience.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = decode::<Claims>(token, key, &validation).map_err(|error| reason(error.kind()))?.claims;

        let expires_ms = milliseconds(claims.exp);
        if now_ms > expires_ms.saturating_add(LEEWAY_MS) {
            return Err(TokenError::Expired);
        }
        if claims.nbf.is_some_and(|nbf| now_ms < milliseconds(nbf).saturating_sub(LEEWAY_MS)) {
            return Err(TokenError::NotYet);
        }
        let name = claims.name.as_ref().and_then(Value::as_str).and_then(display_name);
        Ok(Identity { account: claims.sub, name, expires_ms })
    }
}

fn parse_public_key(pem: &str) -> Result<(Algorithm, DecodingKey), KeyError> {
    // A deployment parameter is one line, in which line ends are often escaped.
    let pem = pem.replace("\\n", "\n");
    // The library also accepts private keys and certificates here, and misreads them.
    if !pem.contains("PUBLIC KEY-----") {
        return Err(KeyError::PublicKey);
    }
    if let Ok(key) = DecodingKey::from_rsa_pem(pem.as_bytes()) {
        return Ok((Algorithm::RS256, key));
    }
    let key = DecodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| KeyError::PublicKey)?;
    let is_p256 = key.try_get_as_bytes().is_ok_and(|point| point.len() == P256_POINT_BYTES);
    if is_p256 { Ok((Algorithm::ES256, key)) } else { Err(KeyError::PublicKey) }
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
