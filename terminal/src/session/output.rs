//! The outputs of a session for its owner.

use std::time::Duration;

use crate::received::ReceivedDownlink;
use crate::uplink::Uplink;

/// An output of a session for its owner.
#[derive(Debug, PartialEq)]
pub enum SessionOutput {
    /// Publish this request.
    Send(Uplink),
    /// The answer to a request, which may be an `error`. The pages of a `state` are joined.
    Answer(Box<ReceivedDownlink>),
    /// A request timed out without an answer.
    Unanswered {
        /// Id of the request.
        request: String,
        /// Time since the first copy of the request.
        after: Duration,
    },
    /// A downlink that is not the answer to a waiting request.
    Notice(Box<ReceivedDownlink>),
    /// A notice about this meeting was lost, or a snapshot of it was truncated.
    Gap {
        /// The meeting.
        meeting_id: String,
    },
}

/// Another request with the same id waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another request with this id still waits for its answer")]
pub struct DuplicateRequestId;
