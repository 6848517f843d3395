//! Management of channels over the network: create, close, remove, restrict, list. It is separate from
//! minting, so that no join waits for a network call.
//!
//! Services support different operations, and [`ManagementCapabilities`] lists the differences. An
//! unsupported operation returns [`RtcError::Unsupported`]; the meeting then reports the restriction as not
//! enforced.

#[cfg(test)]
pub(crate) mod fixture;
mod http;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::Rights;

pub use http::{HttpClient, HttpTimeouts, MAX_RESPONSE_BYTES};
pub(crate) use http::{ManagementRequest, ManagementResponse, RetryPolicy, parse_body, printable_code};

/// Operations that not every RTC service supports. Every service can close channels and remove participants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of a service, independent of the others"
)]
pub struct ManagementCapabilities {
    /// True if [`RtcManagement::members`] works: the service reports the participants of a channel.
    pub reports_presence: bool,
    /// True if [`RtcManagement::restrict`] works: the service takes the right to publish from a participant
    /// in the channel, and returns it.
    pub enforces_rights: bool,
    /// True if [`RtcManagement::channels`] works: the service lists its open channels.
    pub lists_channels: bool,
    /// True if a join token names no participant, so that its holder may take any id in the channel.
    pub admits_any_id: bool,
}

/// Properties of a channel to create.
#[derive(Clone, Copy, Debug)]
pub struct ChannelSpec<'a> {
    /// Name of the channel.
    pub id: &'a str,
    /// Largest number of participants.
    pub max_participants: u32,
    /// Seconds after which the service closes a channel that no user has entered.
    pub empty_seconds: u32,
    /// Seconds after which the service closes a channel that its last participant left.
    pub departure_seconds: u32,
}

/// Time and randomness of one operation. The caller passes them, so that this crate reads neither clock nor
/// randomness.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// Present time, Unix milliseconds.
    pub now_ms: i64,
    /// A value that is unique to the operation. Nonces of signatures that must not be replayed are derived
    /// from it.
    pub nonce: [u8; 16],
}

impl RequestContext {
    /// Returns the time in whole Unix seconds.
    pub(crate) const fn seconds(self) -> i64 {
        self.now_ms.div_euclid(1000)
    }

    /// Returns a generator of nonces for the HTTP requests of this operation: 32 characters each, all
    /// different.
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
    /// Name of the channel.
    pub id: String,
    /// Time of creation, Unix milliseconds; `None` if the service does not report it.
    pub created_ms: Option<i64>,
}

/// Manages the channels of one account at one RTC service. `media_id` is the participant's id at the service,
/// as [`Minter::media_id`](crate::Minter::media_id) returns it.
///
/// Every operation is safe to repeat. Each HTTP request has the time limit [`REQUEST_TIMEOUT`], and one retry
/// if a second execution is harmless. The caller decides about later retries.
#[async_trait]
pub trait RtcManagement: Send + Sync {
    /// Operations that this service supports.
    fn capabilities(&self) -> ManagementCapabilities;

    /// Creates a channel; succeeds if the channel exists. Sends no request to services that create channels
    /// when the first user joins.
    ///
    /// # Errors
    /// Any [`RtcError`] except `Unsupported`.
    async fn register(&self, channel: ChannelSpec<'_>, context: RequestContext) -> Result<(), RtcError>;

    /// Closes a channel and removes its participants; succeeds if the channel does not exist.
    ///
    /// # Errors
    /// Any [`RtcError`] except `Unsupported`.
    async fn close(&self, channel_id: &str, context: RequestContext) -> Result<(), RtcError>;

    /// Removes a participant from a channel; succeeds if the participant is not in the channel.
    ///
    /// # Errors
    /// Any [`RtcError`] except `Unsupported`.
    async fn remove(&self, channel_id: &str, media_id: &str, context: RequestContext)
    -> Result<(), RtcError>;

    /// Limits a participant in the channel to `rights` from now on. Succeeds if the participant is not in the
    /// channel, since the next join token carries the rights.
    ///
    /// # Errors
    /// [`RtcError::Unsupported`] if the service cannot enforce these rights, or any other [`RtcError`].
    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        context: RequestContext,
    ) -> Result<(), RtcError>;

    /// Returns the media ids of the participants in a channel; empty if the channel does not exist.
    ///
    /// # Errors
    /// [`RtcError::Unsupported`] without [`ManagementCapabilities::reports_presence`], or any other [`RtcError`].
    async fn members(&self, channel_id: &str, context: RequestContext) -> Result<Vec<String>, RtcError>;

    /// Returns the open channels whose names begin with `prefix`.
    ///
    /// # Errors
    /// [`RtcError::Unsupported`] without [`ManagementCapabilities::lists_channels`], or any other [`RtcError`].
    async fn channels(&self, prefix: &str, context: RequestContext) -> Result<Vec<OpenChannel>, RtcError>;
}

/// Largest difference in seconds between the clock of a service and that of Switchboard, in either direction.
/// The tokens of management requests are valid this much earlier and later than they are needed. With less
/// leeway, a server with a wrong clock would refuse every request.
pub(crate) const CLOCK_LEEWAY_SECONDS: i64 = 120;

/// Time limit for one HTTP request: connection, response and the retry.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// Failure of a management operation. It contains no key, token or signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtcError {
    /// The service does not have this operation.
    #[error("the RTC service does not support this operation")]
    Unsupported,
    /// The service rejected the account's credentials.
    #[error("the RTC service rejected the account's credentials: {0}")]
    Unauthorized(String),
    /// The service refuses the request because of too many requests.
    #[error("rate-limited by the RTC service")]
    RateLimited {
        /// Delay that the service asks for; `None` if the service does not give a number of seconds.
        retry_after: Option<Duration>,
    },
    /// The service did not respond in time, could not be connected, or had an internal error. A later retry
    /// may succeed.
    #[error("the RTC service is unavailable: {0}")]
    Unavailable(String),
    /// The service refused the request, or its response is not in the documented format.
    #[error("the RTC service refused the request: {0}")]
    Refused(String),
}
