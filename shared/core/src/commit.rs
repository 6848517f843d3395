//! The end of every decision: the working copy becomes the state to commit, and its notices and calls are read from it.

use crate::cause::Cause;
use crate::change::Change;
use crate::decision::Decision;
use crate::media_acts::media_acts;
use crate::notices::notices;

impl Change {
    /// The state to commit, if anything changed, with the effects that follow; not yet the answer. `request` is the request
    /// that was applied.
    pub(crate) fn commit(self, request: Option<&Cause>) -> Decision {
        if !self.is_changed {
            return Decision::default();
        }
        // Changes by a deadline get the deadline as cause: with the request's, clients would take the notices for a repeat.
        let deadline = Cause::Deadline { meeting_id: self.meeting.id.clone(), rev: self.rev };
        let cause = request.filter(|cause| cause.made(&self.meeting, self.rev)).unwrap_or(&deadline);
        let mut meeting = self.meeting;
        meeting.rev = self.rev;
        let notices = notices(&meeting, self.rev, cause, self.now.ms, self.rtc);
        if notices.iter().any(|notice| notice.prev_rev.is_some()) {
            meeting.notified_rev = self.rev;
        }
        let media = media_acts(&meeting, self.rev);
        Decision { next: Some(meeting), slots: self.slots, media, notices, ..Decision::default() }
    }
}
