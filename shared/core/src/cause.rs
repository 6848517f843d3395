//! Why a downlink is sent. The cause goes into its id, so telling again never looks like news.

use serde::{Deserialize, Serialize};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::{BodyHash, DownlinkId, IdKey, MeetingId, RequestId};

/// What made a commit, or an answer without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// A terminal asked.
    Request {
        /// The device that asked.
        client_id: ClientId,
        /// The id that it gave its request.
        request_id: RequestId,
    },
    /// Time passed: the meeting at the revision that the deadline made.
    Deadline {
        /// The meeting whose deadline it was.
        meeting_id: MeetingId,
        /// The revision that this deadline made.
        rev: u64,
    },
    /// A payload that names no usable request id.
    Unreadable {
        /// The broker's id of the message; empty where it gave none.
        trace_id: String,
        /// Hash of the payload.
        hash: BodyHash,
    },
}

impl Cause {
    /// The id of a downlink that this cause sends to `to`; `about` tells it from the others that it sends there.
    #[must_use]
    pub fn downlink_id(&self, key: &IdKey, to: &ClientId, about: [&str; 3]) -> DownlinkId {
        match self {
            Self::Request { client_id, request_id } => {
                key.downlink(&["request", client_id.as_str(), request_id.as_str()], to, about)
            }
            Self::Deadline { meeting_id, rev } => {
                key.downlink(&["deadline", meeting_id.as_str(), &rev.to_string()], to, about)
            }
            Self::Unreadable { trace_id, hash } => {
                key.downlink(&["unreadable", trace_id, hash.as_str()], to, about)
            }
        }
    }

    /// The request, where a terminal asked.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Request { request_id, .. } => Some(request_id),
            Self::Deadline { .. } | Self::Unreadable { .. } => None,
        }
    }
}
