//! The invitations that a device knows, and how each of them stands.

use std::collections::HashMap;
use std::time::Instant;

use crate::inbox::RecentIds;

/// Invitations, and ended meetings, that are remembered.
const REMEMBERED: usize = 1_000;

/// How an invitation stands on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OfferState {
    /// It came through a queue; whether it is open still is being asked.
    Unconfirmed,
    /// It rings.
    Ringing {
        /// Until then at most.
        until: Instant,
        /// Id of the `ringing` that the service was sent.
        request: String,
    },
    /// It does not ring (any more) here, and may be answered.
    Silent,
    /// The user has answered it by this request.
    Answering {
        /// The request's id.
        request: String,
    },
    /// It is of no interest any more.
    Closed,
}

#[derive(Debug)]
struct Offer {
    meeting_id: String,
    state: OfferState,
    /// Which one it is, counted from 1.
    number: u64,
}

/// The last so many invitations.
#[derive(Debug)]
pub(super) struct Offers {
    by_id: HashMap<String, Offer>,
    ended: RecentIds,
    count: u64,
}

impl Default for Offers {
    fn default() -> Self {
        Self { by_id: HashMap::new(), ended: RecentIds::new(REMEMBERED), count: 0 }
    }
}

impl Offers {
    /// Whether an invitation may ring, as far as this device knows.
    pub fn may_ring(&self, meeting_id: &str, invite_id: &str) -> bool {
        let is_new = self.by_id.get(invite_id).is_none_or(|offer| offer.state == OfferState::Unconfirmed);
        is_new && !self.ended.contains(meeting_id)
    }

    /// Takes an invitation in, or says how it stands now.
    pub fn add(&mut self, meeting_id: &str, invite_id: &str, state: OfferState) {
        self.count += 1;
        let offer = Offer { meeting_id: meeting_id.to_owned(), state, number: self.count };
        self.by_id.insert(invite_id.to_owned(), offer);
        // The oldest one that nobody waits for makes room.
        if self.by_id.len() > REMEMBERED
            && let Some(oldest) = self
                .by_id
                .iter()
                .filter(|(_, offer)| offer.state == OfferState::Closed)
                .min_by_key(|(_, offer)| offer.number)
                .map(|(invite_id, _)| invite_id.clone())
        {
            self.by_id.remove(&oldest);
        }
    }

    /// Says how an invitation stands, of which nothing else may be known.
    pub fn set(&mut self, invite_id: &str, state: OfferState) {
        match self.by_id.get_mut(invite_id) {
            Some(offer) => offer.state = state,
            None => self.add("", invite_id, state),
        }
    }

    /// How many there were so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether it rings.
    pub fn is_ringing(&self, invite_id: &str) -> bool {
        self.by_id.get(invite_id).is_some_and(|offer| matches!(offer.state, OfferState::Ringing { .. }))
    }

    /// Whether the user has answered it.
    pub fn is_being_answered(&self, invite_id: &str) -> bool {
        self.by_id.get(invite_id).is_some_and(|offer| matches!(offer.state, OfferState::Answering { .. }))
    }

    /// The answer did not help: the user may answer once more.
    pub fn reopen_after_failed_answer(&mut self, request: &str) {
        let answering = OfferState::Answering { request: request.to_owned() };
        for offer in self.by_id.values_mut().filter(|offer| offer.state == answering) {
            offer.state = OfferState::Silent;
        }
    }

    /// The invitation that rings and was announced by this `ringing`.
    pub fn ringing_announced_by(&self, ringing: &str) -> Option<String> {
        self.find(|offer| matches!(&offer.state, OfferState::Ringing { request, .. } if request == ringing))
            .pop()
    }

    /// Those of a meeting.
    pub fn open_in_meeting(&self, meeting_id: &str) -> Vec<String> {
        self.find(|offer| offer.meeting_id == meeting_id && offer.state != OfferState::Closed)
    }

    /// Remembers that nothing of this meeting may ring any more.
    pub fn mark_meeting_ended(&mut self, meeting_id: &str) {
        self.ended.insert(meeting_id);
    }

    /// Those that should be in a `state` which was asked for when `after` were known, and are not.
    pub fn missing_from(&self, open: &[&str], meeting_id: Option<&str>, after: u64) -> Vec<String> {
        let mut gone = self.find(|offer| {
            offer.number <= after
                && meeting_id.is_none_or(|meeting_id| meeting_id == offer.meeting_id)
                && matches!(offer.state, OfferState::Ringing { .. } | OfferState::Unconfirmed)
        });
        gone.retain(|invite_id| !open.contains(&invite_id.as_str()));
        gone
    }

    /// When the next one has rung for long enough.
    pub fn next_deadline(&self) -> Option<Instant> {
        let until = |offer: &Offer| match offer.state {
            OfferState::Ringing { until, .. } => Some(until),
            _ => None,
        };
        self.by_id.values().filter_map(until).min()
    }

    /// Those that have rung for long enough.
    pub fn expired(&self, now: Instant) -> Vec<String> {
        self.find(|offer| matches!(offer.state, OfferState::Ringing { until, .. } if until <= now))
    }

    /// In the order in which they came.
    fn find(&self, is_wanted: impl Fn(&Offer) -> bool) -> Vec<String> {
        let mut found: Vec<_> = self.by_id.iter().filter(|(_, offer)| is_wanted(offer)).collect();
        found.sort_by_key(|(_, offer)| offer.number);
        found.into_iter().map(|(invite_id, _)| invite_id.clone()).collect()
    }
}
