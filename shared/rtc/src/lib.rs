//! Access to the RTC services: join tokens, management calls and callbacks, with one folder for each
//! provider.
//!
//! - [`Minter`] mints join tokens. Minting is offline and deterministic: time and randomness are fields of
//!   the [`MintRequest`]. So a join needs no network call, and the tests reproduce the vendors' own tokens.
//! - `management::RtcManagement` closes channels, removes and restricts participants over HTTP (feature `management`).
//! - [`callback::CallbackReader`] verifies and reads the events that a service sends.
//!
//! `registry` maps a [`Provider`] to these three. The README lists the steps to add a provider.

#![warn(missing_docs)]

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
mod life;
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

pub use account::{Account, AccountError, ManagementApi};
pub use binary_token::ReceivedToken;
pub use credential::Credential;
pub use error::{MintError, UnsupportedIdError};
pub use life::{MAX_TTL_SECONDS, TTL_SECONDS};
#[cfg(feature = "management")]
pub use registry::management;
pub use registry::{callback_reader, minter};
pub use switchboard_protocol::join::{Join, Rights};
pub use switchboard_protocol::provider::{Provider, UnknownProvider};

/// User, channel, rights and life of one join token.
#[derive(Clone, Copy, Debug)]
pub struct MintRequest<'a> {
    /// Channel at the service. The server generates its name; a client never chooses it.
    pub channel_id: &'a str,
    /// Name of the user at the service.
    pub user_id: &'a str,
    /// The user's number in the meeting: from 1, stable and unique. Used by services that take numeric user ids only.
    pub number: u32,
    /// Random number for token formats that have a salt.
    pub salt: u32,
    /// Display name for the other participants, for services that carry one.
    pub name: Option<&'a str>,
    /// Rights that the meeting grants.
    pub rights: Rights,
    /// Present time, Unix milliseconds.
    pub now_ms: i64,
    /// Life of the token in seconds, 1 to [`MAX_TTL_SECONDS`]; normally [`TTL_SECONDS`].
    pub ttl_seconds: u32,
}

impl MintRequest<'_> {
    /// Returns the validity of the token in Unix seconds. Rounds the time of issue down, because a service
    /// with an exact clock would refuse a token that is issued in the next second.
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

/// Begin and end of a token.
struct Validity {
    /// Unix seconds.
    issued: i64,
    /// Unix seconds.
    expires: i64,
    expires_in_ms: i64,
}

impl Validity {
    /// Returns begin and end for formats with 32-bit times, which end in 2106.
    fn in_32_bits(&self) -> Result<(u32, u32), MintError> {
        match (u32::try_from(self.issued), u32::try_from(self.expires)) {
            (Ok(issued), Ok(expires)) => Ok((issued, expires)),
            _ => Err(MintError::Clock { now_ms: self.issued * 1000 }),
        }
    }
}

/// Mints the join tokens of one account at one RTC service.
pub trait Minter: Send + Sync {
    /// The RTC service.
    fn provider(&self) -> Provider;

    /// Address for clients; empty if the SDKs of the service know the address.
    fn url(&self) -> &str;

    /// Checks both ids against the alphabet and the length limits of the service.
    ///
    /// # Errors
    /// The first violation of a limit.
    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError>;

    /// Returns the participant's id at the service: unique in the channel, and the same in all tokens of the
    /// user.
    fn media_id(&self, channel_id: &str, user_id: &str, number: u32) -> String {
        let (_, _) = (channel_id, number);
        user_id.to_owned()
    }

    /// Returns the user id that a client gives to the service with the token: `user_id` of the `join` object.
    /// Other values that the service needs are in the `params` of the object.
    fn presented_id(&self, request: &MintRequest<'_>) -> String {
        request.user_id.to_owned()
    }

    /// Mints a credential for the channel and the user of the request.
    ///
    /// # Errors
    /// The service does not support an id, the life is outside the limits, the format cannot hold the time,
    /// the number is 0 although the service needs one, or the encoding failed.
    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError>;

    /// Mints a credential and returns it as the `join` object of the protocol.
    ///
    /// # Errors
    /// See [`mint`](Self::mint).
    fn join(&self, request: &MintRequest<'_>) -> Result<Join, MintError> {
        let credential = self.mint(request)?;
        Ok(Join {
            provider: self.provider(),
            url: self.url().to_owned(),
            channel_id: request.channel_id.to_owned(),
            user_id: self.presented_id(request),
            token: credential.token.expose_secret().to_owned(),
            token_expires_in_ms: credential.token_expires_in_ms,
            rights: request.rights,
            rights_enforced: credential.rights_enforced,
            params: credential.params,
        })
    }
}
