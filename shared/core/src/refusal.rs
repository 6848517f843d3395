//! A refusal: a client's mistake, or a state that does not allow what was asked. It is answered, never an error.

use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::envelope::{Invalid, Unreadable};

/// Why a request is not done, in the words of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// What to do, for people.
    pub message: String,
    /// The field at fault.
    pub path: Option<String>,
    /// Why the meeting ended, where that is the refusal.
    pub reason: Option<EndReason>,
    /// Milliseconds to wait before trying again.
    pub retry_after_ms: Option<i64>,
}

impl Refusal {
    /// A refusal with nothing but a code and words.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None, reason: None, retry_after_ms: None }
    }

    /// The meeting is over.
    #[must_use]
    pub fn meeting_ended(reason: EndReason) -> Self {
        Self { reason: Some(reason), ..Self::new(Code::MeetingEnded, "the meeting is over") }
    }

    /// The table or another part cannot be reached now.
    #[must_use]
    pub fn unavailable() -> Self {
        let words = "the service cannot be reached now; send the same request again";
        Self { retry_after_ms: Some(1_000), ..Self::new(Code::Unavailable, words) }
    }

    /// The body of the answer.
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
