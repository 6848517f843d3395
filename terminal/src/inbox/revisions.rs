//! How recent a terminal's picture of each meeting is: gaps are noticed, older snapshots recognised.

use serde_json::Value;
use std::collections::{HashMap, VecDeque};

use crate::received::Received;

/// How a message stands to what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It follows what is known.
    Current,
    /// It is news, but something before it is missing.
    AfterGap,
    /// Something newer is known about the same object.
    Superseded,
}

#[derive(Debug, Default)]
struct Picture {
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
    pictures: HashMap<String, Picture>,
    order: VecDeque<String>,
    limit: usize,
}

impl Revisions {
    pub fn new(limit: usize) -> Self {
        Self { pictures: HashMap::new(), order: VecDeque::new(), limit }
    }

    /// Takes in what the message says about revisions.
    pub fn note(&mut self, message: &Received) -> Standing {
        for meeting in whole_meetings(message) {
            if let (Some(id), Some(rev)) = (text(meeting, "meeting_id"), number(meeting, "rev")) {
                self.picture(id).note_whole(rev);
            }
        }
        let (Some(meeting_id), Some(rev)) = (&message.meeting_id, message.rev) else {
            return Standing::Current;
        };
        let has_meeting = message.body.get("meeting").is_some_and(Value::is_object);
        let is_exempt = ["re", "join", "invite_id"].iter().any(|field| message.body.contains_key(*field));
        let object = object(message);
        let picture = self.picture(meeting_id);
        // Whoever was taken out and is let in again is told everything again.
        picture.ended &= !message.body.contains_key("join");
        if has_meeting {
            picture.note_whole(rev);
        }
        picture.ended |= matches!(message.kind.as_str(), "meeting_ended" | "participant_removed");
        // The gap is looked for before the message itself is taken in, and reported once.
        let gap = message.prev_rev.is_some_and(|prev_rev| {
            let gap = !picture.ended && picture.known.is_none_or(|known| prev_rev > known);
            picture.known = picture.known.max(Some(rev));
            gap
        });
        let is_older = object.is_some_and(|object| picture.note_object(object, rev));
        match (is_older && !is_exempt, gap) {
            (true, _) => Standing::Superseded,
            (false, true) => Standing::AfterGap,
            (false, false) => Standing::Current,
        }
    }

    fn picture(&mut self, meeting_id: &str) -> &mut Picture {
        if !self.pictures.contains_key(meeting_id) {
            self.order.push_back(meeting_id.to_owned());
            if self.order.len() > self.limit
                && let Some(oldest) = self.order.pop_front()
            {
                self.pictures.remove(&oldest);
            }
        }
        self.pictures.entry(meeting_id.to_owned()).or_default()
    }
}

impl Picture {
    fn note_whole(&mut self, rev: u64) {
        self.known = self.known.max(Some(rev));
        self.whole = self.whole.max(rev);
    }

    /// Remembers a snapshot of one object; whether a newer one is known.
    fn note_object(&mut self, object: String, rev: u64) -> bool {
        let newest = self.objects.entry(object).or_default();
        if rev < self.whole.max(*newest) {
            return true;
        }
        *newest = rev;
        false
    }
}

/// The whole meetings that the message carries inside.
fn whole_meetings(message: &Received) -> impl Iterator<Item = &Value> {
    let listed = message.body.get("meetings").and_then(Value::as_array).into_iter().flatten();
    listed.chain(message.body.get("meeting"))
}

/// The object within the meeting that the message is a snapshot of.
fn object(message: &Received) -> Option<String> {
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
