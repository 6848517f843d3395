//! The response to a management request: status, body, and the error for the status.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use switchboard_protocol::json;

use crate::management::RtcError;

/// Largest length of error codes in errors, in characters. The codes of the vendors are much shorter.
const MAX_CODE: usize = 64;

/// A response of a service: status and JSON.
#[derive(Debug)]
pub(crate) struct ManagementResponse {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// Body as JSON; null for an error response without JSON.
    pub body: Value,
}

impl ManagementResponse {
    /// # Errors
    /// [`RtcError::Refused`] for a successful response that is not JSON. An error response need not be JSON,
    /// since proxies send HTML.
    pub(super) fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Result<Self, RtcError> {
        let body = match json::read(body) {
            Ok(body) => body,
            Err(_) if status < 300 => {
                return Err(RtcError::Refused("the response is not JSON".into()));
            }
            Err(_) => Value::Null,
        };
        Ok(Self { status, retry_after, body })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns whether the status means an error or a timeout at the server, so that a retry may succeed.
    pub(crate) fn is_server_error(&self) -> bool {
        matches!(self.status, 408 | 500..)
    }

    /// Returns the error for the status. `code` is the service's error code, or empty.
    pub(crate) fn to_error(&self, code: &str) -> RtcError {
        let text = format!("HTTP {} {}", self.status, printable_code(code));
        let text = text.trim_end().to_owned();
        match self.status {
            401 | 403 => RtcError::Unauthorized(text),
            429 => RtcError::RateLimited { retry_after: self.retry_after },
            _ if self.is_server_error() => RtcError::Unavailable(text),
            _ => RtcError::Refused(text),
        }
    }
}

/// Converts a body to `T`.
///
/// # Errors
/// [`RtcError::Refused`] if the body is not a `T`. The error has no details, which could contain values of
/// the response.
pub(crate) fn parse_body<T: DeserializeOwned>(body: Value) -> Result<T, RtcError> {
    serde_json::from_value(body).map_err(|_| RtcError::Refused("the response has unexpected members".into()))
}

/// Returns `code` if it has the form of an error code, otherwise an empty text. Messages of services may
/// repeat keys, signed texts and names, which must not get into logs.
pub(crate) fn printable_code(code: &str) -> &str {
    let word =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | ' ');
    let fits = code.len() <= MAX_CODE && code.chars().all(word);
    if fits { code } else { "" }
}
