//! The requests that wait for an answer: repeats them with the same id, ends them after a time-out, and keeps
//! the order that the service needs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::output::{DuplicateRequestId, SessionOutput};
use super::pages::Pages;
use crate::config::Retry;
use crate::received::ReceivedDownlink;
use crate::uplink::Uplink;

#[derive(Debug)]
pub(super) struct Requests {
    retry: Retry,
    pub is_connected: bool,
    /// The requests, in the order in which they were added.
    pending: VecDeque<PendingRequest>,
}

#[derive(Debug)]
struct PendingRequest {
    uplink: Uplink,
    /// The copies; `None` while the request waits for an earlier request.
    sending: Option<Sending>,
    pages: Pages,
}

/// The copies of a request, from the first one to the answer or the time-out.
#[derive(Debug)]
struct Sending {
    began: Instant,
    /// Number of copies that have been due.
    copies: u32,
    /// True if a due copy waits for a connection.
    awaits_connection: bool,
}

impl Requests {
    pub fn new(retry: Retry) -> Self {
        Self { retry, is_connected: false, pending: VecDeque::new() }
    }

    pub fn add(&mut self, uplink: Uplink) -> Result<(), DuplicateRequestId> {
        if self.is_pending(uplink.id()) {
            return Err(DuplicateRequestId);
        }
        self.pending.push_back(PendingRequest { uplink, sending: None, pages: Pages::default() });
        Ok(())
    }

    /// Returns `true` if the request is being sent and has no answer.
    pub fn is_waiting(&self, request: &str) -> bool {
        self.pending.iter().any(|pending| pending.sending.is_some() && pending.uplink.id() == request)
    }

    fn is_pending(&self, request: &str) -> bool {
        self.pending.iter().any(|pending| pending.uplink.id() == request)
    }

    /// Adds an answer, or a page of an answer. If the answer is complete, returns it and ends the request.
    pub fn answer(&mut self, message: ReceivedDownlink) -> Option<ReceivedDownlink> {
        let request = message.answers()?.to_owned();
        let pending = self.pending.iter_mut().find(|pending| pending.uplink.id() == request)?;
        let answer = pending.pages.add(message)?;
        self.remove(&request);
        Some(answer)
    }

    pub fn remove(&mut self, request: &str) {
        self.pending.retain(|pending| pending.uplink.id() != request);
    }

    /// Returns the time of the next copy or time-out.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.pending.iter().filter_map(|pending| Some(pending.sending.as_ref()?.due(&self.retry))).min()
    }

    /// Ends requests that have timed out, starts the next requests in the order, and outputs the copies that
    /// are due.
    pub fn send_due(&mut self, now: Instant, outputs: &mut VecDeque<SessionOutput>) {
        let retry = self.retry;
        self.pending.retain(|pending| {
            match pending.sending.as_ref().and_then(|sending| sending.timed_out_after(&retry, now)) {
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
            // One copy replaces all copies that were due without a connection.
            if sending.awaits_connection && self.is_connected {
                sending.awaits_connection = false;
                outputs.push_back(SessionOutput::Send(pending.uplink.clone()));
            }
        }
    }

    fn start_sending(&mut self, now: Instant) {
        for at in 0..self.pending.len() {
            let (earlier, others) = self.pending.make_contiguous().split_at_mut(at);
            let Some(pending) = others.first_mut() else { return };
            if !earlier.iter().any(|earlier| pending.uplink.waits_for(&earlier.uplink)) {
                pending.sending.get_or_insert_with(|| Sending::begin(now));
            }
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

    /// Returns the time since the first copy, if the request has timed out.
    fn timed_out_after(&self, retry: &Retry, now: Instant) -> Option<Duration> {
        let elapsed = now.saturating_duration_since(self.began);
        (elapsed >= retry.request_life()).then_some(elapsed)
    }
}
