//! Bearer tokens of joins and of management calls, checked as `LiveKit` does.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use switchboard_rtc::livekit::{self, ApiKey, LivekitClaims, VideoGrant};

use crate::clock::Clock;
use crate::fault::Fault;
use crate::permission::Permission;

/// The longest name of a room or a participant, in bytes; `LiveKit`'s default.
const MAX_NAME_BYTES: usize = 256;

/// Who may do what, by the one API key.
pub(crate) struct Access {
    pub(crate) key: ApiKey,
    pub(crate) clock: Clock,
}

/// A join that is allowed.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    pub(crate) room: String,
    /// Who it is; one participant of a room at a time.
    pub(crate) identity: String,
    /// Display name, empty if none.
    pub(crate) name: String,
    pub(crate) metadata: String,
    pub(crate) permission: Permission,
    /// When the token began, Unix seconds: a removal refuses those that are older.
    pub(crate) issued: i64,
    /// Fingerprint of the token, by which its owner may leave even after it expired.
    pub(crate) token: Fingerprint,
}

/// A token's hash: proves that somebody has the token without keeping it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(String);

impl Access {
    /// The claims of the request's token, if it is valid now.
    fn claims(&self, headers: &HeaderMap) -> Result<LivekitClaims, Fault> {
        let token = bearer(headers).ok_or_else(|| Fault::unauthenticated("a bearer token is required"))?;
        livekit::verify(token, &self.key, (self.clock)())
            .map_err(|error| Fault::unauthenticated(error.to_string()))
    }

    /// The join that the request's token allows.
    ///
    /// # Errors
    /// Not a valid token, or not one for joining.
    pub(crate) fn admission(&self, headers: &HeaderMap) -> Result<Admission, Fault> {
        let claims = self.claims(headers)?;
        let grant = claims.video.filter(|grant| grant.room_join);
        let grant = grant.ok_or_else(|| Fault::unauthenticated("the token is not for joining a room"))?;
        let permission = Permission::granted(&grant);
        Ok(Admission {
            room: name(grant.room, "room")?,
            identity: name(claims.sub, "identity")?,
            name: claims.name.unwrap_or_default(),
            metadata: claims.metadata.unwrap_or_default(),
            permission,
            // A token without a beginning is as old as can be.
            issued: claims.nbf.unwrap_or(i64::MIN),
            token: presented(headers).unwrap_or_else(|| Fingerprint(String::new())),
        })
    }

    /// Checks that the request's token grants what `allows` asks for.
    ///
    /// # Errors
    /// Not a valid token, or without the grant; both are `unauthenticated`, as `LiveKit` answers.
    pub(crate) fn management(
        &self,
        headers: &HeaderMap,
        allows: impl Fn(&VideoGrant) -> bool,
    ) -> Result<(), Fault> {
        let claims = self.claims(headers)?;
        if claims.video.is_some_and(|grant| allows(&grant)) {
            Ok(())
        } else {
            Err(Fault::unauthenticated("the token does not grant this call"))
        }
    }
}

/// The fingerprint of whatever token the request has; says nothing about its validity.
pub(crate) fn presented(headers: &HeaderMap) -> Option<Fingerprint> {
    bearer(headers).map(|token| Fingerprint(livekit::body_hash(token.as_bytes())))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn name(value: Option<String>, what: &str) -> Result<String, Fault> {
    match value {
        Some(name) if !name.is_empty() && name.len() <= MAX_NAME_BYTES => Ok(name),
        _ => Err(Fault::unauthenticated(format!("the token has no {what} of 1 to {MAX_NAME_BYTES} bytes"))),
    }
}
