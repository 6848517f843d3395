//! What an ended meeting leaves in the call history of everybody who had a part in it.

use super::{Meeting, Participant};
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{CallView, Direction};

impl Meeting {
    /// One entry per participant; none while the meeting is live, and none of a create that was taken back unseen.
    #[must_use]
    pub fn call_history(&self) -> Vec<(UserId, CallView)> {
        let Some((reason, ended_ms, _)) = self.end() else { return Vec::new() };
        let reason = serde_json::to_value(reason).ok().and_then(|reason| reason.as_str().map(str::to_owned));
        let had_a_part = |p: &&Participant| p.seat.is_some() || p.invitation.is_some();
        let entry = |p: &Participant| {
            // Who never had a seat was not in the call, however long it went on without them.
            let started_ms = self.active_since_ms.filter(|_| p.seat.is_some());
            let call = CallView {
                meeting_id: self.id.clone(),
                direction: if self.created_by.client_id.user() == p.user_id {
                    Direction::Out
                } else {
                    Direction::In
                },
                peers: self.participants.keys().filter(|user| **user != p.user_id).cloned().collect(),
                mode: self.mode,
                media: self.media,
                reason: p.state.end_code().map(str::to_owned).or_else(|| reason.clone()).unwrap_or_default(),
                started_ms,
                ended_ms,
                duration_ms: started_ms.map_or(0, |started_ms| (ended_ms - started_ms).max(0)),
            };
            (p.user_id.clone(), call)
        };
        self.participants.values().filter(had_a_part).map(entry).collect()
    }
}
