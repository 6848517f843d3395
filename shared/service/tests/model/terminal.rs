//! A terminal that follows the protocol: it sends one request at a time, repeats it with the same id, and
//! finally gives up.

use crate::network::{Ask, Downlink, News, Uplink};
use std::collections::BTreeSet;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::MeetingId;

/// Number of times that a terminal sends a request before it gives up.
pub const SENDS: u8 = 2;

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terminal {
    pub stands: Stands,
    /// The request that waits for its answer, and the number of times that it may still be sent.
    pub trying: Option<(Uplink, u8)>,
    /// Number of requests that the user may still make.
    pub asks_left: u8,
    /// Digests of the ids of received downlinks.
    received: BTreeSet<u64>,
    /// Requests made so far.
    made: u8,
}

/// The state that the user sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stands {
    Idle,
    /// The device rings, until the deadline of its offer at the latest.
    Ringing {
        meeting: MeetingId,
    },
    In {
        meeting: MeetingId,
    },
}

impl Terminal {
    pub fn new(asks_left: u8) -> Self {
        Self { stands: Stands::Idle, trying: None, asks_left, received: BTreeSet::new(), made: 0 }
    }

    /// Makes a new request of the user.
    pub fn ask(&mut self, by: &ClientId, ask: Ask) -> Uplink {
        self.made += 1;
        self.asks_left -= 1;
        let request = Uplink { by: by.clone(), id: format!("r{}", self.made).parse().expect("an id"), ask };
        self.trying = Some((request.clone(), SENDS - 1));
        request
    }

    /// Returns whether the terminal received this downlink before.
    pub fn has_received(&self, downlink: &Downlink) -> bool {
        self.received.contains(&downlink.id)
    }

    /// Returns whether this is the answer for which the terminal waits.
    pub fn waits_for(&self, downlink: &Downlink) -> bool {
        self.trying.as_ref().is_some_and(|(request, _)| Some(&request.id) == downlink.re.as_ref())
    }

    pub fn may_send_again(&self) -> bool {
        self.trying.as_ref().is_some_and(|(_, left)| *left > 0)
    }

    /// Returns the request to send again, since no answer arrived in time.
    pub fn send_again(&mut self) -> Option<Uplink> {
        let (request, left) = self.trying.as_mut().filter(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(request.clone())
    }

    pub fn receive(&mut self, downlink: &Downlink) {
        if !self.received.insert(downlink.id) {
            return;
        }
        if downlink.re.is_some() {
            if !self.waits_for(downlink) {
                return;
            }
            let done = self.trying.take().map(|(request, _)| request.ask);
            if matches!(done, Some(Ask::Reject(_) | Ask::Leave(_))) {
                self.stands = Stands::Idle;
            }
        }
        let Some(meeting) = downlink.meeting.clone() else { return };
        let here = match &self.stands {
            Stands::Idle => false,
            Stands::Ringing { meeting: at } | Stands::In { meeting: at } => *at == meeting,
        };
        match downlink.news {
            News::Offer if self.stands == Stands::Idle => self.stands = Stands::Ringing { meeting },
            News::OfferClosed if here && matches!(self.stands, Stands::Ringing { .. }) => {
                self.stands = Stands::Idle;
            }
            News::In => self.stands = Stands::In { meeting },
            News::Out if here => self.stands = Stands::Idle,
            _ => {}
        }
    }
}
