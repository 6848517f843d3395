//! How recent a terminal's revisions of each meeting is: gaps are noticed, older snapshots recognised.

use serde_json::Value;
use std::collections::{HashMap, VecDeque};

use crate::received::ReceivedDownlink;

/// How a message stands to what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It follows what is known.
    Current,
    /// It is news, but something before it is missing.
    AfterGap,
    /// Something newer is known about the same object.
    Superseded,
}

#[derive(Debug, Default)]
struct MeetingRevisions {
    /// The greatest revision that came with a whole meeting or with a `prev_rev`.
    known: Option<u64>,
    /// The revision of the last whole meeting: a snapshot of everything in it.
    whole: u64,
    /// The revision of the last snapshot of each object, by its name within the meeting.
    objects: HashMap<String, u64>,
    /// What comes after the end, or after having been taken out, cannot be missed any more.
    ended: bool,
}

/// What is known of the last so many meetings.
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

    /// Takes in what the message says about revisions.
    pub fn record(&mut self, message: &ReceivedDownlink) -> Freshness {
        for meeting in whole_meetings(message) {
            if let (Some(id), Some(rev)) = (text(meeting, "meeting_id"), number(meeting, "rev")) {
                self.revisions(id).record_snapshot(rev);
            }
        }
        let (Some(meeting_id), Some(rev)) = (&message.meeting_id, message.rev) else {
            return Freshness::Current;
        };
        let has_meeting = message.body.get("meeting").is_some_and(Value::is_object);
        let is_exempt = ["re", "join", "invite_id"].iter().any(|field| message.body.contains_key(*field));
        let object = object(message);
        let revisions = self.revisions(meeting_id);
        // Whoever was taken out and is let in again is told everything again.
        revisions.ended &= !message.body.contains_key("join");
        if has_meeting {
            revisions.record_snapshot(rev);
        }
        revisions.ended |= matches!(message.kind.as_str(), "meeting_ended" | "participant_removed");
        // The gap is looked for before the message itself is taken in, and reported once.
        let gap = message.prev_rev.is_some_and(|prev_rev| {
            let gap = !revisions.ended && revisions.known.is_none_or(|known| prev_rev > known);
            revisions.known = revisions.known.max(Some(rev));
            gap
        });
        let is_older = object.is_some_and(|object| revisions.record_object(object, rev));
        match (is_older && !is_exempt, gap) {
            (true, _) => Freshness::Superseded,
            (false, true) => Freshness::AfterGap,
            (false, false) => Freshness::Current,
        }
    }

    fn revisions(&mut self, meeting_id: &str) -> &mut MeetingRevisions {
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
        self.known = self.known.max(Some(rev));
        self.whole = self.whole.max(rev);
    }

    /// Remembers a snapshot of one object; whether a newer one is known.
    fn record_object(&mut self, object: String, rev: u64) -> bool {
        let newest = self.objects.entry(object).or_default();
        if rev < self.whole.max(*newest) {
            return true;
        }
        *newest = rev;
        false
    }
}

/// The whole meetings that the message carries inside.
fn whole_meetings(message: &ReceivedDownlink) -> impl Iterator<Item = &Value> {
    let listed = message.body.get("meetings").and_then(Value::as_array).into_iter().flatten();
    listed.chain(message.body.get("meeting"))
}

/// The object within the meeting that the message is a snapshot of.
fn object(message: &ReceivedDownlink) -> Option<String> {
    match message.kind.as_str() {
        "participant_updated" => {
            Some(format!("participant {}", text(message.body.get("participant")?, "user_id")?))
        }
        "speech_changed" => Some(format!("speech {}", message.body.get("user_id")?.as_str()?)),
        "hand_changed" => Some("hands".to_owned()),
        "host_changed" => Some("host".to_owned()),
        "meeting_updated" => Some("meeting".to_owned()),
        _ => None,
    }
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

fn number(object: &Value, field: &str) -> Option<u64> {
    object.get(field).and_then(Value::as_u64)
}
