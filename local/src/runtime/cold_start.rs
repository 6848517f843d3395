//! The error of a function that does not start.

/// Error: a function does not start.
#[derive(Debug, thiserror::Error)]
#[error("function `{function}` does not start: {reason}")]
pub struct ColdStartError {
    pub(crate) function: String,
    pub(crate) reason: String,
}
