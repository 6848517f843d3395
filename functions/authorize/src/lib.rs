//! Function `authorize`: the broker's custom authorizer. It checks the app's own JWT, and answers with a policy
//! that lets a connection be one client ID, speak on the uplink topics and hear only its own two.
//!
//! Formats: "Defining your Lambda function" in the AWS IoT Core developer guide (`custom-auth-lambda.html`).

pub mod config;
mod event;
pub mod policy;
#[cfg(test)]
mod tests;
pub mod token;

use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use switchboard::address::{AddressError, ClientId, UserId};

pub use config::{Config, ConfigError};
pub use token::TokenError;

use event::Connect;

/// Bounds of the broker for the life of a connection, seconds.
const DISCONNECT_AFTER_SECONDS: std::ops::RangeInclusive<i64> = 300..=86_400;

/// The broker asks again after this time, seconds; the policy never changes, so as late as it allows.
const REFRESH_AFTER_SECONDS: u32 = 86_400;

/// The broker waits 5 s for the answer; the registry gets a part of that.
const REGISTER_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that may be.
#[derive(Debug, PartialEq, Eq)]
pub struct Admission {
    /// The device that connects.
    pub client: ClientId,
    /// Its user.
    pub user: UserId,
    /// The user's display name, from the JWT.
    pub name: Option<String>,
    /// What the broker is told.
    pub answer: Value,
}

/// Why a connection may not be. Carries nothing of the token: it goes to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The broker did not say who connects; without a literal client ID there is no policy.
    #[error("the event names no client ID")]
    NoClientId,
    /// It could not connect, or could never be addressed.
    #[error("client ID: {0}")]
    ClientId(ClientIdError),
    /// Its group is not served by this deployment.
    #[error("the client ID's group is not allowed")]
    Group,
    /// Neither a password nor a token.
    #[error("the event has no token")]
    NoToken,
    /// A password that is no base64 of text.
    #[error("the password cannot be read")]
    Password,
    /// The JWT is not accepted.
    #[error("token: {0}")]
    Token(#[from] TokenError),
    /// The JWT is for another account than the client ID's.
    #[error("the token belongs to another account")]
    Account,
}
