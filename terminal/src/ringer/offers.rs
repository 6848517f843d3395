//! The invitations that a device knows, with their states.

use std::collections::HashMap;
use std::time::Instant;

use crate::inbox::RecentIds;

/// Number of invitations, and of ended meetings, that are remembered.
const REMEMBERED: usize = 1_000;

/// State of an invitation on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OfferState {
    /// The invitation came from the queue, and the answer to `sync` has to show that it is still open.
    Unconfirmed,
    Ringing {
        /// The time at which the ring expires.
        until: Instant,
        /// Id of the `ringing` that was sent for the invitation.
        request: String,
    },
    /// The invitation does not ring, but the user may answer it.
    Silent,
    /// The user has answered the invitation, and the answer has not failed.
    Answering {
        /// Id of the `accept` or `reject`.
        request: String,
    },
    /// The invitation was closed or has expired, and never rings again.
    Closed,
}

#[derive(Debug)]
struct Offer {
    meeting_id: String,
    state: OfferState,
    /// Position in the order of arrival, from 1.
    number: u64,
}

/// The latest invitations, and the meetings that have ended.
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
    /// Returns `true` if an invitation may start to ring: it is new or unconfirmed, and its meeting has not
    /// ended.
    pub fn may_ring(&self, meeting_id: &str, invite_id: &str) -> bool {
        let is_new = self.by_id.get(invite_id).is_none_or(|offer| offer.state == OfferState::Unconfirmed);
        is_new && !self.ended.contains(meeting_id)
    }

    /// Adds an invitation, or replaces its entry.
    pub fn add(&mut self, meeting_id: &str, invite_id: &str, state: OfferState) {
        self.count += 1;
        let offer = Offer { meeting_id: meeting_id.to_owned(), state, number: self.count };
        self.by_id.insert(invite_id.to_owned(), offer);
        // A new invitation replaces the oldest closed one.
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

    /// Sets the state of an invitation. Adds an unknown invitation without a meeting.
    pub fn set(&mut self, invite_id: &str, state: OfferState) {
        match self.by_id.get_mut(invite_id) {
            Some(offer) => offer.state = state,
            None => self.add("", invite_id, state),
        }
    }

    /// Returns the number of invitations added so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn is_ringing(&self, invite_id: &str) -> bool {
        self.by_id.get(invite_id).is_some_and(|offer| matches!(offer.state, OfferState::Ringing { .. }))
    }

    pub fn is_being_answered(&self, invite_id: &str) -> bool {
        self.by_id.get(invite_id).is_some_and(|offer| matches!(offer.state, OfferState::Answering { .. }))
    }

    /// Lets the user answer the invitation once more, after this request failed.
    pub fn reopen_after_failed_answer(&mut self, request: &str) {
        let answering = OfferState::Answering { request: request.to_owned() };
        for offer in self.by_id.values_mut().filter(|offer| offer.state == answering) {
            offer.state = OfferState::Silent;
        }
    }

    /// Returns the ringing invitation for which the `ringing` with this id was sent.
    pub fn ringing_announced_by(&self, ringing: &str) -> Option<String> {
        self.find(|offer| matches!(&offer.state, OfferState::Ringing { request, .. } if request == ringing))
            .pop()
    }

    /// Returns the invitations of a meeting that are not closed.
    pub fn open_in_meeting(&self, meeting_id: &str) -> Vec<String> {
        self.find(|offer| offer.meeting_id == meeting_id && offer.state != OfferState::Closed)
    }

    /// Records that the meeting has ended, so that no invitation to it rings.
    pub fn mark_meeting_ended(&mut self, meeting_id: &str) {
        self.ended.insert(meeting_id);
    }

    /// Returns the ringing and unconfirmed invitations that are missing from `open`, the invitations of a
    /// `state`. Considers only the first `known_offers`, since the `state` may be older than later
    /// invitations.
    pub fn missing_from(&self, open: &[&str], meeting_id: Option<&str>, known_offers: u64) -> Vec<String> {
        let mut missing = self.find(|offer| {
            offer.number <= known_offers
                && meeting_id.is_none_or(|meeting_id| meeting_id == offer.meeting_id)
                && matches!(offer.state, OfferState::Ringing { .. } | OfferState::Unconfirmed)
        });
        missing.retain(|invite_id| !open.contains(&invite_id.as_str()));
        missing
    }

    /// Returns the time at which the next ring expires.
    pub fn next_deadline(&self) -> Option<Instant> {
        let until = |offer: &Offer| match offer.state {
            OfferState::Ringing { until, .. } => Some(until),
            _ => None,
        };
        self.by_id.values().filter_map(until).min()
    }

    /// Returns the invitations whose ring has expired.
    pub fn expired(&self, now: Instant) -> Vec<String> {
        self.find(|offer| matches!(offer.state, OfferState::Ringing { until, .. } if until <= now))
    }

    /// Returns the matching invitations in the order of their arrival.
    fn find(&self, is_wanted: impl Fn(&Offer) -> bool) -> Vec<String> {
        let mut found: Vec<_> = self.by_id.iter().filter(|(_, offer)| is_wanted(offer)).collect();
        found.sort_by_key(|(_, offer)| offer.number);
        found.into_iter().map(|(invite_id, _)| invite_id.clone()).collect()
    }
}
