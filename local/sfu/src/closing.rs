//! Removed participants whose connection is still open. Their media is no longer forwarded, and the connection closes
//! once they have acknowledged the message with the reason.

use std::time::{Duration, Instant};

use str0m::net::Transmit;

use crate::message::{RemovalReason, ServerMessage};
use crate::peer::Peer;

/// Longest time between the removal and the end of the connection.
const TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct ClosingPeer {
    pub(crate) peer: Peer,
    since: Instant,
    /// Message that is not sent yet.
    unsent: Option<ServerMessage>,
}

impl ClosingPeer {
    /// Starts to close the connection of a participant. `reason` is `None` if the participant left on request.
    pub(crate) fn new(peer: Peer, reason: Option<RemovalReason>, now: Instant) -> Self {
        Self { peer, since: now, unsent: reason.map(|reason| ServerMessage::Removed { reason }) }
    }

    /// Runs the connection, and closes it once all messages are acknowledged or the timeout has passed. Returns `true`
    /// while the connection is open.
    pub(crate) fn run(&mut self, now: Instant, send: &mut impl FnMut(&Transmit)) -> bool {
        // Fails until the data channel is open; the next call retries.
        if self.unsent.as_ref().is_some_and(|unsent| self.peer.send_message(unsent)) {
            self.unsent = None;
        }
        self.peer.run(now, send, |_| {});
        let late = now.saturating_duration_since(self.since) > TIMEOUT;
        if late || (self.unsent.is_none() && self.peer.is_acknowledged()) {
            self.peer.close();
            self.peer.run(now, send, |_| {});
        }
        !late && !self.peer.ended
    }
}
