//! The error of a function that does not start.

/// A function that does not start.
#[derive(Debug, thiserror::Error)]
#[error("function `{function}` does not start: {reason}")]
pub struct ColdStartError {
    pub(crate) function: String,
    pub(crate) reason: String,
}
