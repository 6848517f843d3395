//! Those who are out but have to hear of it: nobody hears or sees them any more, and their connection ends once they
//! know why.

use std::time::{Duration, Instant};

use str0m::net::Transmit;

use crate::notice::{Notice, Removal};
use crate::peer::Peer;

/// How long somebody who is put out may take to hear of it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Somebody who is out.
pub(crate) struct Parting {
    pub(crate) peer: Peer,
    since: Instant,
    /// What is still to be said.
    farewell: Option<Notice>,
}

impl Parting {
    /// Somebody who is out since `now`, for a reason if it was not the own wish.
    pub(crate) fn new(peer: Peer, reason: Option<Removal>, now: Instant) -> Self {
        Self { peer, since: now, farewell: reason.map(|reason| Notice::Removed { reason }) }
    }

    /// Ends the connection once everything said is acknowledged, or that takes too long. Returns whether it still
    /// stands.
    pub(crate) fn run(&mut self, now: Instant, send: &mut impl FnMut(&Transmit)) -> bool {
        // Fails until the data channel is open, which it may not be yet.
        if self.farewell.as_ref().is_some_and(|farewell| self.peer.say(farewell)) {
            self.farewell = None;
        }
        self.peer.run(now, send, |_| {});
        let late = now.saturating_duration_since(self.since) > PATIENCE;
        if late || (self.farewell.is_none() && self.peer.is_heard()) {
            self.peer.close();
            self.peer.run(now, send, |_| {});
        }
        !late && !self.peer.ended
    }
}
