//! Join parameters of the real-time-communication services: who may enter which channel with which rights.
//!
//! Minting is offline, synchronous and pure (the clock is in the request), so it costs no round trip and
//! every vendor's published vector can be reproduced. A provider is one file here, one variant of
//! [`Provider`] and one line in [`minter`]. What a vendor can do over the network (close, remove,
//! mute) is a trait of its own, so that no join ever waits for it.

mod account;
pub mod agora;
pub mod alibaba;
mod binary_token;
mod bytes;
pub mod callback;
mod credential;
mod error;
#[cfg(test)]
mod fixture;
pub mod janus;
pub mod jwt;
pub mod livekit;
mod mac;
#[cfg(feature = "management")]
pub mod management;
mod registry;
pub mod sign;
pub mod tencent;
#[cfg(test)]
mod tests;
pub mod turn;
#[cfg(test)]
mod vectors;
mod zlib;

use secrecy::ExposeSecret;

use error::check_id;

pub use account::{Account, AccountError, ManagementApi};
pub use binary_token::ReceivedToken;
pub use credential::Credential;
pub use error::{MintError, UnsupportedIdError};
#[cfg(feature = "management")]
pub use registry::management;
pub use registry::{callback_reader, minter};
pub use switchboard_protocol::join::{Join, Rights};
pub use switchboard_protocol::provider::{Provider, UnknownProvider};

/// Life of a join token. Short, because no service can revoke a token that is out: after a removal only its
/// end keeps the user out.
pub const TTL_SECONDS: u32 = 600;

/// The longest life that every supported service accepts (Alibaba: 24 hours).
pub const MAX_TTL_SECONDS: u32 = 86_400;

/// Who asks to join what, for how long.
#[derive(Clone, Copy, Debug)]
pub struct MintRequest<'a> {
    /// Channel (room) at the service; made by the server, never chosen by a client.
    pub channel_id: &'a str,
    /// Account of the user as the service shall know it.
    pub user_id: &'a str,
    /// The user's number in the meeting: from 1, stable, nobody else's. For services that know numbers only.
    pub number: u32,
    /// Random, for formulas with a salt.
    pub salt: u32,
    /// Display name for the other participants, where the service carries one.
    pub name: Option<&'a str>,
    /// What the meeting allows.
    pub rights: Rights,
    /// Now, Unix milliseconds.
    pub now_ms: i64,
    /// Life of the token, 1 to [`MAX_TTL_SECONDS`]; normally [`TTL_SECONDS`].
    pub ttl_seconds: u32,
}

impl MintRequest<'_> {
    /// Validity of the token in Unix seconds. Issued at the whole second of now: services count in seconds,
    /// and a token from the next second would be refused by a server whose clock is exact.
    fn validity(&self) -> Result<Validity, MintError> {
        if self.ttl_seconds == 0 || self.ttl_seconds > MAX_TTL_SECONDS {
            return Err(MintError::Ttl { seconds: self.ttl_seconds });
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
        Ok(Validity { issued, expires, expires_in_ms })
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

impl Validity {
    /// Begin and end for formats that have 32 bits for a time; these end in 2106.
    fn in_32_bits(&self) -> Result<(u32, u32), MintError> {
        match (u32::try_from(self.issued), u32::try_from(self.expires)) {
            (Ok(issued), Ok(expires)) => Ok((issued, expires)),
            _ => Err(MintError::Clock { now_ms: self.issued * 1000 }),
        }
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
    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError>;

    /// The participant's id as the service knows it; unique in the channel, the same for every token.
    fn media_id(&self, channel_id: &str, user_id: &str, number: u32) -> String {
        let (_, _) = (channel_id, number);
        user_id.to_owned()
    }

    /// Makes a credential that is bound to the channel and the user of the request.
    ///
    /// # Errors
    /// Names that the service cannot take, a life outside the limits, a clock that makes no sense.
    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError>;

    /// The `join` object of the protocol for this request.
    ///
    /// # Errors
    /// As [`mint`](Self::mint).
    fn join(&self, request: &MintRequest<'_>) -> Result<Join, MintError> {
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
