//! What is under way: requests towards the functions, downlinks towards the devices.

use crate::service::key;
use std::hash::{DefaultHasher, Hash, Hasher};
use switchboard_core::Tell;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Body;

/// What a device asks for; the meeting is named by the scene's number of the create that made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    Create,
    Accept(String),
    Reject(String),
    /// A fresh token.
    Refresh(String),
    Leave(String),
    Cancel(String),
    Destroy(String),
    Invite(String),
    Remove(String),
}

/// A request under way. The same one again is the same element: a copy is made when it is served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uplink {
    pub by: ClientId,
    pub id: String,
    pub ask: Ask,
}

/// What a downlink means to a terminal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum News {
    Offer,
    OfferClosed,
    /// The device is in, with a token.
    In,
    /// The device is not in.
    Out,
    /// Something that changes nothing for this device.
    Other,
}

/// A downlink under way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Downlink {
    pub to: ClientId,
    /// Digest of its id, which is all that a terminal needs to know it again.
    pub id: u64,
    /// The request that it answers.
    pub re: Option<String>,
    pub meeting: String,
    pub news: News,
}

impl Downlink {
    pub fn of(tell: &Tell, meeting: &str) -> Self {
        let re = tell.is_answer.then(|| tell.cause.request_id().map(ToString::to_string)).flatten();
        let id = tell.id(&key());
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Self { to: tell.to.clone(), id: hasher.finish(), re, meeting: meeting.to_owned(), news: news(tell) }
    }

    /// Whether the terminal does anything with it.
    pub fn matters(&self) -> bool {
        self.re.is_some() || self.news != News::Other
    }
}

fn news(tell: &Tell) -> News {
    match &tell.body {
        Body::Invitation(_) => News::Offer,
        Body::InvitationClosed { .. } => News::OfferClosed,
        Body::MeetingCreated { .. } if tell.grant.is_none() => News::Out,
        Body::MeetingCreated { .. }
        | Body::InvitationAccepted { .. }
        | Body::Joined { .. }
        | Body::Token { .. }
        | Body::MeetingMerged { .. } => News::In,
        Body::MeetingEnded { .. } | Body::ParticipantRemoved { .. } | Body::Error { .. } => News::Out,
        _ => News::Other,
    }
}
