//! A `state` that came in parts is one answer.

use serde_json::Value;
use std::collections::BTreeMap;

use crate::received::ReceivedDownlink;

/// The parts that are there.
#[derive(Debug, Default)]
pub(super) struct Pages {
    of: u64,
    parts: BTreeMap<u64, ReceivedDownlink>,
}

impl Pages {
    /// The whole answer, if this message is all of it or its last missing part.
    pub fn take(&mut self, message: ReceivedDownlink) -> Option<ReceivedDownlink> {
        let number = |name: &str| message.body.get(name).and_then(Value::as_u64);
        let (page, pages) = match (number("page"), number("pages")) {
            (Some(page), Some(pages)) if pages > 1 && (1..=pages).contains(&page) => (page, pages),
            _ => return Some(message),
        };
        // Asked again, the service may have had more to say: parts of another whole do not fit.
        if self.of != pages {
            self.parts.clear();
            self.of = pages;
        }
        self.parts.insert(page, message);
        if u64::try_from(self.parts.len()) != Ok(pages) {
            return None;
        }
        let mut parts = std::mem::take(&mut self.parts).into_values();
        let mut whole = parts.next()?;
        for mut part in parts {
            for list in ["meetings", "invitations"] {
                let (Some(Value::Array(all)), Some(Value::Array(more))) =
                    (whole.body.get_mut(list), part.body.get_mut(list))
                else {
                    continue;
                };
                all.append(more);
            }
        }
        if let Some(Value::Array(meetings)) = whole.body.get_mut("meetings") {
            join_parts(meetings);
        }
        whole.body.remove("page");
        whole.body.remove("pages");
        Some(whole)
    }
}

/// A meeting with too many people for one page goes on in the next one: the same meeting with the others.
fn join_parts(meetings: &mut Vec<Value>) {
    meetings.dedup_by(|part, meeting| {
        if part["meeting_id"] != meeting["meeting_id"] {
            return false;
        }
        if let (Some(people), Some(more)) =
            (meeting["participants"].as_array_mut(), part["participants"].as_array_mut())
        {
            people.append(more);
        }
        true
    });
}
