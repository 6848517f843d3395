//! The events of a terminal for its owner, in chronological order.

use std::time::Instant;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::received::ReceivedDownlink;

/// An event that is not the answer to a waiting request.
#[derive(Debug)]
#[non_exhaustive]
pub enum TerminalEvent {
    /// A downlink arrived: a notice, a refusal of a request that is never answered, or an answer after the
    /// time-out of its request.
    Message(Box<ReceivedDownlink>),
    /// A notice about this meeting was lost. Request `sync` for the meeting.
    Gap {
        /// The meeting.
        meeting_id: String,
    },
    /// The terminal has reconnected, after [`TerminalEvent::Disconnected`].
    Connected {
        /// True if the broker kept the session, including the downlinks that arrived during the outage. If
        /// false, request `sync`.
        session_present: bool,
    },
    /// The connection was lost. The terminal reconnects by itself.
    Disconnected {
        /// The error of the network or the broker, for people.
        reason: String,
    },
    /// A reconnect was refused because of the login: its token has expired, or is not accepted. Get a new
    /// token from the app's back end and pass it to [`Terminal::renew_token`](crate::Terminal::renew_token).
    /// A call in progress continues if this happens before the service gives up the seat.
    LoginRefused {
        /// The broker's refusal, for people.
        reason: String,
        /// True if the terminal retries with this token. False if it waits for a new one.
        tries_again: bool,
        /// Number of calls of [`Terminal::renew_token`](crate::Terminal::renew_token) before the terminal
        /// read this token. An event with a smaller number than the owner's own count concerns an older
        /// token.
        renewals: u32,
    },
    /// The broker has closed several connections in a row soon after accepting them. The usual cause is
    /// another terminal with the same client ID: the broker keeps one of the two connections, and each new
    /// connection closes the other one. The terminal continues to reconnect, after longer and longer waits.
    UsedElsewhere {
        /// Number of successive connections that were closed.
        times: u32,
    },
}

/// The stream of [`TerminalEvent`]s. Its queue is unbounded, so the owner has to read the stream or drop it.
#[derive(Debug)]
pub struct Events(pub(crate) UnboundedReceiver<TerminalEvent>);

impl Events {
    /// Returns the next event, and skips messages that expired in the queue. Returns `None` when the terminal
    /// has permanently disconnected and all events were read.
    pub async fn next(&mut self) -> Option<TerminalEvent> {
        loop {
            match self.0.recv().await? {
                TerminalEvent::Message(message) if message.is_expired(Instant::now()) => {}
                event => return Some(event),
            }
        }
    }

    /// Returns the next event if the queue has one. Skips messages like [`next`](Self::next).
    pub fn try_next(&mut self) -> Option<TerminalEvent> {
        loop {
            match self.0.try_recv().ok()? {
                TerminalEvent::Message(message) if message.is_expired(Instant::now()) => {}
                event => return Some(event),
            }
        }
    }
}
