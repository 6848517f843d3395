//! What came back from a management call, before anybody knows what it means.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::ControlError;

/// The longest error code that is passed on; vendors have much shorter ones.
const MAX_CODE: usize = 64;

/// An answer of a service: status and JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// Null where a refusal had no JSON.
    pub body: Value,
}

impl Answer {
    /// # Errors
    /// A success whose body is no JSON. A refusal needs none: proxies answer in HTML.
    pub(super) fn read(
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Result<Self, ControlError> {
        let body = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(_) if status < 300 => {
                return Err(ControlError::Refused("an answer that is no JSON".into()));
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
    pub(crate) fn refusal(&self, code: &str) -> ControlError {
        let said = format!("HTTP {} {}", self.status, shown(code));
        let said = said.trim_end().to_owned();
        match self.status {
            401 | 403 => ControlError::Unauthorized(said),
            429 => ControlError::RateLimited { retry_after: self.retry_after },
            _ if self.is_fault() => ControlError::Unavailable(said),
            _ => ControlError::Refused(said),
        }
    }
}

/// A body as `T`.
///
/// # Errors
/// [`ControlError::Refused`] when it does not fit, without saying why: that would repeat values of the answer.
pub(crate) fn parse<T: DeserializeOwned>(body: Value) -> Result<T, ControlError> {
    serde_json::from_value(body)
        .map_err(|_| ControlError::Refused("an answer with other members than expected".into()))
}

/// An error code as far as it looks like one: sentences of services repeat keys, texts to sign and names.
pub(crate) fn shown(code: &str) -> &str {
    let word =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-' | ' ');
    let fits = code.len() <= MAX_CODE && code.chars().all(word);
    if fits { code } else { "" }
}
