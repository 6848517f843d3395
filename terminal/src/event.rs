//! The events of a terminal for its owner, in the order in which they happened.

use std::time::Instant;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::received::ReceivedDownlink;

/// An event that is not the answer to a waiting request.
#[derive(Debug)]
#[non_exhaustive]
pub enum TerminalEvent {
    /// A notice, a refusal of a request that is not answered, or an answer that arrived after its request timed out.
    Message(Box<ReceivedDownlink>),
    /// A notice about this meeting was lost: request `sync` for it.
    Gap {
        /// The meeting.
        meeting_id: String,
    },
    /// Reconnected, after [`TerminalEvent::Disconnected`].
    Connected {
        /// True if the broker kept the session, and with it the downlinks of the meantime. If not, request `sync`.
        session_present: bool,
    },
    /// The connection was lost; the terminal reconnects by itself.
    Disconnected {
        /// The error of the network or the broker, for people.
        reason: String,
    },
}

/// The stream of [`TerminalEvent`]s. Its queue is unbounded, so the owner has to read it or drop it.
#[derive(Debug)]
pub struct Events(pub(crate) UnboundedReceiver<TerminalEvent>);

impl Events {
    /// The next event; messages that expired in the queue are skipped. `None` when the terminal has disconnected for good and
    /// all events were read.
    pub async fn next(&mut self) -> Option<TerminalEvent> {
        loop {
            match self.0.recv().await? {
                TerminalEvent::Message(message) if message.is_expired(Instant::now()) => {}
                event => return Some(event),
            }
        }
    }

    /// The next event if the queue has one; skips messages as [`next`](Self::next) does.
    pub fn try_next(&mut self) -> Option<TerminalEvent> {
        loop {
            match self.0.try_recv().ok()? {
                TerminalEvent::Message(message) if message.is_expired(Instant::now()) => {}
                event => return Some(event),
            }
        }
    }
}
