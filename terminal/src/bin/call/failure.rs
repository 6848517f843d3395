//! Why a command ended early, in words that say what to do.

use std::fmt;

use terminal::{Refused, RequestError};

use crate::outcome::Outcome;

/// Why a command ended early.
#[derive(Debug)]
pub struct Failure {
    /// How the command ends by it.
    pub outcome: Outcome,
    /// The service's code, if the service refused.
    pub code: Option<String>,
    message: String,
}

impl Failure {
    /// Something that the caller of the command can put right.
    pub fn new(message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, code: None, message: message.into() }
    }

    /// What was waited for did not come in time.
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self { outcome: Outcome::TimedOut, ..Self::new(message) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<&Refused> for Failure {
    fn from(refused: &Refused) -> Self {
        Self {
            outcome: Outcome::Refused,
            code: Some(refused.code.clone()),
            message: format!("refused with {refused}"),
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Refused(refused) => (&*refused).into(),
            RequestError::TimedOut(_) => {
                Self::timed_out(format!("{error}; what was asked for may still happen"))
            }
            other => Self::new(other.to_string()),
        }
    }
}
