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
    /// A reconnect was refused because of the login: its token has ended, or is not accepted. Get a new token from the
    /// app's back end and pass it to [`Terminal::renew_token`](crate::Terminal::renew_token); a call in progress goes on if
    /// that happens before the service gives the seat up.
    LoginRefused {
        /// The refusal of the broker, for people.
        reason: String,
        /// True if the terminal tries this token again by itself. False if it waits for a new one.
        tries_again: bool,
        /// Calls of [`Terminal::renew_token`](crate::Terminal::renew_token) before the terminal read this token. An
        /// event with a smaller number than the owner's own count is about an older token.
        renewals: u32,
    },
    /// The broker has closed several connections in a row soon after it accepted them. The usual cause is another terminal
    /// with the same client ID: a broker keeps one of them, and each new connection closes the other one. The terminal
    /// goes on to reconnect, each time later.
    UsedElsewhere {
        /// Number of connections in a row that were closed.
        times: u32,
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
