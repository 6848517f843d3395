//! JSON Web Tokens signed with HMAC-SHA-256 (RFC 7515, RFC 7519 `HS256`). `LiveKit` uses them for joins,
//! management calls and callbacks, and the app for its login. Callers check times and issuers, because the
//! rules differ between services.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use switchboard_protocol::json;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// Error of a rejected token. It contains nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// The text does not consist of three base64url parts with a JSON header.
    #[error("not a JSON Web Token")]
    Malformed,
    /// The token has another signature algorithm, or no signature (`alg: none`).
    #[error("the signature algorithm is not HS256")]
    Algorithm,
    /// The token is signed with another secret, or was altered.
    #[error("the signature does not match")]
    Signature,
    /// The signature is valid, but the claims are not in the expected format.
    #[error("the claims are not in the expected format")]
    Claims,
}

/// Signs `claims` with the bytes of `secret`. A secret in base64 is not decoded.
///
/// # Errors
/// The claims cannot be serialised as JSON.
pub fn sign_hs256(claims: &impl Serialize, secret: &[u8]) -> serde_json::Result<String> {
    let mut token = URL_SAFE_NO_PAD.encode(HEADER);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
    let signature = mac(secret, token.as_bytes()).finalize().into_bytes();
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Verifies algorithm and signature in constant time, and returns the claims. Does not check times.
///
/// # Errors
/// The first failed check. The claims are parsed only after the signature is verified.
pub fn verify_hs256<C: DeserializeOwned>(token: &str, secret: &[u8]) -> Result<C, JwtError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(JwtError::Malformed)?;
    let header: JwtHeader = serde_json::from_slice(&decode(header)?).map_err(|_| JwtError::Malformed)?;
    // The verifier chooses the algorithm, not the token. `crit` names extensions that a reader must support.
    if header.alg != "HS256" || header.crit.is_some() {
        return Err(JwtError::Algorithm);
    }
    let signature = decode(signature)?;
    mac(secret, signed.as_bytes()).verify_slice(&signature).map_err(|_| JwtError::Signature)?;
    json::read(&decode(claims)?).map_err(|_| JwtError::Claims)
}

/// Returns the claims of a token **without verifying the signature**; for display only.
///
/// # Errors
/// [`JwtError::Malformed`] or [`JwtError::Claims`].
pub fn unverified_claims<C: DeserializeOwned>(token: &str) -> Result<C, JwtError> {
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwtError::Malformed);
    };
    json::read(&decode(claims)?).map_err(|_| JwtError::Claims)
}

#[derive(Deserialize)]
struct JwtHeader {
    alg: String,
    crit: Option<serde::de::IgnoredAny>,
}

fn decode(part: &str) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)
}

fn mac(secret: &[u8], message: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length").chain_update(message)
}

#[cfg(test)]
mod tests;
