//! One state of everything: the table, what is under way, and the terminals.

use crate::network::{Downlink, News, Uplink};
use crate::terminal::Terminal;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use switchboard_core::cause::Cause;
use switchboard_core::{Meeting, Now};
use switchboard_protocol::address::{ClientId, UserId};

/// The moment at which everything begins.
pub const START_MS: i64 = 1_795_366_084_000;

/// A state that is visited.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Milliseconds since the beginning.
    pub after_ms: i64,
    pub records: BTreeMap<String, Record>,
    /// Whose call slot names which meeting.
    pub slots: BTreeMap<UserId, String>,
    pub uplinks: BTreeSet<Uplink>,
    pub downlinks: BTreeSet<Downlink>,
    pub terminals: BTreeMap<ClientId, Terminal>,
    /// How many things may still go wrong: a message lost, doubled, or delayed beyond a deadline, a death.
    pub faults: u8,
    pub seen: Seen,
}

/// What must never happen and cannot be read from a single state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a promise that was broken")]
pub struct Seen {
    /// Requests that changed a meeting, beyond what time did.
    pub applied: BTreeSet<(ClientId, String)>,
    pub applied_twice: bool,
    pub revived: bool,
    pub token_after_removal: bool,
    pub unanswered: bool,
    /// A downlink was lost, or overtook the offer that it is about: then a device may ring in vain until its offer's own
    /// deadline.
    pub unheard: bool,
}

/// A meeting as it is committed: shared by all worlds in which it is the same, and hashed once.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub meeting: Arc<Meeting>,
    digest: u64,
    /// Effects that nobody reported done, by revision.
    pub pending: BTreeMap<u64, Pending>,
}

impl Record {
    pub fn new(meeting: Meeting, pending: BTreeMap<u64, Pending>) -> Self {
        let mut hasher = DefaultHasher::new();
        serde_json::to_vec(&meeting).expect("a meeting serialises").hash(&mut hasher);
        Self { meeting: Arc::new(meeting), digest: hasher.finish(), pending }
    }
}

/// Effects to be done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub cause: Cause,
    pub due_ms: i64,
}

impl Eq for Record {}

impl Hash for Record {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
        for (rev, pending) in &self.pending {
            (rev, pending.due_ms).hash(state);
        }
    }
}

impl World {
    pub fn now(&self) -> Now {
        Now { ms: START_MS + self.after_ms, rtc_tells: false, rtc_restricts: false }
    }

    /// When something of this meeting is due next.
    pub fn due_ms(&self, id: &str) -> Option<i64> {
        let record = &self.records[id];
        let pending = record.pending.values().map(|pending| pending.due_ms);
        pending.chain(record.meeting.next_deadline_ms(false)).min()
    }

    /// Whether an offer of this meeting is on its way to the device, which has not heard it yet.
    pub fn offers(&self, to: &ClientId, meeting: &str) -> bool {
        let is_one = |downlink: &&Downlink| {
            downlink.to == *to
                && downlink.meeting == meeting
                && downlink.news == News::Offer
                && !self.terminals[to].heard(downlink)
        };
        self.downlinks.iter().any(|downlink| is_one(&downlink))
    }

    /// Whether a copy of this request or of its answer is under way.
    pub fn is_under_way(&self, request: &Uplink) -> bool {
        let answers =
            |downlink: &&Downlink| downlink.to == request.by && downlink.re.as_ref() == Some(&request.id);
        self.uplinks.contains(request) || self.downlinks.iter().any(|downlink| answers(&downlink))
    }

    pub fn nothing_under_way(&self) -> bool {
        self.uplinks.is_empty() && self.downlinks.is_empty()
    }

    /// Nothing is under way, nothing is due at any time, and nobody tries any more.
    pub fn is_quiescent(&self) -> bool {
        self.nothing_under_way()
            && self.records.keys().all(|id| self.due_ms(id).is_none())
            && self.terminals.values().all(|terminal| !terminal.may_send_again())
    }
}
