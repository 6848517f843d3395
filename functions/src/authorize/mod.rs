//! Function `authorize`: the broker's custom authorizer. It checks the app's JWT and answers with a policy
//! for one client ID, which may publish to the uplink topics and subscribe only to its own two downlink
//! topics.
//!
//! Formats: "Defining your Lambda function" in the AWS IoT Core developer guide (`custom-auth-lambda.html`).

pub mod config;
mod connect;
pub mod keys;
pub mod policy;
mod refusal;
#[cfg(test)]
mod tests;
pub mod token;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use switchboard_protocol::address::{ClientId, UserId};

pub use config::AuthorizerConfig;
pub use refusal::ConnectionRefusal;
pub use token::TokenError;

use connect::Connect;

/// Life of a connection in seconds, within the bounds of the broker.
const DISCONNECT_AFTER_SECONDS: RangeInclusive<i64> = 300..=86_400;

/// Seconds until the broker fetches the policy anew: the longest time that the broker allows, since the
/// policy never changes.
const REFRESH_AFTER_SECONDS: u32 = 86_400;

/// Time limit of the device registry. The broker waits 5 s for an answer, and a slow registry must not
/// prevent the connection.
const REGISTER_TIMEOUT: Duration = Duration::from_secs(2);

/// An admitted connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Admission {
    /// The device that connects.
    pub client: ClientId,
    /// The user of the device.
    pub user: UserId,
    /// The user's display name, from the JWT.
    pub name: Option<String>,
    /// The authorizer's answer to the broker, with the policy.
    pub answer: Value,
}

/// Answers the broker. Also registers the device of an admitted connection. The connection is admitted even
/// if the registration fails or is slow, since each offer finds out anew which devices are connected.
pub async fn authorize<E: fmt::Display>(
    event: &Value,
    config: &AuthorizerConfig,
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
        Ok(Err(error)) => {
            tracing::warn!(
                %client_id, %error,
                "connection admitted, but its device not registered; its connect event will register it"
            );
        }
        Err(_) => {
            tracing::warn!(
                %client_id, error = "timed out",
                "connection admitted, but its device not registered; its connect event will register it"
            );
        }
    }
    admission.answer
}

/// Admits or refuses a connection. Pure: the same event at the same time gives the same answer.
///
/// # Errors
/// The first reason to refuse the connection.
pub fn decide(event: &Value, config: &AuthorizerConfig, now_ms: i64) -> Result<Admission, ConnectionRefusal> {
    let Connect { client_id, token } = Connect::of(event)?;
    let client: ClientId = client_id.parse()?;
    config.topics.downlink.check(&client)?;
    if !config.groups.allow(client.group()) {
        return Err(ConnectionRefusal::Group);
    }
    let identity = config.verifier.verify(&token, now_ms)?;
    let user = client.user();
    if identity.account != user.as_str() {
        return Err(ConnectionRefusal::Account);
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

/// Returns the SHA-256 of the account as hexadecimal text: the broker accepts only letters and digits, and
/// two accounts that differ only in other characters have different hashes.
fn principal_id(user: &UserId) -> String {
    HEXLOWER.encode(&Sha256::digest(user.as_str()))
}
