//! Removed participants and the media (T62, T63). The service asks the RTC service whether removed
//! participants are out, and removes them again if they return with an older join token. The host set is
//! notified of both.

#[cfg(test)]
mod tests;

use crate::change::Change;
use crate::limits::CHECK_KEPT_DUE_MS;
use crate::meeting::Meeting;
use crate::participant::LastMediaEvent;
use crate::removal_proof::RemovalProof;
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;

impl Change {
    /// Applies a list of the users in the channel. `rev` is the revision that was known before the list was
    /// read; the list is ignored for removals after it, and for later events about them.
    pub(super) fn check_removed(&mut self, users: &BTreeSet<UserId>, rev: u64) {
        if self.meeting.end().is_some() {
            return;
        }
        let (now_ms, new_rev) = (self.now.ms, self.rev);
        for participant in self.meeting.participants.values_mut() {
            let is_in = users.contains(&participant.user_id);
            let Some(proof) = participant.removal_proof.as_mut() else { continue };
            if proof.gone_ms.rev() > rev || proof.asked_ms.rev() > rev {
                continue;
            }
            if !is_in {
                let is_news = proof.confirm(now_ms, new_rev);
                if is_news || proof.is_check_due(now_ms, 0) {
                    proof.schedule_check(now_ms);
                    self.is_changed = true;
                }
            } else if !proof.is_full() {
                proof.found(true, now_ms, new_rev);
                self.is_changed = true;
            }
        }
    }

    /// Applies a callback about a removed participant. An event that is not newer than the last one proves
    /// nothing.
    pub(super) fn hear_of_removed(&mut self, user: &UserId, event: LastMediaEvent) {
        if self.meeting.end().is_some() {
            return;
        }
        let (now_ms, rev) = (self.now.ms, self.rev);
        let Some(participant) = self.meeting.participants.get_mut(user) else { return };
        let is_newer = event.follows(participant.last_event.as_ref());
        // Without an earlier event, a join may be a late report of the stay that the removal ended.
        let is_certain = participant.last_event.is_some();
        let is_join = event.is_join;
        let Some(proof) = participant.removal_proof.as_mut().filter(|proof| is_newer && !proof.is_full())
        else {
            return;
        };
        if is_join {
            proof.found(is_certain, now_ms, rev);
        } else {
            proof.confirm(now_ms, rev);
        }
        participant.last_event = Some(event);
        self.is_changed = true;
    }

    /// Postpones checks that are long overdue because the RTC service does not answer.
    pub(crate) fn postpone_removal_checks(&mut self) {
        let now_ms = self.now.ms;
        for participant in self.meeting.participants.values_mut() {
            if let Some(proof) = participant.removal_proof.as_mut()
                && proof.is_check_due(now_ms, CHECK_KEPT_DUE_MS)
            {
                proof.postpone_check(now_ms);
                self.is_changed = true;
            }
        }
    }
}

impl Meeting {
    /// Returns whether the service has to ask the RTC service if removed participants are out of the media.
    #[must_use]
    pub fn is_removal_check_due(&self, now_ms: i64) -> bool {
        let is_due = |proof: &RemovalProof| proof.is_check_due(now_ms, 0);
        self.end().is_none()
            && self.participants.values().filter_map(|p| p.removal_proof.as_ref()).any(is_due)
    }
}
