//! The revisions of the meetings that a terminal knows, for detecting gaps and superseded snapshots.

use serde_json::Value;
use std::collections::{HashMap, VecDeque};

use switchboard_protocol::downlink::{DownlinkInfo, Snapshot};

use crate::received::ReceivedDownlink;

/// Result of comparing a message with the known revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// The message follows the known revision.
    Current,
    /// The message is new, but an earlier notice was lost.
    AfterGap,
    /// A newer snapshot of the same object is known.
    Superseded,
}

#[derive(Debug, Default)]
struct MeetingRevisions {
    /// The largest revision of a message with a whole meeting or with a `prev_rev`. Later notices must follow
    /// this revision.
    latest: Option<u64>,
    /// The largest revision of a whole meeting, which is a snapshot of all its objects.
    snapshot: u64,
    /// The largest revision of a snapshot of each object, by its name within the meeting.
    objects: HashMap<String, u64>,
    /// True if the meeting has ended or the user was removed. Gaps are then no longer reported.
    ended: bool,
}

/// The revisions of the latest meetings, at most `limit`.
#[derive(Debug)]
pub(super) struct Revisions {
    by_meeting: HashMap<String, MeetingRevisions>,
    order: VecDeque<String>,
    limit: usize,
}

impl Revisions {
    pub fn new(limit: usize) -> Self {
        Self { by_meeting: HashMap::new(), order: VecDeque::new(), limit }
    }

    /// Records the revisions in the message, and compares the message with the revisions known before.
    pub fn record(&mut self, message: &ReceivedDownlink) -> Freshness {
        for meeting in whole_meetings(message) {
            if let (Some(id), Some(rev)) = (text(meeting, "meeting_id"), number(meeting, "rev")) {
                self.meeting(id).record_snapshot(rev);
            }
        }
        let (Some(meeting_id), Some(rev)) = (&message.meeting_id, message.rev) else {
            return Freshness::Current;
        };
        let has_meeting = message.body.get("meeting").is_some_and(Value::is_object);
        let is_exempt = ["re", "join", "invite_id"].iter().any(|field| message.body.contains_key(*field));
        let object = object(message);
        let revisions = self.meeting(meeting_id);
        // A `join` means that a removed user is admitted again, and receives all later notices.
        revisions.ended &= !message.body.contains_key("join");
        if has_meeting {
            revisions.record_snapshot(rev);
        }
        revisions.ended |= matches!(message.kind.as_str(), "meeting_ended" | "participant_removed");
        // The gap is checked before the message's own revision is recorded, so that it is reported only once.
        let gap = message.prev_rev.is_some_and(|prev_rev| {
            let gap = !revisions.ended && revisions.latest.is_none_or(|known| prev_rev > known);
            revisions.latest = revisions.latest.max(Some(rev));
            gap
        });
        let is_older = object.is_some_and(|object| revisions.record_object(object, rev));
        match (is_older && !is_exempt, gap) {
            (true, _) => Freshness::Superseded,
            (false, true) => Freshness::AfterGap,
            (false, false) => Freshness::Current,
        }
    }

    fn meeting(&mut self, meeting_id: &str) -> &mut MeetingRevisions {
        if !self.by_meeting.contains_key(meeting_id) {
            self.order.push_back(meeting_id.to_owned());
            if self.order.len() > self.limit
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_meeting.remove(&oldest);
            }
        }
        self.by_meeting.entry(meeting_id.to_owned()).or_default()
    }
}

impl MeetingRevisions {
    fn record_snapshot(&mut self, rev: u64) {
        self.latest = self.latest.max(Some(rev));
        self.snapshot = self.snapshot.max(rev);
    }

    /// Records a snapshot of one object. Returns whether a newer snapshot is known.
    fn record_object(&mut self, object: String, rev: u64) -> bool {
        let newest = self.objects.entry(object).or_default();
        if rev < self.snapshot.max(*newest) {
            return true;
        }
        *newest = rev;
        false
    }
}

/// Returns the whole meetings in the message.
fn whole_meetings(message: &ReceivedDownlink) -> impl Iterator<Item = &Value> {
    let listed = message.body.get("meetings").and_then(Value::as_array).into_iter().flatten();
    listed.chain(message.body.get("meeting"))
}

/// Returns the name, within the meeting, of the object of which the message is a snapshot.
fn object(message: &ReceivedDownlink) -> Option<String> {
    let Snapshot { object, key } = DownlinkInfo::find(&message.kind)?.snapshot?;
    let [first, rest @ ..] = key else { return Some(object.to_owned()) };
    let first = message.body.get(*first)?;
    let key = rest.iter().try_fold(first, |part, field| part.get(field))?.as_str()?;
    Some(format!("{object} {key}"))
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

fn number(object: &Value, field: &str) -> Option<u64> {
    object.get(field).and_then(Value::as_u64)
}
