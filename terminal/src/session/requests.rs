//! The requests that have no answer yet: repeated by the same id, given up after a while, one at a time in each meeting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::pages::Pages;
use super::{DuplicateRequestId, SessionOutput};
use crate::config::Retry;
use crate::received::ReceivedDownlink;
use crate::uplink::Uplink;

#[derive(Debug)]
pub(super) struct Requests {
    retry: Retry,
    /// Whether what is sent is heard.
    pub is_connected: bool,
    /// In the order in which they were pending.
    pending: VecDeque<PendingRequest>,
}

#[derive(Debug)]
struct PendingRequest {
    uplink: Uplink,
    /// `None` while another request of the meeting is pending.
    sending: Option<Sending>,
    pages: Pages,
}

/// The time in which a request is pending.
#[derive(Debug)]
struct Sending {
    began: Instant,
    /// How many copies should have been sent by now.
    copies: u32,
    /// Whether the last of them waits for a connection.
    awaits_connection: bool,
}

impl Requests {
    pub fn new(retry: Retry) -> Self {
        Self { retry, is_connected: false, pending: VecDeque::new() }
    }

    /// Takes a request in.
    pub fn add(&mut self, uplink: Uplink) -> Result<(), DuplicateRequestId> {
        if self.is_pending(uplink.id()) {
            return Err(DuplicateRequestId);
        }
        self.pending.push_back(PendingRequest { uplink, sending: None, pages: Pages::default() });
        Ok(())
    }

    /// Whether an answer to this request is wanted: it was sent, and has none.
    pub fn is_waiting(&self, request: &str) -> bool {
        self.pending.iter().any(|pending| pending.sending.is_some() && pending.uplink.id() == request)
    }

    fn is_pending(&self, request: &str) -> bool {
        self.pending.iter().any(|pending| pending.uplink.id() == request)
    }

    /// The whole answer, if this message completes it.
    pub fn answer(&mut self, message: ReceivedDownlink) -> Option<ReceivedDownlink> {
        let request = message.answers()?.to_owned();
        let pending = self.pending.iter_mut().find(|pending| pending.uplink.id() == request)?;
        let answer = pending.pages.take(message)?;
        self.remove(&request);
        Some(answer)
    }

    /// This request is pending no more.
    pub fn remove(&mut self, request: &str) {
        self.pending.retain(|pending| pending.uplink.id() != request);
    }

    /// When the next copy is due, or the end of a request's life.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.pending.iter().filter_map(|pending| Some(pending.sending.as_ref()?.due(&self.retry))).min()
    }

    /// Gives turns, sends copies, gives up.
    pub fn send_due(&mut self, now: Instant, outputs: &mut VecDeque<SessionOutput>) {
        let retry = self.retry;
        self.pending.retain(|pending| {
            match pending.sending.as_ref().and_then(|sending| sending.expired_after(&retry, now)) {
                Some(after) => {
                    outputs.push_back(SessionOutput::Unanswered {
                        request: pending.uplink.id().to_owned(),
                        after,
                    });
                    false
                }
                None => true,
            }
        });
        self.start_sending(now);
        for pending in &mut self.pending {
            let Some(sending) = &mut pending.sending else { continue };
            while sending.copies <= retry.resends && sending.due(&retry) <= now {
                sending.copies += 1;
                sending.awaits_connection = true;
            }
            // However many copies fell due without a connection, one is enough.
            if sending.awaits_connection && self.is_connected {
                sending.awaits_connection = false;
                outputs.push_back(SessionOutput::Send(pending.uplink.clone()));
            }
        }
    }

    fn start_sending(&mut self, now: Instant) {
        let mut taken: Vec<String> = Vec::new();
        for pending in &mut self.pending {
            let Some(meeting_id) = pending.uplink.turn() else {
                pending.sending.get_or_insert_with(|| Sending::begin(now));
                continue;
            };
            if taken.iter().any(|taken| taken == meeting_id) {
                continue;
            }
            taken.push(meeting_id.to_owned());
            pending.sending.get_or_insert_with(|| Sending::begin(now));
        }
    }
}

impl Sending {
    fn begin(now: Instant) -> Self {
        Self { began: now, copies: 0, awaits_connection: false }
    }

    fn due(&self, retry: &Retry) -> Instant {
        self.began + retry.answer_within * self.copies
    }

    /// How long it lived, if it does not any more.
    fn expired_after(&self, retry: &Retry, now: Instant) -> Option<Duration> {
        let life = now.saturating_duration_since(self.began);
        (life >= retry.request_life()).then_some(life)
    }
}
