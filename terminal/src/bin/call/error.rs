//! The error with which a command ends. Its message says what to do.

use std::fmt;

use terminal::{Refused, RequestError};

use crate::outcome::CommandOutcome;

#[derive(Debug)]
pub struct CommandError {
    /// The outcome of a command that ends with this error, which also gives the exit code.
    pub outcome: CommandOutcome,
    /// The service's error code, if the service refused a request.
    pub code: Option<String>,
    message: String,
}

impl CommandError {
    /// Creates an error that the user of the command can correct; outcome `Failed`.
    pub fn new(message: impl Into<String>) -> Self {
        Self { outcome: CommandOutcome::Failed, code: None, message: message.into() }
    }

    /// Creates an error of a command that exceeded its time limit; outcome `TimedOut`.
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self { outcome: CommandOutcome::TimedOut, ..Self::new(message) }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {}

impl From<&Refused> for CommandError {
    fn from(refused: &Refused) -> Self {
        Self {
            outcome: CommandOutcome::Refused,
            code: Some(refused.code.clone()),
            message: format!("refused with {refused}"),
        }
    }
}

impl From<RequestError> for CommandError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Refused(refused) => (&*refused).into(),
            RequestError::TimedOut(_) => {
                Self::timed_out(format!("{error}; the service may still carry out the request"))
            }
            other => Self::new(other.to_string()),
        }
    }
}
