//! Identifiers. The service derives ids and does not draw them at random: a repeated request leads to the
//! same ids.
//!
//! An id is HMAC-SHA256 over length-prefixed fields with the deployment's `ID_KEY` as key, shortened to 128
//! bits and written as lower-case base32 (26 characters).

use crate::address::{ClientId, UserId, is_part};
use crate::newtype::text_newtype;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Largest number of characters of an id.
pub const MAX_ID_CHARS: usize = 64;

/// Error of an id that is empty, too long, or has a character besides `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to {MAX_ID_CHARS} characters of A-Z a-z 0-9 _ -")]
pub struct IdError;

fn check(text: &str) -> Result<(), IdError> {
    if text.len() <= MAX_ID_CHARS && is_part(text) { Ok(()) } else { Err(IdError) }
}

text_newtype! {
    /// Id of a request. The terminal draws it at random and reuses it only to repeat the same request.
    RequestId, error: IdError, check: check, pattern: "^[A-Za-z0-9_-]{1,64}$"
}
text_newtype! {
    /// Id of a meeting, derived from the client ID and the id of its create request.
    MeetingId, error: IdError, check: check, pattern: "^[A-Za-z0-9_-]{1,64}$"
}
text_newtype! {
    /// Id of an invitation, derived from meeting, inviting device, request and invitee.
    InviteId, error: IdError, check: check, pattern: "^[A-Za-z0-9_-]{1,64}$"
}
text_newtype! {
    /// Id of a downlink. Every copy of the same message to the same device has the same id.
    DownlinkId, error: IdError, check: check, pattern: "^[A-Za-z0-9_-]{1,64}$"
}

/// SHA-256 of a request's body, shortened to 128 bits. Detects a repeated request id with another body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyHash(String);

impl BodyHash {
    /// Hashes a body.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(base32(&Sha256::digest(body)))
    }

    /// Returns the hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Secret of the deployment, the key from which ids are derived. An attacker who knows the secret can guess
/// ids, and nothing more.
#[derive(Clone)]
pub struct IdKey(SecretString);

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKey(..)")
    }
}

impl IdKey {
    /// Wraps the secret of the configuration.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// Derives the id of the meeting that the create request `request` of `client` makes.
    #[must_use]
    pub fn meeting(&self, client: &ClientId, request: &RequestId) -> MeetingId {
        MeetingId(self.derive("meeting", &[client.as_str(), request.as_str()]))
    }

    /// Derives the id of the invitation of `invitee` that the request creates in `meeting`.
    #[must_use]
    pub fn invite(
        &self,
        meeting: &MeetingId,
        client: &ClientId,
        request: &RequestId,
        invitee: &UserId,
    ) -> InviteId {
        let fields = [meeting.as_str(), client.as_str(), request.as_str(), invitee.as_str()];
        InviteId(self.derive("invite", &fields))
    }

    /// Derives the id of a downlink to one device. `about` distinguishes downlinks to one device that have
    /// the same cause.
    #[must_use]
    pub fn downlink(&self, cause: &[&str], to: &ClientId, about: [&str; 3]) -> DownlinkId {
        let mut fields = cause.to_vec();
        fields.push(to.as_str());
        fields.extend(about);
        DownlinkId(self.derive("downlink", &fields))
    }

    /// Derives 16 bytes from `fields`. The same fields give the same bytes, which nobody can predict without
    /// the key. The token formulas of RTC services use the bytes as salts and nonces.
    #[must_use]
    pub fn unforeseen(&self, fields: &[&str]) -> [u8; 16] {
        let digest = self.digest("unforeseen", fields);
        std::array::from_fn(|at| digest[at])
    }

    fn derive(&self, domain: &str, fields: &[&str]) -> String {
        base32(&self.digest(domain, fields))
    }

    fn digest(&self, domain: &str, fields: &[&str]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        for field in [domain].iter().chain(fields) {
            // The length prefix separates ("a", "bc") from ("ab", "c").
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

fn base32(digest: &[u8]) -> String {
    BASE32_NOPAD.encode(&digest[..16]).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> IdKey {
        IdKey::new(SecretString::from(secret))
    }

    fn client(text: &str) -> ClientId {
        text.parse().expect("a client ID")
    }

    // Proves: derived-ids
    #[test]
    fn a_meeting_id_depends_on_the_request_and_the_key() {
        let (alice, request) = (client("G@@@alice"), "c1".parse().expect("an id"));
        let meeting = key("k").meeting(&alice, &request);
        assert_eq!(meeting, key("k").meeting(&alice, &request));
        assert_ne!(meeting, key("l").meeting(&alice, &request));
        assert_eq!(meeting.as_str().len(), 26);
        assert!(meeting.as_str().bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
    }

    // Proves: derived-ids
    #[test]
    fn fields_with_other_boundaries_make_another_id() {
        let to = client("G@@@alice");
        let key = key("k");
        let about = ["answer", "ok", ""];
        assert_ne!(key.downlink(&["a", "bc"], &to, about), key.downlink(&["ab", "c"], &to, about));
    }

    #[test]
    fn debug_output_hides_the_key() {
        assert_eq!(format!("{:?}", key("very-secret")), "IdKey(..)");
    }

    #[test]
    fn an_id_is_short_and_plain() {
        assert!("a".repeat(64).parse::<RequestId>().is_ok());
        for bad in ["", "a b", "ä", &"a".repeat(65)] {
            assert!(bad.parse::<RequestId>().is_err(), "{bad:?}");
        }
    }
}
