//! `LiveKit`: join tokens and their verification. Also what the laptop's SFU accepts, so that the laptop runs
//! the production path. Format: <https://docs.livekit.io/home/get-started/authentication/>.

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

/// The server's default limit for room, identity and name, in bytes.
const MAX_BYTES: usize = 256;

/// How far the clocks of signer and verifier may differ; what `LiveKit`'s own verifier allows.
pub const LEEWAY_SECONDS: i64 = 10;

/// A `LiveKit` API key with its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The public half, `iss` of every token.
    pub id: String,
    /// The secret half; its UTF-8 bytes are the HMAC key, whatever they look like.
    pub secret: SecretString,
}

/// Mints join tokens for one `LiveKit` deployment.
#[derive(Debug)]
pub struct LivekitMinter {
    url: String,
    key: ApiKey,
}

impl LivekitMinter {
    /// A minter for the deployment at `account.url`.
    ///
    /// # Errors
    /// A setting that is missing.
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

/// The sources that `rights` let somebody publish.
fn sources(rights: Rights) -> Vec<LivekitTrackSource> {
    let mut sources = Vec::new();
    if rights.microphone {
        sources.push(LivekitTrackSource::Microphone);
    }
    if rights.camera {
        sources.push(LivekitTrackSource::Camera);
    }
    if rights.screen {
        sources.extend([LivekitTrackSource::ScreenShare, LivekitTrackSource::ScreenShareAudio]);
    }
    sources
}

/// The right to enter `room` and do there what `rights` allow, nothing by omission.
fn join_grant(room: &str, rights: Rights) -> VideoGrant {
    let sources = sources(rights);
    VideoGrant {
        room_join: true,
        room: Some(room.to_owned()),
        // An empty list of sources means every source, and a missing permission means yes: so both are said.
        can_publish: Some(!sources.is_empty()),
        can_publish_sources: sources,
        can_publish_data: Some(rights.data),
        can_subscribe: Some(rights.subscribe),
        ..VideoGrant::default()
    }
}

/// A name within the server's limit: an over-long one must not keep its owner out of a call.
fn shortened(name: &str) -> String {
    name[..name.floor_char_boundary(MAX_BYTES)].to_owned()
}

/// Signs any claims: a join, one management call, a callback.
///
/// # Errors
/// A join without room or identity would admit to anything, or nothing; it is not signed.
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

/// Checks a token as the server does: signature, issuer and times. Returns what it grants.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(token: &str, key: &ApiKey, now_ms: i64) -> Result<LivekitClaims, LivekitVerifyError> {
    let claims: LivekitClaims = jwt::verify_hs256(token, key.secret.expose_secret().as_bytes())?;
    if claims.iss != key.id {
        return Err(LivekitVerifyError::Issuer);
    }
    let now = now_ms.div_euclid(1000);
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(LivekitVerifyError::Expired);
    }
    if claims.nbf.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY_SECONDS)) {
        return Err(LivekitVerifyError::NotYet);
    }
    Ok(claims)
}

/// What a token says, **without any proof**; for display only.
///
/// # Errors
/// A text that is no token of this format.
pub fn unverified_claims(token: &str) -> Result<LivekitClaims, JwtError> {
    jwt::unverified_claims(token)
}

/// The `sha256` claim for a callback with this raw body.
#[must_use]
pub fn body_hash(body: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(body))
}

/// Checks a callback's `Authorization` header, a token that is bound to the raw body.
///
/// # Errors
/// As [`verify`], or [`LivekitVerifyError::Body`] when the token was made for another body.
pub fn verify_webhook(
    authorization: &str,
    body: &[u8],
    key: &ApiKey,
    now_ms: i64,
) -> Result<LivekitClaims, LivekitVerifyError> {
    let claims = verify(authorization, key, now_ms)?;
    let signed = claims.sha256.as_deref().unwrap_or_default();
    if bool::from(signed.as_bytes().ct_eq(body_hash(body).as_bytes())) {
        Ok(claims)
    } else {
        Err(LivekitVerifyError::Body)
    }
}

/// Why claims were not signed.
#[derive(Debug, thiserror::Error)]
pub enum LivekitSignError {
    /// A join that is bound to no room.
    #[error("a join needs a room")]
    NoRoom,
    /// A join that is bound to nobody.
    #[error("a join needs an identity")]
    NoIdentity,
    /// Claims that JSON cannot hold.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Why a token was not accepted. Carries nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LivekitVerifyError {
    /// Not a token, another algorithm, wrong signature, unreadable claims (`exp` is required).
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// Rightly signed, but for another API key.
    #[error("issued by another API key")]
    Issuer,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// A callback's token that belongs to another body.
    #[error("the token was made for another body")]
    Body,
}
