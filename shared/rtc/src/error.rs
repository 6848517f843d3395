//! Errors of minting. They are logged and raise alarms, so they contain no names, keys or tokens.

use crate::life::MAX_TTL_SECONDS;

/// Failure to mint a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The service does not support the channel id or the user id.
    #[error(transparent)]
    Id(#[from] UnsupportedIdError),
    /// The requested life is 0 or above the limit.
    #[error("token life of {seconds} s is outside 1 to {MAX_TTL_SECONDS}")]
    Ttl {
        /// The requested life in seconds.
        seconds: u32,
    },
    /// The time is before 1970, or after the last time that the format can hold.
    #[error("the token format cannot hold the time {now_ms} ms")]
    Clock {
        /// The time, Unix milliseconds.
        now_ms: i64,
    },
    /// The service needs a user number from 1, and the request has 0.
    #[error("the user has no number in the meeting")]
    Number,
    /// A field is too long for the format, or this crate has a defect.
    #[error("token could not be encoded: {0}")]
    Encoding(String),
}

/// An id outside the limits of the service. The error does not contain the id, because it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedIdError {
    /// The id is empty.
    #[error("{what} is empty")]
    Empty {
        /// `channel_id` or `user_id`.
        what: &'static str,
    },
    /// The id is longer than the service allows.
    #[error("{what} has {len} bytes, {max} are allowed")]
    TooLong {
        /// `channel_id` or `user_id`.
        what: &'static str,
        /// Length of the id in bytes.
        len: usize,
        /// Limit of the service in bytes.
        max: usize,
    },
    /// The id has a character outside the service's alphabet.
    #[error("{what} has a character at byte {at} that the service does not allow")]
    Alphabet {
        /// `channel_id` or `user_id`.
        what: &'static str,
        /// Offset of the character in bytes.
        at: usize,
    },
}

/// Returns whether the character is an ASCII letter, a digit, `_` or `-`: the alphabet that most services
/// share and that Switchboard uses for its ids.
pub(super) const fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Checks an id against the length limit and the alphabet of a service.
pub(super) fn check_id(
    what: &'static str,
    id: &str,
    max: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<(), UnsupportedIdError> {
    if id.is_empty() {
        return Err(UnsupportedIdError::Empty { what });
    }
    if id.len() > max {
        return Err(UnsupportedIdError::TooLong { what, len: id.len(), max });
    }
    match id.char_indices().find(|&(_, character)| !allowed(character)) {
        Some((at, _)) => Err(UnsupportedIdError::Alphabet { what, at }),
        None => Ok(()),
    }
}
