//! What a terminal tells its owner, in the order in which it happened.

use std::time::Instant;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::received::ReceivedDownlink;

/// Something that the owner did not ask for.
#[derive(Debug)]
#[non_exhaustive]
pub enum TerminalEvent {
    /// A downlink that is no answer to a waiting request: news, or a first answer that came after the time-out.
    Message(Box<ReceivedDownlink>),
    /// Members were told something that this terminal never got: ask `sync` for this meeting.
    Gap {
        /// The meeting that was missed out on.
        meeting_id: String,
    },
    /// Connected again, after [`TerminalEvent::Disconnected`].
    Connected {
        /// Whether the broker kept the session, and with it what came in the meantime. If not: ask `sync`.
        session_present: bool,
    },
    /// The connection is lost; the terminal keeps trying to get it back.
    Disconnected {
        /// What the network or the broker said.
        reason: String,
    },
}

/// The stream of [`TerminalEvent`]s. It has no limit: whoever holds it reads it.
#[derive(Debug)]
pub struct Events(pub(crate) UnboundedReceiver<TerminalEvent>);

impl Events {
    /// The next event; messages whose time ran out while they waited here are skipped. `None` when the terminal has
    /// disconnected for good and everything was read.
    pub async fn next(&mut self) -> Option<TerminalEvent> {
        loop {
            match self.0.recv().await? {
                TerminalEvent::Message(message) if message.is_past_its_time(Instant::now()) => {}
                event => return Some(event),
            }
        }
    }

    /// The next event if there is one already; skips as [`next`](Self::next) does.
    pub fn try_next(&mut self) -> Option<TerminalEvent> {
        loop {
            match self.0.try_recv().ok()? {
                TerminalEvent::Message(message) if message.is_past_its_time(Instant::now()) => {}
                event => return Some(event),
            }
        }
    }
}
