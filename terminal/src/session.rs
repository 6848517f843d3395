//! The protocol from a terminal's side, pure: what is sent when, and what becomes of what comes. No network and no clock of
//! its own: whoever drives it says what happens at what time, and does what [`poll`](Session::poll) says.

mod pages;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::config::Retry;
use crate::inbox::{DropReason, Inbox, Verdict};
use crate::received::ReceivedDownlink;
use crate::uplink::Uplink;
use requests::Requests;

/// What a session wants done, or has to say.
#[derive(Debug, PartialEq)]
pub enum SessionOutput {
    /// Publish this.
    Send(Uplink),
    /// The answer to a request that waited for it; an `error` too. A `state` in pages is put together.
    Answer(Box<ReceivedDownlink>),
    /// A request was given up that long after its first copy.
    Unanswered {
        /// Its id.
        request: String,
        /// Since its first copy.
        after: Duration,
    },
    /// A downlink that no request waits for.
    News(Box<ReceivedDownlink>),
    /// Members of this meeting were told something that never came here.
    Gap {
        /// The meeting.
        meeting_id: String,
    },
}

/// A request with the same id waits for its answer already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request with this id is still waiting for its answer")]
pub struct DuplicateRequestId;

/// What a terminal remembers of what it asked and heard.
#[derive(Debug)]
pub struct Session {
    inbox: Inbox,
    requests: Requests,
    outputs: VecDeque<SessionOutput>,
}

impl Session {
    /// A session that is not connected yet.
    #[must_use]
    pub fn new(retry: Retry) -> Self {
        Self { inbox: Inbox::default(), requests: Requests::new(retry), outputs: VecDeque::new() }
    }

    /// Asks: now, or when the request before it in the same meeting is done.
    ///
    /// # Errors
    /// [`DuplicateRequestId`]: this very request is still being asked.
    pub fn request(&mut self, uplink: Uplink, now: Instant) -> Result<(), DuplicateRequestId> {
        self.requests.add(uplink)?;
        self.requests.send_due(now, &mut self.outputs);
        Ok(())
    }

    /// Nobody wants the answer to this request any more.
    pub fn cancel(&mut self, request: &str, now: Instant) {
        self.requests.remove(request);
        self.requests.send_due(now, &mut self.outputs);
    }

    /// Takes in a downlink; the reason if it is of no use.
    pub fn receive(&mut self, message: ReceivedDownlink, now: Instant) -> Option<DropReason> {
        match self.inbox.take(message, now, |request| self.requests.is_waiting(request)) {
            Verdict::Answer(message) => {
                if let Some(answer) = self.requests.answer(message) {
                    self.outputs.push_back(SessionOutput::Answer(Box::new(answer)));
                    self.requests.send_due(now, &mut self.outputs);
                }
                None
            }
            Verdict::News { message, gap } => {
                let meeting_id = message.meeting_id.clone().filter(|_| gap);
                self.outputs.push_back(SessionOutput::News(Box::new(message)));
                self.outputs.extend(meeting_id.map(|meeting_id| SessionOutput::Gap { meeting_id }));
                None
            }
            Verdict::Dropped(reason) => Some(reason),
        }
    }

    /// The terminal can be heard from now on: what waited for that is sent.
    pub fn connected(&mut self, now: Instant) {
        self.requests.is_connected = true;
        self.requests.send_due(now, &mut self.outputs);
    }

    /// The terminal cannot be heard any more. Requests live on, and are sent when it is connected again.
    pub fn disconnected(&mut self) {
        self.requests.is_connected = false;
    }

    /// When [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.requests.next_deadline()
    }

    /// Does what is due: repeats requests and gives them up.
    pub fn tick(&mut self, now: Instant) {
        self.requests.send_due(now, &mut self.outputs);
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<SessionOutput> {
        self.outputs.pop_front()
    }
}
