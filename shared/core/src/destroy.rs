//! Ending a meeting for all (T46).

use super::change::Change;
use super::decide::Decision;
use super::reply::Outcome;
use super::{Meeting, Now, Refusal};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::{Code, EndReason};

/// T46: whoever runs the service ends a meeting; one that has ended stays as it is.
#[must_use]
pub fn end_by_admin(meeting: &Meeting, now: Now) -> Decision {
    let mut change = Change::of(meeting, now);
    change.tick();
    if change.meeting.end().is_none() {
        change.end(EndReason::Admin);
    }
    change.decision_of_time()
}

impl Change {
    /// T46: only the host, from any of his devices.
    pub(super) fn destroy(&mut self, by: &ClientId) -> Outcome {
        if self.meeting.host != by.user() {
            return Err(Refusal::new(Code::NotHost, "only the host ends the meeting; you can leave it"));
        }
        self.end(EndReason::HostEnded);
        Ok(self.meeting.ended_body().into())
    }
}
