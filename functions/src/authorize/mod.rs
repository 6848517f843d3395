//! Function `authorize`: the broker's custom authorizer. It checks the app's own JWT and answers with a
//! policy that lets a connection be one client ID, speak on the uplink topics, and hear only its own two.
//!
//! Formats: "Defining your Lambda function" in the AWS IoT Core developer guide (`custom-auth-lambda.html`).

pub mod config;
mod connect;
pub mod policy;
#[cfg(test)]
mod tests;
pub mod token;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use switchboard_protocol::address::{AddressError, ClientId, UserId};

pub use config::Config;
pub use token::TokenError;

use connect::Connect;

/// What the broker allows as the life of a connection, seconds.
const DISCONNECT_AFTER_SECONDS: RangeInclusive<i64> = 300..=86_400;

/// When the broker asks for the policy again, seconds: as late as it allows, since ours never changes.
const REFRESH_AFTER_SECONDS: u32 = 86_400;

/// The broker waits 5 s for an answer; a slow registry must not cost the connection.
const REGISTER_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that may be.
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The broker did not say who connects, and a policy needs a literal client ID.
    #[error("the event names no client ID")]
    NoClientId,
    /// A client ID that could do harm, or could connect but never be addressed.
    #[error("the client ID is {0}")]
    ClientId(#[from] AddressError),
    /// A group that this deployment does not serve.
    #[error("the client ID's group is not allowed")]
    Group,
    /// Neither a password nor a token.
    #[error("the event has no token")]
    NoToken,
    /// A password that is no base64 of text.
    #[error("the password cannot be read")]
    Password,
    /// The JWT is not accepted.
    #[error("the token is refused: {0}")]
    Token(#[from] TokenError),
    /// The JWT is for another account than the client ID's.
    #[error("the token belongs to another account")]
    Account,
}

/// Answers the broker. A connection that may be also registers its device, best effort: a registry that fails
/// or is slow never refuses a connection, since whether a device is online is decided by each send.
pub async fn authorize<E: fmt::Display>(
    event: &Value,
    config: &Config,
    now_ms: i64,
    register: impl AsyncFnOnce(&Admission) -> Result<(), E>,
) -> Value {
    let admission = match decide(event, config, now_ms) {
        Ok(admission) => admission,
        Err(reason) => {
            tracing::info!(client_id = connect::claimed_client_id(event), %reason, "connection refused");
            return json!({"isAuthenticated": false});
        }
    };
    let client_id = &admission.client;
    match tokio::time::timeout(REGISTER_TIMEOUT, register(&admission)).await {
        Ok(Ok(())) => tracing::info!(%client_id, "connection admitted"),
        Ok(Err(error)) => tracing::warn!(%client_id, %error, "connection admitted, device not registered"),
        Err(_) => {
            tracing::warn!(%client_id, error = "timed out", "connection admitted, device not registered");
        }
    }
    admission.answer
}

/// Whether a connection may be, and what it may do. Pure: the same event at the same time has the same
/// answer.
///
/// # Errors
/// The first thing that is wrong with the connection.
pub fn decide(event: &Value, config: &Config, now_ms: i64) -> Result<Admission, Refusal> {
    let Connect { client_id, token } = Connect::of(event)?;
    let client: ClientId = client_id.parse()?;
    config.topics.downlink.check(&client)?;
    if !config.groups.allow(client.group()) {
        return Err(Refusal::Group);
    }
    let identity = config.keys.verify(&token, now_ms)?;
    let user = client.user();
    if identity.account != user.as_str() {
        return Err(Refusal::Account);
    }
    let seconds_left = identity.expires_ms.saturating_sub(now_ms) / 1000;
    let answer = json!({
        "isAuthenticated": true,
        "principalId": principal_id(&user),
        "disconnectAfterInSeconds":
            seconds_left.clamp(*DISCONNECT_AFTER_SECONDS.start(), *DISCONNECT_AFTER_SECONDS.end()),
        "refreshAfterInSeconds": REFRESH_AFTER_SECONDS,
        "policyDocuments": [policy::document(&client, &config.topics, &config.arn_prefix)],
    });
    Ok(Admission { client, user, name: identity.name, answer })
}

/// Hex of SHA-256: the broker takes only letters and digits, and a hash keeps two accounts apart that differ
/// in nothing else.
fn principal_id(user: &UserId) -> String {
    HEXLOWER.encode(&Sha256::digest(user.as_str()))
}
