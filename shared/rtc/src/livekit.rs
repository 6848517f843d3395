//! `LiveKit`: join tokens and their verification. The laptop's SFU verifies tokens with the same code, so the
//! laptop tests the code of production. Format: <https://docs.livekit.io/home/get-started/authentication/>.

pub mod callback;
mod claims;
#[cfg(feature = "management")]
pub mod management;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Map;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use claims::{LivekitClaims, LivekitTrackSource, VideoGrant};

use crate::error::check_id;
use crate::jwt::{self, JwtError};
use crate::{
    Account, AccountError, Credential, MintError, MintRequest, Minter, Provider, Rights, UnsupportedIdError,
};

/// Largest length of room, identity and name in bytes, which is the server's default.
const MAX_BYTES: usize = 256;

/// Allowed difference between the clocks of signer and verifier, in seconds: the value of `LiveKit`'s own
/// verifier.
pub const LEEWAY_SECONDS: i64 = 10;

/// Allowed difference between Switchboard's clock and that of a server that sends webhooks, in seconds, so
/// that webhooks of a server with a wrong clock are still accepted. The times in a webhook's token do not
/// prevent a replay; repeated events are recognised by their order.
pub const CALLBACK_LEEWAY_SECONDS: i64 = 120;

/// A `LiveKit` API key with its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The public half: `iss` of every token.
    pub id: String,
    /// The secret half. Its UTF-8 bytes are the HMAC key, without decoding.
    pub secret: SecretString,
}

/// Mints join tokens for one `LiveKit` deployment.
#[derive(Debug)]
pub struct LivekitMinter {
    url: String,
    key: ApiKey,
}

impl LivekitMinter {
    /// Creates a minter for the deployment at `account.url`.
    ///
    /// # Errors
    /// A setting is missing or malformed.
    pub fn new(account: Account) -> Result<Self, AccountError> {
        account.mode_of(&[("", ())])?;
        let account = account.with_default_url(None)?;
        Ok(Self { url: account.url, key: ApiKey { id: account.key_id, secret: account.key_secret } })
    }
}

impl Minter for LivekitMinter {
    fn provider(&self) -> Provider {
        Provider::Livekit
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        check_id("channel_id", channel_id, MAX_BYTES, |_| true)?;
        check_id("user_id", user_id, MAX_BYTES, |_| true)
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        self.check_ids(request.channel_id, request.user_id)?;
        let validity = request.validity()?;
        let claims = LivekitClaims {
            sub: Some(request.user_id.to_owned()),
            name: request.name.map(shortened),
            video: Some(join_grant(request.channel_id, request.rights)),
            ..LivekitClaims::issued_by(&self.key.id, validity.issued, validity.expires)
        };
        let token = sign(&claims, &self.key).map_err(|error| MintError::Encoding(error.to_string()))?;
        Ok(Credential {
            token,
            token_expires_in_ms: validity.expires_in_ms,
            rights_enforced: true,
            params: Map::new(),
        })
    }
}

/// Returns the track sources that `rights` allow the user to publish.
fn sources(rights: Rights) -> Vec<LivekitTrackSource> {
    let mut sources = Vec::new();
    if rights.microphone {
        sources.push(LivekitTrackSource::Microphone);
    }
    if rights.camera {
        sources.push(LivekitTrackSource::Camera);
    }
    if rights.screen {
        sources.push(LivekitTrackSource::ScreenShare);
    }
    // A modified client may publish its microphone as the sound of a shared screen, so this source needs both
    // rights.
    if rights.screen && rights.microphone {
        sources.push(LivekitTrackSource::ScreenShareAudio);
    }
    sources
}

/// Returns the grant to enter `room` with exactly `rights`.
fn join_grant(room: &str, rights: Rights) -> VideoGrant {
    let sources = sources(rights);
    VideoGrant {
        room_join: true,
        room: Some(room.to_owned()),
        // Every permission is set, because the server reads an empty list of sources as all sources, and an
        // absent permission as yes.
        can_publish: Some(!sources.is_empty()),
        can_publish_sources: sources,
        can_publish_data: Some(rights.data),
        can_subscribe: Some(rights.subscribe),
        ..VideoGrant::default()
    }
}

