//! A terminal as the protocol wants it: one request at a time, sent again with the same id, and given up at last.

use crate::network::{Ask, Downlink, News, Uplink};
use std::collections::BTreeSet;
use switchboard_protocol::address::ClientId;

/// How often a request is sent before it is given up.
pub const SENDS: u8 = 2;

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terminal {
    pub stands: Stands,
    /// The request that waits for its answer, and how often it may still be sent.
    pub trying: Option<(Uplink, u8)>,
    /// What its user will still ask for at most.
    pub asks_left: u8,
    /// Which downlinks it heard, by the digest of their ids.
    heard: BTreeSet<u64>,
    /// Requests made so far.
    made: u8,
}

/// What its user sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stands {
    Idle,
    /// It rings, and stops by itself when the offer's time is over.
    Ringing {
        meeting: String,
    },
    In {
        meeting: String,
    },
}

impl Terminal {
    pub fn new(asks_left: u8) -> Self {
        Self { stands: Stands::Idle, trying: None, asks_left, heard: BTreeSet::new(), made: 0 }
    }

    /// Its user wants something: a new request.
    pub fn ask(&mut self, by: &ClientId, ask: Ask) -> Uplink {
        self.made += 1;
        self.asks_left -= 1;
        let request = Uplink { by: by.clone(), id: format!("r{}", self.made), ask };
        self.trying = Some((request.clone(), SENDS - 1));
        request
    }

    /// Whether it had this downlink before.
    pub fn heard(&self, downlink: &Downlink) -> bool {
        self.heard.contains(&downlink.id)
    }

    /// Whether this is the answer that it waits for.
    pub fn waits_for(&self, downlink: &Downlink) -> bool {
        self.trying.as_ref().is_some_and(|(request, _)| Some(&request.id) == downlink.re.as_ref())
    }

    pub fn may_send_again(&self) -> bool {
        self.trying.as_ref().is_some_and(|(_, left)| *left > 0)
    }

    /// No answer came in time.
    pub fn send_again(&mut self) -> Option<Uplink> {
        let (request, left) = self.trying.as_mut().filter(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(request.clone())
    }

    pub fn hear(&mut self, downlink: &Downlink) {
        if !self.heard.insert(downlink.id) {
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
        let meeting = downlink.meeting.clone();
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
