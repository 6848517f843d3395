//! Error responses in the form of Twirp. The WHIP routes use the same form.
//! Codes: <https://twitchtv.github.io/twirp/docs/errors.html>.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Error response: a stable code for programs and a message for people. The message never contains a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TwirpError {
    code: TwirpCode,
    message: String,
}

/// The Twirp codes that this SFU uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TwirpCode {
    Malformed,
    InvalidArgument,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    BadRoute,
    Unavailable,
}

impl TwirpCode {
    const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::InvalidArgument => "invalid_argument",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::BadRoute => "bad_route",
            Self::Unavailable => "unavailable",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::InvalidArgument => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::NotFound | Self::BadRoute => StatusCode::NOT_FOUND,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl TwirpError {
    fn new(code: TwirpCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The body cannot be parsed.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(TwirpCode::Malformed, message)
    }

    /// The body has an invalid value.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(TwirpCode::InvalidArgument, message)
    }

    /// The token is missing or invalid, or lacks the grant.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(TwirpCode::Unauthenticated, message)
    }

    /// The token is valid, but its owner was removed or the channel was deleted.
    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(TwirpCode::PermissionDenied, message)
    }

    /// The session, channel, participant or track is unknown.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(TwirpCode::NotFound, message)
    }

    /// The method is unknown.
    pub(crate) fn bad_route(message: impl Into<String>) -> Self {
        Self::new(TwirpCode::BadRoute, message)
    }

    /// The channel is full.
    pub(crate) fn full(message: impl Into<String>) -> Self {
        Self::new(TwirpCode::Unavailable, message)
    }
}

impl IntoResponse for TwirpError {
    fn into_response(self) -> Response {
        let body = json!({ "code": self.code.name(), "msg": self.message });
        (self.code.status(), Json(body)).into_response()
    }
}
