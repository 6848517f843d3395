//! Callbacks of the RTC services: a participant joined or left, or a channel closed. The signature is
//! verified before the body is read. The callbacks of all services are converted to the same [`MediaEvent`]s;
//! other callbacks are ignored.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

pub use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime, Stay};

/// A callback as HTTP delivered it.
#[derive(Clone, Copy, Debug)]
pub struct Callback<'a> {
    /// Headers by their names in lower case.
    pub headers: &'a BTreeMap<String, String>,
    /// The raw body: services sign its bytes.
    pub body: &'a [u8],
    /// Present time, Unix milliseconds.
    pub now_ms: i64,
}

impl Callback<'_> {
    /// Returns the header with this lower-case name, or an empty text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Reads the callbacks of one account at one RTC service.
pub trait CallbackReader: Send + Sync {
    /// Returns the events of channels and participants in the callback, oldest first; empty for other kinds of callbacks.
    ///
    /// # Errors
    /// [`CallbackError::Forged`] if the signature is invalid, checked before the body is parsed;
    /// [`CallbackError::Malformed`] for a body outside the documented format.
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError>;
}

/// Reads callbacks that are signed with any of several keys, so that an operator can replace a key without
/// losing callbacks.
pub struct AnyKey(pub Vec<Box<dyn CallbackReader>>);

impl CallbackReader for AnyKey {
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError> {
        let mut result = Err(CallbackError::Forged);
        for reader in &self.0 {
            result = reader.read(callback);
            if !matches!(result, Err(CallbackError::Forged)) {
                break;
            }
        }
        result
    }
}

/// Error of a rejected callback. It contains nothing of the callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// No signature, or a signature with another key, for another body or for another time.
    #[error("the callback is not signed by the RTC service")]
    Forged,
    /// The signature is valid, but the body is not in the documented format.
    #[error("the callback body is not in the documented format")]
    Malformed,
}

/// Parses the body of a verified callback.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallbackError> {
    switchboard_protocol::json::read(body).map_err(|_| CallbackError::Malformed)
}

/// Deserialises an id that some servers write as text and others as a number.
pub(super) fn text_or_number<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    Ok(TextOrNumber::deserialize(input)?.to_string())
}

/// Deserialises a number that some servers write as text: protobuf's JSON form does so with 64-bit numbers.
pub(super) fn number_or_text<'de, D: Deserializer<'de>>(input: D) -> Result<i64, D::Error> {
    match TextOrNumber::deserialize(input)? {
        TextOrNumber::Number(number) => Ok(number),
        TextOrNumber::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Number(i64),
    Text(String),
}

impl fmt::Display for TextOrNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
