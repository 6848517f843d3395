//! The error of a request with a wrong field.

use crate::code::Code;

/// An error in the fields of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// `bad_request`, or a more specific code of the protocol.
    pub code: Code,
    /// Path of the wrong field, such as `invitees[3]` or `policy.join`.
    pub path: String,
    /// Remedy, as a sentence for people.
    pub message: String,
}

impl Invalid {
    /// Creates a `bad_request` at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: Code::BadRequest, path: path.into(), message: message.into() }
    }

    pub(super) fn too_many_invitees(message: String) -> Self {
        Self { code: Code::TooManyInvitees, path: "invitees".to_owned(), message }
    }
}
