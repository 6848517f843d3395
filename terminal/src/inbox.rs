//! Sorts downlinks into answers, notices and dropped ones. Pure: it uses no network and no clock.

mod recent;
mod revisions;
#[cfg(test)]
mod tests;

use std::time::Instant;

use crate::received::ReceivedDownlink;
pub(crate) use recent::RecentIds;
use revisions::{Freshness, Revisions};

/// Number of downlink ids, and of answered requests, that are remembered. The protocol requires at least
/// 1,000.
pub const REMEMBERED_IDS: usize = 2_000;
/// Number of meetings whose revisions are remembered.
pub const REMEMBERED_MEETINGS: usize = 200;

/// The reason for which a downlink is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// A downlink with this id was received before.
    Duplicate,
    /// The downlink answers a request that another downlink has already answered.
    SecondAnswer,
    /// The downlink has expired.
    Expired,
    /// A newer snapshot of the same object was received before.
    Superseded,
}

/// The result of sorting a downlink.
#[derive(Debug, PartialEq)]
pub enum SortedDownlink {
    /// The answer to a request that waits for it.
    Answer(ReceivedDownlink),
    /// Any other downlink for the owner: a notice, or an answer to a request that does not wait.
    Notice {
        /// The downlink.
        message: ReceivedDownlink,
        /// True if an earlier notice was lost.
        gap: bool,
    },
    /// The downlink is dropped.
    Dropped(DropReason),
}

/// The memory for sorting downlinks: ids, answered requests and revisions.
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
    /// Sorts a downlink at time `now`, and remembers it. `is_waiting` returns whether the request with an id
    /// waits for its answer.
    pub fn sort(
        &mut self,
        message: ReceivedDownlink,
        now: Instant,
        is_waiting: impl Fn(&str) -> bool,
    ) -> SortedDownlink {
        if message.is_expired(now) {
            return SortedDownlink::Dropped(DropReason::Expired);
        }
        let is_new = self.seen.insert(&message.id);
        if let Some(request) = message.answers() {
            // The answer to a repeated request has the same downlink id, so a waiting request gets the answer
            // even if the id is known.
            if is_waiting(request) {
                self.answered.insert(request);
                self.revisions.record(&message);
                return SortedDownlink::Answer(message);
            }
            if is_new && !self.answered.insert(request) {
                return SortedDownlink::Dropped(DropReason::SecondAnswer);
            }
        }
        if !is_new {
            return SortedDownlink::Dropped(DropReason::Duplicate);
        }
        match self.revisions.record(&message) {
            Freshness::Superseded => SortedDownlink::Dropped(DropReason::Superseded),
            Freshness::Current => SortedDownlink::Notice { message, gap: false },
            Freshness::AfterGap => SortedDownlink::Notice { message, gap: true },
        }
    }
}
