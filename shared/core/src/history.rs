//! The call history entries that an ended meeting leaves.

use crate::meeting::Meeting;
use crate::participant::Participant;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{CallView, Direction};

impl Meeting {
    /// One entry for each participant who had a seat or an invitation; no entries while the meeting is live.
    #[must_use]
    pub fn call_history(&self) -> Vec<(UserId, CallView)> {
        let Some(end) = self.end() else { return Vec::new() };
        let reason =
            serde_json::to_value(end.reason).ok().and_then(|reason| reason.as_str().map(str::to_owned));
        let had_a_part = |p: &&Participant| p.had_seat || p.invitation().is_some();
        let entry = |p: &Participant| {
            // A participant who never had a seat was not in the call.
            let started_ms = self.active_since_ms.filter(|_| p.had_seat);
            let is_creator = self.created_by.client_id.user() == p.user_id;
            let call = CallView {
                meeting_id: self.id.clone(),
                direction: if is_creator { Direction::Out } else { Direction::In },
                peers: self.participants.keys().filter(|user| **user != p.user_id).cloned().collect(),
                mode: *self.mode,
                media: self.media,
                reason: p
                    .state()
                    .end_code()
                    .map(str::to_owned)
                    .or_else(|| reason.clone())
                    .unwrap_or_default(),
                started_ms,
                ended_ms: end.at_ms,
                duration_ms: started_ms.map_or(0, |started_ms| (end.at_ms - started_ms).max(0)),
            };
            (p.user_id.clone(), call)
        };
        self.participants.values().filter(had_a_part).map(entry).collect()
    }
}
