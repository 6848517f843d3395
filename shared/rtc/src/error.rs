//! Why a provider makes no credential; for logs and alarms, so without names, keys or tokens.

use super::MAX_TTL_SECONDS;

/// Why no credential was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The service could not take the channel or the user.
    #[error(transparent)]
    Id(#[from] UnsupportedIdError),
    /// A token that never lives, or for too long.
    #[error("token life of {seconds} s is outside 1 to {MAX_TTL_SECONDS}")]
    Ttl {
        /// What was asked for.
        seconds: u32,
    },
    /// A time before 1970, or one that no token can hold.
    #[error("clock shows {now_ms} ms, which no token can carry")]
    Clock {
        /// What the clock showed.
        now_ms: i64,
    },
    /// The service knows users by number, and this one has none.
    #[error("the user has no number in the meeting")]
    Number,
    /// The claims could not be written down; a defect, not a condition.
    #[error("token could not be encoded: {0}")]
    Encoding(String),
}

/// Why a service cannot take a name. Carries no name: it goes to logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedIdError {
    /// Nothing there.
    #[error("{what} is empty")]
    Empty {
        /// `channel_id` or `user_id`.
        what: &'static str,
    },
    /// More than the service takes.
    #[error("{what} has {len} bytes, {max} are allowed")]
    TooLong {
        /// `channel_id` or `user_id`.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The service's limit.
        max: usize,
    },
    /// A character outside the service's alphabet.
    #[error("{what} has a character at byte {at} that the service does not allow")]
    Alphabet {
        /// `channel_id` or `user_id`.
        what: &'static str,
        /// Offset of the character in bytes.
        at: usize,
    },
}

/// Letters, digits, `_` and `-` of ASCII: the alphabet that most services share, and that of our own ids.
pub(super) const fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Checks one name against a service's limit and alphabet.
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
