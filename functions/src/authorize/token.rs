//! The app's JWT: its checks, and the identity that it proves.

mod claims;
mod error;

use jsonwebtoken::{crypto, decode_header};

use super::keys::{Key, Keys};
use claims::Claims;
pub use claims::{Identity, LEEWAY_MS, NOT_BEFORE_LEEWAY_MS};
pub use error::{ClaimError, ClaimFault, TokenError};

/// The verifier of the app's JWTs.
#[derive(Debug)]
pub struct Verifier {
    /// The accepted keys.
    pub keys: Keys,
    /// Required issuer of a token (`iss`); `None` accepts any issuer.
    pub issuer: Option<String>,
    /// Audiences, of which a token must contain one (`aud`); empty accepts any audience.
    pub audiences: Vec<String>,
    /// Largest number of seconds until the end of a token (`exp`); `None` accepts any end.
    pub max_seconds: Option<u32>,
}

impl Verifier {
    /// Verifies signature, issuer, audience and times of a token.
    ///
    /// # Errors
    /// The first reason to refuse the token.
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Identity, TokenError> {
        let claims = self.claims(token)?;
        if let Some(issuer) = &self.issuer {
            claims.require_issuer(issuer)?;
        }
        if !self.audiences.is_empty() {
            claims.require_audience(&self.audiences)?;
        }
        let identity = claims.identity(now_ms)?;
        if let Some(max_seconds) = self.max_seconds {
            identity.require_end_within(max_seconds, now_ms)?;
        }
        Ok(identity)
    }

    /// Returns the claims of a token that one of the keys signed.
    fn claims(&self, token: &str) -> Result<Claims, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        // `crit` names extensions that a reader must understand (RFC 7515, 4.1.11). This reader understands
        // no extensions.
        if header.crit.is_some() {
            return Err(TokenError::Algorithm);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let mut refusal = TokenError::Algorithm;
        for Key { algorithm, verification, .. } in self.keys.of(&header) {
            match crypto::verify(signature, signed.as_bytes(), verification, *algorithm) {
                Ok(true) => return Claims::of(signed),
                // Only after a wrong signature may another key still verify the token.
                Ok(false) => refusal = TokenError::Signature,
                // The signature is not base64url, or cannot belong to this algorithm.
                Err(_) => return Err(TokenError::Malformed),
            }
        }
        Err(refusal)
    }
}

#[cfg(test)]
mod tests;
