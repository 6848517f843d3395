//! Join parameters of the real-time-communication services: who may enter which channel with which rights.
//!
//! Minting is offline, synchronous and pure (the clock is in the request), so it costs no round trip and every
//! vendor's published vector can be reproduced. A provider is one file here, one variant of [`Provider`] and one
//! line in [`Provider::minter`]. What a vendor can do over the network (close, remove, mute) is a trait of its
//! own, so that no join ever waits for it.

pub mod alibaba;
pub mod jwt;
pub mod livekit;
mod provider;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use provider::{Account, AccountError, Provider, UnknownProvider};

/// Life of a join token. Short, because no service can revoke a token that is out: after a removal only its end
/// keeps the user out.
pub const TTL_SECONDS: u32 = 600;

/// The longest life that every supported service accepts (Alibaba: 24 hours).
pub const MAX_TTL_SECONDS: u32 = 86_400;

/// What a meeting allows a user to do in its channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent switches, named as on the wire"
)]
pub struct Rights {
    /// Publish sound from a microphone.
    pub microphone: bool,
    /// Publish pictures from a camera.
    pub camera: bool,
    /// Share a screen, with its sound.
    pub screen: bool,
    /// Send data messages to the channel.
    pub data: bool,
    /// Receive what others publish.
    pub subscribe: bool,
}

impl Rights {
    /// Everything: what a member has unless the meeting took something away.
    pub const ALL: Self = Self {
        microphone: true,
        camera: true,
        screen: true,
        data: true,
        subscribe: true,
    };

    /// The same without the right to speak (a hard mute).
    #[must_use]
    pub const fn without_microphone(self) -> Self {
        Self {
            microphone: false,
            ..self
        }
    }
}

/// Who asks to join what, for how long. Later providers add what their formula needs (a salt, a numeric id) as
/// further fields, not as further arguments.
#[derive(Clone, Copy, Debug)]
pub struct JoinRequest<'a> {
    /// Channel (room) at the service; made by the server, never chosen by a client.
    pub channel_id: &'a str,
    /// Account of the user as the service shall know it.
    pub user_id: &'a str,
    /// Display name for the other participants, where the service carries one.
    pub name: Option<&'a str>,
    /// What the meeting allows.
    pub rights: Rights,
    /// Now, Unix milliseconds.
    pub now_ms: i64,
    /// Life of the token, 1 to [`MAX_TTL_SECONDS`]; normally [`TTL_SECONDS`].
    pub ttl_seconds: u32,
}

impl JoinRequest<'_> {
    /// Validity of the token in Unix seconds. Issued at the whole second of now: services count in seconds, and a
    /// token from the next second would be refused by a server whose clock is exact.
    fn validity(&self) -> Result<Validity, MintError> {
        if self.ttl_seconds == 0 || self.ttl_seconds > MAX_TTL_SECONDS {
            return Err(MintError::Ttl {
                seconds: self.ttl_seconds,
            });
        }
        if self.now_ms < 0 {
            return Err(MintError::Clock { now_ms: self.now_ms });
        }
        let issued = self.now_ms / 1000;
        let expires = issued + i64::from(self.ttl_seconds);
        let expires_in_ms = expires
            .checked_mul(1000)
            .map(|expires_ms| expires_ms - self.now_ms)
            .ok_or(MintError::Clock { now_ms: self.now_ms })?;
        Ok(Validity {
            issued,
            expires,
            expires_in_ms,
        })
    }
}

/// When a token begins and ends.
struct Validity {
    /// Unix seconds.
    issued: i64,
    /// Unix seconds.
    expires: i64,
    expires_in_ms: i64,
}

/// What a client needs to join, besides the names it already has.
pub struct Credential {
    /// The service's token, in the form that its client SDK takes.
    pub token: SecretString,
    /// Time until the token is refused at a join.
    pub token_expires_in_ms: i64,
    /// Whether the service holds the user to the rights of the request.
    pub rights_enforced: bool,
    /// Further fields of that service (PROTOCOL's `params`); may contain a second form of the token.
    pub params: Map<String, Value>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("token", &self.token)
            .field("token_expires_in_ms", &self.token_expires_in_ms)
            .field("rights_enforced", &self.rights_enforced)
            .field("params", &MemberNames(&self.params))
            .finish()
    }
}

