//! What an RTC service can be told to do over the network. Apart from minting, so that no join waits for it.
//!
//! Services differ in what they can do, and say so in their [`Capabilities`]; what is not there is answered with
//! [`ControlError::Unsupported`], and the meeting then says honestly that it was not enforced.

#[cfg(test)]
pub(crate) mod fixture;
mod http;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::Rights;

pub(crate) use http::{Answer, Call, Repeat, parse, shown};
pub use http::{Http, MAX_ANSWER_BYTES, Timeouts};

/// What a service can do when it is told to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent capabilities")]
pub struct Capabilities {
    /// Channels are made before anybody joins; elsewhere they come into being with the first join.
    pub register: bool,
    /// A channel can be closed, which puts everybody out.
    pub close: bool,
    /// A participant can be put out.
    pub remove: bool,
    /// The right to publish can be taken from somebody who is in, and given back.
    pub restrict: bool,
    /// It tells who is in a channel.
    pub list: bool,
    /// It tells which channels there are.
    pub channels: bool,
}

/// What is known of a channel when it is registered.
#[derive(Clone, Copy, Debug)]
pub struct Channel<'a> {
    /// Its name.
    pub id: &'a str,
    /// How many may be in it.
    pub max_participants: u32,
    /// How long it may stay empty before the service closes it by itself.
    pub empty_seconds: u32,
}

/// Clock and randomness of one call: nothing here asks for them by itself.
#[derive(Clone, Copy, Debug)]
pub struct CallNonce {
    /// Now, Unix milliseconds.
    pub now_ms: i64,
    /// Never the same twice; for signatures that must not be replayed.
    pub nonce: [u8; 16],
}

impl CallNonce {
    /// Whole seconds since 1970.
    pub(crate) const fn seconds(self) -> i64 {
        self.now_ms.div_euclid(1000)
    }

    /// Nonces for the requests of this call, 32 characters each, none twice.
    pub(crate) fn nonces(self) -> impl FnMut() -> String + Send + Sync {
        let mut drawn = 0_u32;
        move || {
            drawn += 1;
            let hash = Sha256::new().chain_update(self.nonce).chain_update(drawn.to_be_bytes()).finalize();
            HEXLOWER.encode(&hash[..16])
        }
    }
}

/// A channel that exists at the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenChannel {
    /// Its name.
    pub id: String,
    /// When it was made, Unix milliseconds; `None` where the service does not tell.
    pub created_ms: Option<i64>,
}

/// Manages the channels of one account. `media_id` is the participant's id as the service knows it, from
/// [`Minter::media_id`](super::Minter::media_id).
///
/// Every call is safe to repeat. Each of its requests gives up after [`CALL_TIMEOUT`] and is sent once more where that
/// cannot do a thing twice; a service that was not reached is the caller's to try again later.
#[async_trait]
pub trait Control: Send + Sync {
    /// What this service can do.
    fn capabilities(&self) -> Capabilities;

    /// Makes a channel; one that exists already is fine, and where channels are implicit nothing is sent.
    async fn register(&self, channel: Channel<'_>, at: CallNonce) -> Result<(), ControlError>;

    /// Closes a channel and puts everybody out; one that is not there is closed.
    async fn close(&self, channel_id: &str, at: CallNonce) -> Result<(), ControlError>;

    /// Puts a participant out; one who is not there is out.
    async fn remove(&self, channel_id: &str, media_id: &str, at: CallNonce) -> Result<(), ControlError>;

    /// Holds a participant who is in to `rights` from now on; one who is not there is held by the next token.
    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        at: CallNonce,
    ) -> Result<(), ControlError>;

    /// The media ids of those who are in a channel; nobody is in one that is not there.
    async fn members(&self, channel_id: &str, at: CallNonce) -> Result<Vec<String>, ControlError>;

    /// The channels whose name begins with `prefix`.
    async fn channels(&self, prefix: &str, at: CallNonce) -> Result<Vec<OpenChannel>, ControlError>;
}

/// One request to a service: connection, answer and retry.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// Why a service did not do what it was told. Carries no key, token or signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The service has no such call.
    #[error("the RTC service cannot do this")]
    Unsupported,
    /// The account was not accepted.
    #[error("the RTC service refused the account: {0}")]
    Unauthorized(String),
    /// Too much at once.
    #[error("the RTC service asks to come later")]
    RateLimited {
        /// When, if it says so.
        retry_after: Option<Duration>,
    },
    /// No answer in time, no connection, or a fault of the service: may work later.
    #[error("the RTC service is not available: {0}")]
    Unavailable(String),
    /// It understood and refused, or its answer makes no sense.
    #[error("the RTC service refused: {0}")]
    Refused(String),
}