/// Cuts a name to the server's limit, because the server would refuse the join of a user with a longer name.
fn shortened(name: &str) -> String {
    name[..name.floor_char_boundary(MAX_BYTES)].to_owned()
}

/// Signs the claims of a join, a management request or a callback.
///
/// # Errors
/// A join has no room or identity, or JSON cannot hold the claims.
pub fn sign(claims: &LivekitClaims, key: &ApiKey) -> Result<SecretString, LivekitSignError> {
    if let Some(video) = claims.video.as_ref().filter(|video| video.room_join) {
        let blank = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
        if blank(&video.room) {
            return Err(LivekitSignError::NoRoom);
        }
        if blank(&claims.sub) {
            return Err(LivekitSignError::NoIdentity);
        }
    }
    Ok(jwt::sign_hs256(claims, key.secret.expose_secret().as_bytes())?.into())
}

/// Verifies signature, issuer and times of a token like the server, and returns its claims.
///
/// # Errors
/// The first failed check.
pub fn verify(token: &str, key: &ApiKey, now_ms: i64) -> Result<LivekitClaims, LivekitVerifyError> {
    verify_within(token, key, now_ms, LEEWAY_SECONDS)
}

fn verify_within(
    token: &str,
    key: &ApiKey,
    now_ms: i64,
    leeway_seconds: i64,
) -> Result<LivekitClaims, LivekitVerifyError> {
    let claims: LivekitClaims = jwt::verify_hs256(token, key.secret.expose_secret().as_bytes())?;
    if claims.iss != key.id {
        return Err(LivekitVerifyError::Issuer);
    }
    let now = now_ms.div_euclid(1000);
    if claims.exp.saturating_add(leeway_seconds) <= now {
        return Err(LivekitVerifyError::Expired);
    }
    if claims.nbf.is_some_and(|nbf| nbf > now.saturating_add(leeway_seconds)) {
        return Err(LivekitVerifyError::NotYet);
    }
    Ok(claims)
}

/// Returns the claims of a token **without verifying it**; for display only.
///
/// # Errors
/// The text is not a token of this format.
pub fn unverified_claims(token: &str) -> Result<LivekitClaims, JwtError> {
    jwt::unverified_claims(token)
}

/// Returns the `sha256` claim for a callback with this raw body.
#[must_use]
pub fn body_hash(body: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(body))
}

/// Verifies the `Authorization` header of a callback, a token that is bound to the raw body, and returns its claims.
///
/// # Errors
/// See [`verify`]; also [`LivekitVerifyError::Body`] for a token that belongs to another body.
pub fn verify_webhook(
    authorization: &str,
    body: &[u8],
    key: &ApiKey,
    now_ms: i64,
) -> Result<LivekitClaims, LivekitVerifyError> {
    let claims = verify_within(authorization, key, now_ms, CALLBACK_LEEWAY_SECONDS)?;
    let signed = claims.sha256.as_deref().unwrap_or_default();
    if bool::from(signed.as_bytes().ct_eq(body_hash(body).as_bytes())) {
        Ok(claims)
    } else {
        Err(LivekitVerifyError::Body)
    }
}

/// Error of claims that must not be signed.
#[derive(Debug, thiserror::Error)]
pub enum LivekitSignError {
    /// A join without a room would open every room.
    #[error("a join needs a room")]
    NoRoom,
    /// A join without an identity is invalid.
    #[error("a join needs an identity")]
    NoIdentity,
    /// JSON cannot hold the claims.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Error of a rejected token. It contains nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LivekitVerifyError {
    /// The text is not a token, its algorithm is another one, its signature is invalid, or its claims are
    /// unexpected (`exp` is required).
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// The signature is valid, but the issuer is another API key.
    #[error("issued by another API key")]
    Issuer,
    /// The token has expired.
    #[error("the token has expired")]
    Expired,
    /// The validity of the token has not begun.
    #[error("the token is not valid yet")]
    NotYet,
    /// The token belongs to a callback with another body.
    #[error("the token belongs to another body")]
    Body,
}
