//! Bearer tokens of joins and management calls, verified as `LiveKit` does.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use switchboard_rtc::livekit::{self, ApiKey, LivekitClaims, VideoGrant};

use crate::clock::Clock;
use crate::permission::Permission;
use crate::twirp_error::TwirpError;

/// Longest name of a channel or identity in bytes; `LiveKit`'s default.
const MAX_NAME_BYTES: usize = 256;

/// Verifies tokens with the API key of the SFU.
pub(crate) struct TokenVerifier {
    pub(crate) key: ApiKey,
    pub(crate) clock: Clock,
}

/// The content of a valid join token.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    pub(crate) channel: String,
    /// Identity of the participant, unique in a channel.
    pub(crate) identity: String,
    /// Display name, empty if none.
    pub(crate) name: String,
    pub(crate) metadata: String,
    pub(crate) permission: Permission,
    /// Start of the token's validity in Unix seconds. A removal refuses all tokens up to the time of removal.
    pub(crate) issued: i64,
    /// Hash of the token. The owner of the token may leave even after the token has expired.
    pub(crate) token: TokenHash,
}

/// Hash of a token; identifies the token without storing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenHash(String);

impl TokenVerifier {
    /// Returns the claims of the request's token if the token is valid now.
    fn claims(&self, headers: &HeaderMap) -> Result<LivekitClaims, TwirpError> {
        let token =
            bearer(headers).ok_or_else(|| TwirpError::unauthenticated("a bearer token is required"))?;
        livekit::verify(token, &self.key, (self.clock)())
            .map_err(|error| TwirpError::unauthenticated(error.to_string()))
    }

    /// Returns the admission that the request's token grants.
    ///
    /// # Errors
    /// The token is missing or invalid, or it is not a join token.
    pub(crate) fn admission(&self, headers: &HeaderMap) -> Result<Admission, TwirpError> {
        let claims = self.claims(headers)?;
        let grant = claims.video.filter(|grant| grant.room_join);
        let grant = grant.ok_or_else(|| TwirpError::unauthenticated("the token does not grant a join"))?;
        let permission = Permission::granted(&grant);
        Ok(Admission {
            channel: checked_name(grant.room, "room")?,
            identity: checked_name(claims.sub, "identity")?,
            name: claims.name.unwrap_or_default(),
            metadata: claims.metadata.unwrap_or_default(),
            permission,
            // A token without a start counts as older than every removal.
            issued: claims.nbf.unwrap_or(i64::MIN),
            token: presented_token(headers).unwrap_or_else(|| TokenHash(String::new())),
        })
    }

    /// Checks that the request's token has a grant that `allows` accepts.
    ///
    /// # Errors
    /// The token is missing or invalid, or lacks the grant. All are `unauthenticated`, as in `LiveKit`.
    pub(crate) fn management(
        &self,
        headers: &HeaderMap,
        allows: impl Fn(&VideoGrant) -> bool,
    ) -> Result<(), TwirpError> {
        let claims = self.claims(headers)?;
        if claims.video.is_some_and(|grant| allows(&grant)) {
            Ok(())
        } else {
            Err(TwirpError::unauthenticated("the token does not grant this call"))
        }
    }
}

/// Returns the hash of the request's token. Does not verify the token.
pub(crate) fn presented_token(headers: &HeaderMap) -> Option<TokenHash> {
    bearer(headers).map(|token| TokenHash(livekit::body_hash(token.as_bytes())))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn checked_name(value: Option<String>, what: &str) -> Result<String, TwirpError> {
    match value {
        Some(name) if !name.is_empty() && name.len() <= MAX_NAME_BYTES => Ok(name),
        _ => Err(TwirpError::unauthenticated(format!(
            "the token has no {what} of 1 to {MAX_NAME_BYTES} bytes"
        ))),
    }
}
