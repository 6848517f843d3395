//! A refusal: a client's mistake, or a state that does not allow the request. A refusal is an answer to the
//! client, not an error of the function.

use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::envelope::{Invalid, Unreadable};
use switchboard_protocol::id::MeetingId;

/// Reason for which a request is refused, as the sender receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code.
    pub code: Code,
    /// Mistake and remedy, as a sentence for people.
    pub message: String,
    /// Path of the wrong field.
    pub path: Option<String>,
    /// Reason of the meeting's end, with the code `meeting_ended`.
    pub reason: Option<EndReason>,
    /// Milliseconds to wait before a retry.
    pub retry_after_ms: Option<i64>,
    /// Meeting that the refusal concerns, if the request names no meeting.
    pub meeting_id: Option<MeetingId>,
}

impl Refusal {
    /// Creates a refusal with a code and a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            path: None,
            reason: None,
            retry_after_ms: None,
            meeting_id: None,
        }
    }

    /// Creates a `bad_request` for the field at `path`.
    pub fn bad_field(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..Self::new(Code::BadRequest, message) }
    }

    /// Creates a `meeting_ended` with the reason of the end.
    #[must_use]
    pub fn meeting_ended(reason: EndReason) -> Self {
        Self {
            reason: Some(reason),
            ..Self::new(Code::MeetingEnded, "the meeting has ended; create a new one")
        }
    }

    /// Creates a `meeting_not_found`.
    #[must_use]
    pub fn meeting_not_found() -> Self {
        Self::new(Code::MeetingNotFound, "unknown meeting id; send sync for the live meetings")
    }

    /// Creates a `user_busy`: the sender is in the call `held_by`, which the error names.
    pub(crate) fn user_busy(held_by: &MeetingId) -> Self {
        let message =
            "you are in the call `meeting_id`, or it rings; return to it or leave it, or answer or reject it";
        Self { meeting_id: Some(held_by.clone()), ..Self::new(Code::UserBusy, message) }
    }

    /// Creates a `rate_limited`: the sender sent too many requests and has to wait `retry_after_ms`.
    #[must_use]
    pub fn rate_limited(retry_after_ms: i64) -> Self {
        let message = "too many requests; retry after `retry_after_ms`";
        Self { retry_after_ms: Some(retry_after_ms), ..Self::new(Code::RateLimited, message) }
    }

    /// Creates an `unavailable`: the table or another part of the service is unreachable.
    #[must_use]
    pub fn unavailable() -> Self {
        let message = "the service is unavailable; retry the same request";
        Self { retry_after_ms: Some(1_000), ..Self::new(Code::Unavailable, message) }
    }

    /// Creates a `not_admitted`: the device does not have its user's seat.
    pub(crate) fn not_admitted() -> Self {
        Self::new(Code::NotAdmitted, "this device has no seat in the meeting; join it first")
    }

    /// Creates a `banned`.
    pub(crate) fn banned() -> Self {
        Self::new(
            Code::Banned,
            "you are banned from this meeting; requests to it are refused until the ban ends",
        )
    }

    /// Creates a `user_not_found` for a user without a seat.
    pub(crate) fn not_a_member() -> Self {
        Self::new(Code::UserNotFound, "the user is not in the meeting; send sync for the present state")
    }

    /// Returns the body of the answer.
    #[must_use]
    pub fn into_body(self) -> Body {
        Body::Error {
            code: self.code,
            message: self.message,
            path: self.path,
            retryable: self.code.is_retryable(),
            retry_after_ms: self.retry_after_ms,
            sip: self.code.sip(),
            reason: self.reason,
        }
    }
}

impl From<Unreadable> for Refusal {
    fn from(unreadable: Unreadable) -> Self {
        Self { path: unreadable.path, ..Self::new(unreadable.code, unreadable.message) }
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self { path: Some(invalid.path), ..Self::new(invalid.code, invalid.message) }
    }
}
