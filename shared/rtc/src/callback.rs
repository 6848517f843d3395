//! What the RTC services tell by themselves: somebody joined, left, a channel is gone. Checked before it is read, and
//! told in one form for all services; what they tell besides is left out.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

pub use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime, Stay};

/// A callback as it came over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Callback<'a> {
    /// Its headers, by their names in lower case.
    pub headers: &'a BTreeMap<String, String>,
    /// Its body, byte for byte: that is what services sign.
    pub body: &'a [u8],
    /// Now, Unix milliseconds.
    pub now_ms: i64,
}

impl Callback<'_> {
    /// The header of that name in lower case; nothing if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Reads the callbacks of one account at one RTC service.
pub trait CallbackReader: Send + Sync {
    /// What the callback tells of channels and participants, oldest first; nothing if it is about something else.
    ///
    /// # Errors
    /// It is not from the service, or it cannot be read. The first is found before the second.
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError>;
}

/// Why a callback was not taken. Carries nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Not signed, wrongly signed, or signed for another body or another time.
    #[error("the callback is not from the RTC service")]
    Forged,
    /// Rightly signed, but not what the service documents.
    #[error("the callback cannot be read")]
    Malformed,
}

/// Reads a body whose signature was right.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallbackError> {
    serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)
}

/// An id that some servers write as a text and others as a number.
pub(super) fn text_or_number<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    Ok(TextOrNumber::deserialize(input)?.to_string())
}

/// A number that some servers write as a text: protobuf's JSON form does so with 64 bits.
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
