//! Identifiers that are derived, never drawn: the same request makes the same ids, however often it arrives.
//!
//! Every id is HMAC-SHA256 under the deployment's `ID_KEY` over length-prefixed fields, cut to 128 bits,
//! in lower-case base32 (26 characters).

use crate::address::{ClientId, UserId, is_part};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Characters that an id from a terminal may have.
pub const MAX_ID_CHARS: usize = 64;

/// An id that is empty, too long, or has a character besides `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to {MAX_ID_CHARS} characters of A-Z a-z 0-9 _ -")]
pub struct IdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,64}$"))
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                if text.len() <= MAX_ID_CHARS && is_part(&text) { Ok(Self(text)) } else { Err(IdError) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A request's id: random, made by the terminal, used again only to repeat the very same request.
    RequestId
);
id!(
    /// A meeting's id, derived from the client ID and the id of its create request.
    MeetingId
);
id!(
    /// An invitation's id, derived from meeting, requester, request and invitee.
    InviteId
);
id!(
    /// A downlink's id: the same event told again to the same device has the same id.
    DownlinkId
);

/// SHA-256 of a request's payload, by which a repeated id with another body is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyHash(String);

impl BodyHash {
    /// The hash of the payload as it came, 128 bits in base32.
    #[must_use]
    pub fn of(payload: &[u8]) -> Self {
        Self(base32(&Sha256::digest(payload)))
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The deployment secret under which ids are derived. Whoever has it can guess ids, nothing more.
#[derive(Clone)]
pub struct IdKey(SecretString);

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKey(..)")
    }
}

impl IdKey {
    /// Takes the secret as it stands in the configuration.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// The meeting that the create request `request` of `client` makes.
    #[must_use]
    pub fn meeting(&self, client: &ClientId, request: &RequestId) -> MeetingId {
        MeetingId(self.derive("meeting", &[client.as_str(), request.as_str()]))
    }

    /// The invitation of `invitee` that the request makes in that meeting.
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

    /// The downlink to one device for one cause; `about` tells it from the others to that device for that cause.
    #[must_use]
    pub fn downlink(&self, cause: &[&str], to: &ClientId, about: [&str; 3]) -> DownlinkId {
        let mut fields = cause.to_vec();
        fields.push(to.as_str());
        fields.extend(about);
        DownlinkId(self.derive("downlink", &fields))
    }

    /// 16 bytes that nobody without the key can foretell, the same for the same fields: salts and nonces of the RTC
    /// services' formulas.
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
            // The length keeps ("a", "bc") apart from ("ab", "c").
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
    fn the_same_request_makes_the_same_meeting_and_another_key_another_one() {
        let (alice, request) = (client("G@@@alice"), "c1".parse().expect("an id"));
        let meeting = key("k").meeting(&alice, &request);
        assert_eq!(meeting, key("k").meeting(&alice, &request));
        assert_ne!(meeting, key("l").meeting(&alice, &request));
        assert_eq!(meeting.as_str().len(), 26);
        assert!(meeting.as_str().bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
    }

    // Proves: derived-ids
    #[test]
    fn field_boundaries_count() {
        let to = client("G@@@alice");
        let key = key("k");
        let about = ["answer", "ok", ""];
        assert_ne!(key.downlink(&["a", "bc"], &to, about), key.downlink(&["ab", "c"], &to, about));
    }

    #[test]
    fn the_key_never_shows() {
        assert_eq!(format!("{:?}", key("very-secret")), "IdKey(..)");
    }

    #[test]
    fn ids_from_outside_are_short_and_plain() {
        assert!("a".repeat(64).parse::<RequestId>().is_ok());
        for bad in ["", "a b", "ä", &"a".repeat(65)] {
            assert!(bad.parse::<RequestId>().is_err(), "{bad:?}");
        }
    }
}
