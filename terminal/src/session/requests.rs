//! The requests that have no answer yet: repeated by the same id, given up after a while, one at a time in each meeting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::pages::Pages;
use super::{Output, SameId};
use crate::config::Retry;
use crate::received::Received;
use crate::uplink::Uplink;

#[derive(Debug)]
pub(super) struct Requests {
    retry: Retry,
    /// Whether what is sent is heard.
    pub is_connected: bool,
    /// In the order in which they were asked.
    asked: VecDeque<Asked>,
}

#[derive(Debug)]
struct Asked {
    uplink: Uplink,
    /// `None` while another request of the meeting is asked.
    turn: Option<Turn>,
    pages: Pages,
}

/// The time in which a request is asked.
#[derive(Debug)]
struct Turn {
    began: Instant,
    /// How many copies should have been sent by now.
    copies: u32,
    /// Whether the last of them waits for a connection.
    is_owed: bool,
}

impl Requests {
    pub fn new(retry: Retry) -> Self {
        Self { retry, is_connected: false, asked: VecDeque::new() }
    }

    /// Takes a request in.
    pub fn ask(&mut self, uplink: Uplink) -> Result<(), SameId> {
        if self.is_asked(uplink.id()) {
            return Err(SameId);
        }
        self.asked.push_back(Asked { uplink, turn: None, pages: Pages::default() });
        Ok(())
    }

    /// Whether an answer to this request is wanted: it was sent, and has none.
    pub fn is_waiting(&self, request: &str) -> bool {
        self.asked.iter().any(|asked| asked.turn.is_some() && asked.uplink.id() == request)
    }

    fn is_asked(&self, request: &str) -> bool {
        self.asked.iter().any(|asked| asked.uplink.id() == request)
    }

    /// The whole answer, if this message completes it.
    pub fn answer(&mut self, message: Received) -> Option<Received> {
        let request = message.answers()?.to_owned();
        let asked = self.asked.iter_mut().find(|asked| asked.uplink.id() == request)?;
        let answer = asked.pages.take(message)?;
        self.done(&request);
        Some(answer)
    }

    /// This request is asked no more.
    pub fn done(&mut self, request: &str) {
        self.asked.retain(|asked| asked.uplink.id() != request);
    }

    /// When the next copy is due, or the end of a request's life.
    pub fn due(&self) -> Option<Instant> {
        self.asked.iter().filter_map(|asked| Some(asked.turn.as_ref()?.due(&self.retry))).min()
    }

    /// Gives turns, sends copies, gives up.
    pub fn send_what_is_due(&mut self, now: Instant, outputs: &mut VecDeque<Output>) {
        let retry = self.retry;
        self.asked.retain(|asked| match asked.turn.as_ref().and_then(|turn| turn.given_up(&retry, now)) {
            Some(after) => {
                outputs.push_back(Output::Unanswered { request: asked.uplink.id().to_owned(), after });
                false
            }
            None => true,
        });
        self.give_turns(now);
        for asked in &mut self.asked {
            let Some(turn) = &mut asked.turn else { continue };
            while turn.copies <= retry.resends && turn.due(&retry) <= now {
                turn.copies += 1;
                turn.is_owed = true;
            }
            // However many copies fell due without a connection, one is enough.
            if turn.is_owed && self.is_connected {
                turn.is_owed = false;
                outputs.push_back(Output::Send(asked.uplink.clone()));
            }
        }
    }

    fn give_turns(&mut self, now: Instant) {
        let mut taken: Vec<String> = Vec::new();
        for asked in &mut self.asked {
            let Some(meeting_id) = asked.uplink.turn() else {
                asked.turn.get_or_insert_with(|| Turn::begin(now));
                continue;
            };
            if taken.iter().any(|taken| taken == meeting_id) {
                continue;
            }
            taken.push(meeting_id.to_owned());
            asked.turn.get_or_insert_with(|| Turn::begin(now));
        }
    }
}

impl Turn {
    fn begin(now: Instant) -> Self {
        Self { began: now, copies: 0, is_owed: false }
    }

    fn due(&self, retry: &Retry) -> Instant {
        self.began + retry.answer_within * self.copies
    }

    /// How long it lived, if it does not any more.
    fn given_up(&self, retry: &Retry, now: Instant) -> Option<Duration> {
        let life = now.saturating_duration_since(self.began);
        (life >= retry.request_life()).then_some(life)
    }
}
