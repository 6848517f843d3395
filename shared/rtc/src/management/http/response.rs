//! What came back from a management call, before anybody knows what it means.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::RtcError;

/// The longest error code that is passed on; vendors have much shorter ones.
const MAX_CODE: usize = 64;

/// An answer of a service: status and JSON.
#[derive(Debug)]
pub(crate) struct ManagementResponse {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// Null where a refusal had no JSON.
    pub body: Value,
}

impl ManagementResponse {
    /// # Errors
    /// A success whose body is no JSON. A refusal needs none: proxies answer in HTML.
    pub(super) fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Result<Self, RtcError> {
        let body = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(_) if status < 300 => {
                return Err(RtcError::Refused("an answer that is no JSON".into()));
            }
            Err(_) => Value::Null,
        };
        Ok(Self { status, retry_after, body })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the server is at fault, so that the same may work a moment later.
    pub(crate) fn is_fault(&self) -> bool {
        matches!(self.status, 408 | 500..)
    }

    /// The error that the status stands for; `code` is the service's own word for it.
    pub(crate) fn refusal(&self, code: &str) -> RtcError {
        let said = format!("HTTP {} {}", self.status, printable_code(code));
        let said = said.trim_end().to_owned();
        match self.status {
            401 | 403 => RtcError::Unauthorized(said),
            429 => RtcError::RateLimited { retry_after: self.retry_after },
            _ if self.is_fault() => RtcError::Unavailable(said),
            _ => RtcError::Refused(said),
        }
    }
}

/// A body as `T`.
///
/// # Errors
/// [`RtcError::Refused`] when it does not fit, without saying why: that would repeat values of the answer.
pub(crate) fn parse_body<T: DeserializeOwned>(body: Value) -> Result<T, RtcError> {
    serde_json::from_value(body)
        .map_err(|_| RtcError::Refused("an answer with other members than expected".into()))
}

/// An error code as far as it looks like one: sentences of services repeat keys, texts to sign and names.
pub(crate) fn printable_code(code: &str) -> &str {
    let word =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | ' ');
    let fits = code.len() <= MAX_CODE && code.chars().all(word);
    if fits { code } else { "" }
}
