//! One state of the model: the table, the messages in transit, and the terminals.

use crate::network::{Downlink, News, Uplink};
use crate::terminal::Terminal;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use switchboard_core::{Meeting, Now, RtcCapabilities};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::{MeetingId, RequestId};
use switchboard_service::fake::TableState;

/// Time of the first state, in milliseconds since the epoch.
pub const START_MS: i64 = 1_795_366_084_000;

/// A visited state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Milliseconds since the first state.
    pub after_ms: i64,
    pub table: Table,
    pub uplinks: BTreeSet<Uplink>,
    pub downlinks: BTreeSet<Downlink>,
    pub terminals: BTreeMap<ClientId, Terminal>,
    /// Number of faults that may still happen: a message is lost, duplicated, or delayed beyond a deadline,
    /// or a function crashes.
    pub faults: u8,
    pub seen: Seen,
}

/// Violations that a single state does not show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a violated property")]
pub struct Seen {
    /// Requests that changed a meeting beyond its expired deadlines.
    pub applied: BTreeSet<(ClientId, RequestId)>,
    pub applied_twice: bool,
    pub revived: bool,
    pub token_after_removal: bool,
    pub unanswered: bool,
    /// True if a downlink was lost, or overtook the offer that it concerns. Then a device may ring until the
    /// deadline of its offer.
    pub missed: bool,
}

/// The table, hashed by the data that the functions of the model read.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    state: TableState,
    /// Digests of the meetings, calculated once for each commit.
    digests: BTreeMap<MeetingId, u64>,
}

impl Table {
    pub fn new(state: TableState) -> Self {
        Self { state, digests: BTreeMap::new() }
    }

    pub fn state(&self) -> &TableState {
        &self.state
    }

    pub fn meeting(&self, id: &MeetingId) -> &Meeting {
        &self.state.meetings[id].meeting
    }

    /// Replaces the contents after a step.
    pub fn replace(&mut self, mut state: TableState) {
        // No function of the model reads the references.
        state.parts.clear();
        state.calls.clear();
        for (id, stored) in &state.meetings {
            let before = self.state.meetings.get(id);
            if !before.is_some_and(|before| Arc::ptr_eq(&before.meeting, &stored.meeting)) {
                self.digests.insert(id.clone(), digest(&stored.meeting));
            }
        }
        self.state = state;
    }
}

/// Returns the digest of a meeting, made from its debug output, which shows every field.
fn digest(meeting: &Meeting) -> u64 {
    struct Digest(DefaultHasher);
    impl fmt::Write for Digest {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut digest = Digest(DefaultHasher::new());
    fmt::write(&mut digest, format_args!("{meeting:?}")).expect("a hasher takes everything");
    digest.0.finish()
}

impl Eq for Table {}

impl Hash for Table {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.digests.hash(hasher);
        self.state.slots.hash(hasher);
        self.state.marks.len().hash(hasher);
        for stored in self.state.meetings.values() {
            for (rev, pending) in &stored.pending {
                (rev, pending.due_ms).hash(hasher);
            }
            for (invite, devices) in &stored.reached {
                (invite, devices.len()).hash(hasher);
            }
        }
    }
}

impl World {
    pub fn now(&self) -> Now {
        Now { ms: START_MS + self.after_ms }
    }

    /// Returns the next time at which `wake` has work for this meeting.
    pub fn due_ms(&self, id: &MeetingId) -> Option<i64> {
        let stored = &self.table.state().meetings[id];
        let pending = stored.pending.values().map(|pending| pending.due_ms);
        pending.chain(stored.meeting.next_deadline_ms(RtcCapabilities::default())).min()
    }

    /// Returns whether an offer of this meeting is in transit to the device, and the device has not received
    /// it yet.
    pub fn offers(&self, to: &ClientId, meeting: Option<&MeetingId>) -> bool {
        let is_one = |downlink: &&Downlink| {
            downlink.to == *to
                && downlink.meeting.as_ref() == meeting
                && downlink.news == News::Offer
                && !self.terminals[to].has_received(downlink)
        };
        self.downlinks.iter().any(|downlink| is_one(&downlink))
    }

    /// Returns whether this request or its answer is in transit.
    pub fn is_under_way(&self, request: &Uplink) -> bool {
        let answers =
            |downlink: &&Downlink| downlink.to == request.by && downlink.re.as_ref() == Some(&request.id);
        self.uplinks.contains(request) || self.downlinks.iter().any(|downlink| answers(&downlink))
    }

    pub fn nothing_under_way(&self) -> bool {
        self.uplinks.is_empty() && self.downlinks.is_empty()
    }

    /// Returns whether no message is in transit, no deadline will be due, and no terminal waits for an
    /// answer.
    pub fn is_quiescent(&self) -> bool {
        self.nothing_under_way()
            && self.table.state().meetings.keys().all(|id| self.due_ms(id).is_none())
            && self.terminals.values().all(|terminal| !terminal.may_send_again())
    }
}
