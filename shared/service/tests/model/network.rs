//! The messages in transit: requests to the functions, downlinks to the devices.

use std::hash::{DefaultHasher, Hash, Hasher};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::{self as protocol, Body, Re};
use switchboard_protocol::id::{MeetingId, RequestId};
use switchboard_service::fake::Sent;

/// The contents of a request, with the meeting that the request concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    Create,
    Accept(MeetingId),
    Reject(MeetingId),
    /// Requests a fresh token.
    Refresh(MeetingId),
    Leave(MeetingId),
    Cancel(MeetingId),
    Destroy(MeetingId),
    Invite(MeetingId),
    Remove(MeetingId),
}

/// A request in transit. A repeated request is the same element; a duplicate is made when the request is
/// served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uplink {
    pub by: ClientId,
    pub id: RequestId,
    pub ask: Ask,
}

/// The meaning of a downlink to a terminal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum News {
    Offer,
    OfferClosed,
    /// The device is in the meeting, with a token.
    In,
    /// The device is not in the meeting.
    Out,
    /// The downlink changes nothing for this device.
    Other,
}

/// A downlink in transit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Downlink {
    pub to: ClientId,
    /// Digest of the downlink's id, by which a terminal recognises a duplicate.
    pub id: u64,
    /// The request that the downlink answers.
    pub re: Option<RequestId>,
    pub meeting: Option<MeetingId>,
    pub news: News,
}

impl Downlink {
    pub fn of(sent: &Sent) -> Self {
        let re = match &sent.downlink.re {
            Re::Request(id) => Some(id.clone()),
            Re::Unreadable(()) | Re::Nothing => None,
        };
        let mut hasher = DefaultHasher::new();
        sent.downlink.id.hash(&mut hasher);
        Self {
            to: sent.to.clone(),
            id: hasher.finish(),
            re,
            meeting: sent.downlink.meeting_id.clone(),
            news: news(&sent.downlink),
        }
    }

    /// Returns whether the terminal reacts to the downlink.
    pub fn matters(&self) -> bool {
        self.re.is_some() || self.news != News::Other
    }
}

fn news(downlink: &protocol::Downlink) -> News {
    match &downlink.body {
        Body::Invitation(_) => News::Offer,
        Body::InvitationClosed { .. } => News::OfferClosed,
        Body::MeetingCreated { .. } if downlink.join.is_none() => News::Out,
        Body::MeetingCreated { .. }
        | Body::InvitationAccepted { .. }
        | Body::Joined { .. }
        | Body::Token { .. }
        | Body::MeetingMerged { .. } => News::In,
        Body::MeetingEnded { .. } | Body::ParticipantRemoved { .. } | Body::Error { .. } => News::Out,
        _ => News::Other,
    }
}
