//! Decides what becomes of a downlink: an answer, news, or nothing. Pure: no network, no clock of its own.

mod recent;
mod revisions;
#[cfg(test)]
mod tests;

use std::time::Instant;

use crate::received::ReceivedDownlink;
pub(crate) use recent::RecentIds;
use revisions::{Freshness, Revisions};

/// Ids that are remembered; the protocol asks for 1,000 at least.
pub const REMEMBERED_IDS: usize = 2_000;
/// Meetings whose revisions are remembered.
pub const REMEMBERED_MEETINGS: usize = 200;

/// Why a downlink is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// It was here before.
    Duplicate,
    /// The request that it answers was answered before.
    SecondAnswer,
    /// It means nothing any more.
    PastItsTime,
    /// Something newer is known about the same object.
    Superseded,
}

/// What becomes of a downlink.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// It is the answer that a request waits for.
    Answer(ReceivedDownlink),
    /// It is news for the owner.
    News {
        /// The message.
        message: ReceivedDownlink,
        /// Whether members were told something before it that never came here.
        gap: bool,
    },
    /// It is of no use.
    Dropped(DropReason),
}

/// What a terminal remembers of what came.
#[derive(Debug)]
pub struct Inbox {
    seen: RecentIds,
    answered: RecentIds,
    revisions: Revisions,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            seen: RecentIds::new(REMEMBERED_IDS),
            answered: RecentIds::new(REMEMBERED_IDS),
            revisions: Revisions::new(REMEMBERED_MEETINGS),
        }
    }
}

impl Inbox {
    /// Takes a downlink that came at `now`. `is_waiting` says whether a request waits for its answer.
    pub fn take(
        &mut self,
        message: ReceivedDownlink,
        now: Instant,
        is_waiting: impl Fn(&str) -> bool,
    ) -> Verdict {
        if message.is_past_its_time(now) {
            return Verdict::Dropped(DropReason::PastItsTime);
        }
        let is_new = self.seen.insert(&message.id);
        if let Some(request) = message.answers() {
            // A repeated request is answered under the same downlink id, so who waits gets it, seen or not.
            if is_waiting(request) {
                self.answered.insert(request);
                self.revisions.record(&message);
                return Verdict::Answer(message);
            }
            if is_new && !self.answered.insert(request) {
                return Verdict::Dropped(DropReason::SecondAnswer);
            }
        }
        if !is_new {
            return Verdict::Dropped(DropReason::Duplicate);
        }
        match self.revisions.record(&message) {
            Freshness::Superseded => Verdict::Dropped(DropReason::Superseded),
            Freshness::Current => Verdict::News { message, gap: false },
            Freshness::AfterGap => Verdict::News { message, gap: true },
        }
    }
}
