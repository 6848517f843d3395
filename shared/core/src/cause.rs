//! The cause of a downlink. The downlink's id is derived from its cause, so a repeat has the same id and the
//! terminal drops it as a copy.

use crate::meeting::Meeting;
use serde::{Deserialize, Serialize};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::{BodyHash, DownlinkId, IdKey, MeetingId, RequestId};

/// Cause of a commit, or of an answer without a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// A request.
    Request {
        /// The sender's device.
        client_id: ClientId,
        /// The id that the sender gave the request.
        request_id: RequestId,
    },
    /// A deadline, or an event that did not come from a terminal.
    Deadline {
        /// The meeting.
        meeting_id: MeetingId,
        /// The revision that applied the deadline.
        rev: u64,
    },
    /// A payload without a usable request id.
    Unreadable {
        /// The broker's id of the message; empty if the event had none.
        trace_id: String,
        /// Hash of the payload.
        hash: BodyHash,
    },
}

impl Cause {
    /// Returns the cause of everything that the request `request_id` of the device `client_id` changes.
    #[must_use]
    pub fn request(client_id: &ClientId, request_id: &RequestId) -> Self {
        Self::Request { client_id: client_id.clone(), request_id: request_id.clone() }
    }

    /// Returns the cause of the revision `rev` of `meeting`: `request` if the request made the revision,
    /// otherwise a deadline. A deadline's notice with the request as cause would look like a repeat to
    /// clients.
    #[must_use]
    pub fn of_revision(request: Option<Self>, meeting: &Meeting, rev: u64) -> Self {
        request
            .filter(|cause| cause.made(meeting, rev))
            .unwrap_or_else(|| Self::Deadline { meeting_id: meeting.id.clone(), rev })
    }

    /// Returns the id of the downlink about `about` that this cause sends to `to`.
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

    /// Returns whether this cause is a request of `device`.
    pub(crate) fn is_request_of(&self, device: &ClientId) -> bool {
        matches!(self, Self::Request { client_id, .. } if client_id == device)
    }

    /// Returns the request's id; `None` if the cause is not a request.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Request { request_id, .. } => Some(request_id),
            Self::Deadline { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// Returns whether this cause is the request that made the revision `rev`: then a repeat of the request
    /// repeats the notices. Otherwise a deadline made the revision, before the request was decided.
    #[must_use]
    pub fn made(&self, meeting: &Meeting, rev: u64) -> bool {
        match self {
            Self::Request { client_id, request_id } => meeting.is_made_by(rev, client_id, request_id),
            Self::Deadline { .. } | Self::Unreadable { .. } => false,
        }
    }
}
