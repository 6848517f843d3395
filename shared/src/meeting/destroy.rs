//! Ending a meeting for all (T46).

use super::Refusal;
use super::change::Change;
use super::decide::Outcome;
use crate::address::ClientId;
use crate::message::code::{Code, EndReason};

impl Change {
    /// T46: only the host, from any of his devices.
    pub(super) fn destroy(&mut self, by: &ClientId) -> Outcome {
        if self.meeting.host != by.user() {
            return Err(Refusal::new(Code::NotHost, "only the host ends the meeting; you can leave it"));
        }
        self.end(EndReason::HostEnded);
        Ok(self.meeting.ended_body())
    }
}
