//! Joins the pages of a `state` or of `settings` into one answer.

use serde_json::Value;
use std::collections::BTreeMap;

use crate::received::ReceivedDownlink;

/// The received pages of an answer.
#[derive(Debug, Default)]
pub(super) struct Pages {
    total: u64,
    received: BTreeMap<u64, ReceivedDownlink>,
}

impl Pages {
    /// Adds a message. Returns the whole answer if the message is not paged, or is the last missing page.
    pub fn add(&mut self, message: ReceivedDownlink) -> Option<ReceivedDownlink> {
        let number = |name: &str| message.body.get(name).and_then(Value::as_u64);
        let (page, pages) = match (number("page"), number("pages")) {
            (Some(page), Some(pages)) if pages > 1 && (1..=pages).contains(&page) => (page, pages),
            _ => return Some(message),
        };
        // The answer to a repeated request may have another number of pages, which do not match the first
        // ones.
        if self.total != pages {
            self.received.clear();
            self.total = pages;
        }
        self.received.insert(page, message);
        if u64::try_from(self.received.len()) != Ok(pages) {
            return None;
        }
        let mut in_order = std::mem::take(&mut self.received).into_values();
        let mut whole = in_order.next()?;
        for mut page in in_order {
            for list in ["meetings", "invitations", "blocked", "allow"] {
                let (Some(Value::Array(all)), Some(Value::Array(more))) =
                    (whole.body.get_mut(list), page.body.get_mut(list))
                else {
                    continue;
                };
                all.append(more);
            }
        }
        if let Some(Value::Array(meetings)) = whole.body.get_mut("meetings") {
            join_split_meetings(meetings);
        }
        whole.body.remove("page");
        whole.body.remove("pages");
        Some(whole)
    }
}

/// Joins a meeting that continues on the next page because one page has no room for all its participants.
fn join_split_meetings(meetings: &mut Vec<Value>) {
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
