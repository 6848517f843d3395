//! A terminal's side of the protocol: decides when requests are sent, and which downlinks are used. Pure,
//! without a network or a clock. The owner passes events with their time, and carries out the outputs of
//! [`poll`](Session::poll).

mod output;
mod pages;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Instant;

use crate::config::Retry;
use crate::inbox::{DropReason, Inbox, SortedDownlink};
use crate::received::ReceivedDownlink;
use crate::uplink::Uplink;
pub use output::{DuplicateRequestId, SessionOutput};
use requests::Requests;

/// The waiting requests of a terminal, and its memory of received downlinks.
#[derive(Debug)]
pub struct Session {
    inbox: Inbox,
    requests: Requests,
    outputs: VecDeque<SessionOutput>,
}

impl Session {
    /// Creates a session without a connection.
    #[must_use]
    pub fn new(retry: Retry) -> Self {
        Self { inbox: Inbox::default(), requests: Requests::new(retry), outputs: VecDeque::new() }
    }

    /// Starts a request. It is sent at once, or when the previous request of the same meeting has ended.
    ///
    /// # Errors
    /// [`DuplicateRequestId`] if a request with this id waits for its answer.
    pub fn request(&mut self, uplink: Uplink, now: Instant) -> Result<(), DuplicateRequestId> {
        self.requests.add(uplink)?;
        self.requests.send_due(now, &mut self.outputs);
        Ok(())
    }

    /// Ends a request whose answer is no longer needed.
    pub fn cancel(&mut self, request: &str, now: Instant) {
        self.requests.remove(request);
        self.requests.send_due(now, &mut self.outputs);
    }

    /// Processes a downlink. Returns the reason if the downlink is dropped.
    pub fn receive(&mut self, message: ReceivedDownlink, now: Instant) -> Option<DropReason> {
        match self.inbox.sort(message, now, |request| self.requests.is_waiting(request)) {
            SortedDownlink::Answer(message) => {
                let truncated = message.truncated_meeting();
                if let Some(answer) = self.requests.answer(message) {
                    self.outputs.push_back(SessionOutput::Answer(Box::new(answer)));
                    self.outputs.extend(truncated.map(|meeting_id| SessionOutput::Gap { meeting_id }));
                    self.requests.send_due(now, &mut self.outputs);
                }
                None
            }
            SortedDownlink::Notice { message, gap } => {
                let meeting_id =
                    message.meeting_id.clone().filter(|_| gap).or_else(|| message.truncated_meeting());
                self.outputs.push_back(SessionOutput::Notice(Box::new(message)));
                self.outputs.extend(meeting_id.map(|meeting_id| SessionOutput::Gap { meeting_id }));
                None
            }
            SortedDownlink::Dropped(reason) => Some(reason),
        }
    }

    /// Records a connection. Requests that waited for it are sent.
    pub fn connected(&mut self, now: Instant) {
        self.requests.is_connected = true;
        self.requests.send_due(now, &mut self.outputs);
    }

    /// Records a lost connection. Requests keep their time-outs, and are sent after a reconnect.
    pub fn disconnected(&mut self) {
        self.requests.is_connected = false;
    }

    /// Returns the time at which the owner has to call [`tick`](Self::tick); `None` while no request waits.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.requests.next_deadline()
    }

    /// Repeats requests and ends those that have timed out, as of `now`.
    pub fn tick(&mut self, now: Instant) {
        self.requests.send_due(now, &mut self.outputs);
    }

    /// Returns the next output.
    pub fn poll(&mut self) -> Option<SessionOutput> {
        self.outputs.pop_front()
    }
}
