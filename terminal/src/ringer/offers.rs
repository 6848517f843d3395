//! The invitations that a device knows, and how each of them stands.

use std::collections::HashMap;
use std::time::Instant;

use crate::inbox::Recent;

/// Invitations, and ended meetings, that are remembered.
const REMEMBERED: usize = 1_000;

/// How an invitation stands on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    /// It came through a queue; whether it is open still is being asked.
    Unsure,
    /// It rings.
    Rings {
        /// Until then at most.
        until: Instant,
        /// Id of the `ringing` that the service was sent.
        request: String,
    },
    /// It does not ring (any more) here, and may be answered.
    Quiet,
    /// The user has answered it by this request.
    Answering {
        /// The request's id.
        request: String,
    },
    /// It is of no interest any more.
    Over,
}

#[derive(Debug)]
struct Offer {
    meeting_id: String,
    stand: Stand,
    /// Which one it is, counted from 1.
    number: u64,
}

/// The last so many invitations.
#[derive(Debug)]
pub(super) struct Offers {
    by_id: HashMap<String, Offer>,
    ended: Recent,
    known: u64,
}

impl Default for Offers {
    fn default() -> Self {
        Self { by_id: HashMap::new(), ended: Recent::new(REMEMBERED), known: 0 }
    }
}

impl Offers {
    /// Whether an invitation may ring, as far as this device knows.
    pub fn is_open(&self, meeting_id: &str, invite_id: &str) -> bool {
        let is_new = self.by_id.get(invite_id).is_none_or(|offer| offer.stand == Stand::Unsure);
        is_new && !self.ended.contains(meeting_id)
    }

    /// Takes an invitation in, or says how it stands now.
    pub fn add(&mut self, meeting_id: &str, invite_id: &str, stand: Stand) {
        self.known += 1;
        let offer = Offer { meeting_id: meeting_id.to_owned(), stand, number: self.known };
        self.by_id.insert(invite_id.to_owned(), offer);
        // The oldest one that nobody waits for makes room.
        if self.by_id.len() > REMEMBERED
            && let Some(oldest) = self
                .by_id
                .iter()
                .filter(|(_, offer)| offer.stand == Stand::Over)
                .min_by_key(|(_, offer)| offer.number)
                .map(|(invite_id, _)| invite_id.clone())
        {
            self.by_id.remove(&oldest);
        }
    }

    /// Says how an invitation stands, of which nothing else may be known.
    pub fn set(&mut self, invite_id: &str, stand: Stand) {
        match self.by_id.get_mut(invite_id) {
            Some(offer) => offer.stand = stand,
            None => self.add("", invite_id, stand),
        }
    }

    /// How many there were so far.
    pub fn known(&self) -> u64 {
        self.known
    }

    /// Whether it rings.
    pub fn rings(&self, invite_id: &str) -> bool {
        self.by_id.get(invite_id).is_some_and(|offer| matches!(offer.stand, Stand::Rings { .. }))
    }

    /// Whether the user has answered it.
    pub fn is_being_answered(&self, invite_id: &str) -> bool {
        self.by_id.get(invite_id).is_some_and(|offer| matches!(offer.stand, Stand::Answering { .. }))
    }

    /// The answer did not help: the user may answer once more.
    pub fn may_be_answered_again(&mut self, request: &str) {
        let answering = Stand::Answering { request: request.to_owned() };
        for offer in self.by_id.values_mut().filter(|offer| offer.stand == answering) {
            offer.stand = Stand::Quiet;
        }
    }

    /// The invitation that rings and was announced by this `ringing`.
    pub fn rung_by(&self, ringing: &str) -> Option<String> {
        self.find(|offer| matches!(&offer.stand, Stand::Rings { request, .. } if request == ringing)).pop()
    }

    /// Those of a meeting.
    pub fn of(&self, meeting_id: &str) -> Vec<String> {
        self.find(|offer| offer.meeting_id == meeting_id && offer.stand != Stand::Over)
    }

    /// Remembers that nothing of this meeting may ring any more.
    pub fn end(&mut self, meeting_id: &str) {
        self.ended.insert(meeting_id);
    }

    /// Those that should be in a `state` which was asked for when `after` were known, and are not.
    pub fn not_among(&self, open: &[&str], meeting_id: Option<&str>, after: u64) -> Vec<String> {
        let mut gone = self.find(|offer| {
            offer.number <= after
                && meeting_id.is_none_or(|meeting_id| meeting_id == offer.meeting_id)
                && matches!(offer.stand, Stand::Rings { .. } | Stand::Unsure)
        });
        gone.retain(|invite_id| !open.contains(&invite_id.as_str()));
        gone
    }

    /// When the next one has rung for long enough.
    pub fn due(&self) -> Option<Instant> {
        let until = |offer: &Offer| match offer.stand {
            Stand::Rings { until, .. } => Some(until),
            _ => None,
        };
        self.by_id.values().filter_map(until).min()
    }

    /// Those that have rung for long enough.
    pub fn expired(&self, now: Instant) -> Vec<String> {
        self.find(|offer| matches!(offer.stand, Stand::Rings { until, .. } if until <= now))
    }

    /// In the order in which they came.
    fn find(&self, is_wanted: impl Fn(&Offer) -> bool) -> Vec<String> {
        let mut found: Vec<_> = self.by_id.iter().filter(|(_, offer)| is_wanted(offer)).collect();
        found.sort_by_key(|(_, offer)| offer.number);
        found.into_iter().map(|(invite_id, _)| invite_id.clone()).collect()
    }
}