/// Mints join credentials of one account at one RTC service.
pub trait Minter: Send + Sync {
    /// Which service this is.
    fn provider(&self) -> Provider;

    /// Where clients connect to.
    fn url(&self) -> &str;

    /// Whether the service can take these names at all: each has an alphabet and lengths of its own.
    ///
    /// # Errors
    /// The first name that it cannot take, and why.
    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), IdError>;

    /// Makes a credential that is bound to the channel and the user of the request.
    ///
    /// # Errors
    /// Names that the service cannot take, a life outside the limits, a clock that makes no sense.
    fn mint(&self, request: &JoinRequest<'_>) -> Result<Credential, MintError>;

    /// The `join` object of the protocol for this request.
    ///
    /// # Errors
    /// As [`mint`](Self::mint).
    fn join(&self, request: &JoinRequest<'_>) -> Result<Join, MintError> {
        let credential = self.mint(request)?;
        Ok(Join {
            provider: self.provider(),
            url: self.url().to_owned(),
            channel_id: request.channel_id.to_owned(),
            user_id: request.user_id.to_owned(),
            token: credential.token.expose_secret().to_owned(),
            token_expires_in_ms: credential.token_expires_in_ms,
            rights: request.rights,
            rights_enforced: credential.rights_enforced,
            params: credential.params,
        })
    }
}

/// `join` on the wire: all that a client SDK needs to enter the channel. `Debug` shows neither the token nor the
/// values of `params`, which may repeat it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// Which client SDK to use.
    pub provider: Provider,
    /// Where it connects to.
    pub url: String,
    /// Channel (room) to enter.
    pub channel_id: String,
    /// The account as the RTC service knows it.
    pub user_id: String,
    /// Proof for the service. Never log it.
    pub token: String,
    /// Counts from receipt.
    pub token_expires_in_ms: i64,
    /// What the meeting allows this user.
    pub rights: Rights,
    /// Whether the service holds the user to them.
    pub rights_enforced: bool,
    /// Further fields of that service.
    #[serde(default)]
    pub params: Map<String, Value>,
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("provider", &self.provider)
            .field("url", &self.url)
            .field("channel_id", &self.channel_id)
            .field("user_id", &self.user_id)
            .field("token_expires_in_ms", &self.token_expires_in_ms)
            .field("rights", &self.rights)
            .field("rights_enforced", &self.rights_enforced)
            .field("params", &MemberNames(&self.params))
            .finish_non_exhaustive()
    }
}

/// Shows which members an object has, without their values.
struct MemberNames<'a>(&'a Map<String, Value>);

impl fmt::Debug for MemberNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why no credential was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The service could not take the channel or the user.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A token that never lives, or for too long.
    #[error("token life of {seconds} s is outside 1 to {MAX_TTL_SECONDS}")]
    Ttl {
        /// What was asked for.
        seconds: u32,
    },
    /// A time before 1970, or one that no token can hold.
    #[error("clock shows {now_ms} ms, which no token can carry")]
    Clock {
        /// What the clock showed.
        now_ms: i64,
    },
    /// The claims could not be written down; a defect, not a condition.
    #[error("token could not be encoded: {0}")]
    Encoding(String),
}

/// Why a service cannot take a name. Carries no name: it goes to logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing there.
    #[error("{what} is empty")]
    Empty {
        /// `channel_id` or `user_id`.
        what: &'static str,
    },
    /// More than the service takes.
    #[error("{what} has {len} bytes, {max} are allowed")]
    TooLong {
        /// `channel_id` or `user_id`.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The service's limit.
        max: usize,
    },
    /// A character outside the service's alphabet.
    #[error("{what} has a character at byte {at} that the service does not allow")]
    Alphabet {
        /// `channel_id` or `user_id`.
        what: &'static str,
        /// Offset of the character in bytes.
        at: usize,
    },
}

/// Checks one name against a service's limit and alphabet.
fn check_id(what: &'static str, id: &str, max: usize, allowed: impl Fn(char) -> bool) -> Result<(), IdError> {
    if id.is_empty() {
        return Err(IdError::Empty { what });
    }
    if id.len() > max {
        return Err(IdError::TooLong {
            what,
            len: id.len(),
            max,
        });
    }
    match id.char_indices().find(|&(_, character)| !allowed(character)) {
        Some((at, _)) => Err(IdError::Alphabet { what, at }),
        None => Ok(()),
    }
}
