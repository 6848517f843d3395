//! Trimming of downlinks that would be larger than [`MAX_DOWNLINK_BYTES`]. What is omitted is not lost: `sync`
//! returns it, in pages.
//!
//! A meeting is trimmed in this order, and only as far as necessary:
//!
//! 1. texts and reasons of users who are out, then these users;
//! 2. the succession;
//! 3. users in the lobby, then invited users, the latest first;
//! 4. names of the members, the latest first;
//! 5. the app's object;
//! 6. members, the latest first.
//!
//! A meeting without more than the first step has no mark, since terminals show only the present. After any
//! other step it has `truncated`.

use super::{Body, Downlink};
use crate::MAX_DOWNLINK_BYTES;
use crate::object::{InvitationView, MeetingView, ParticipantState, ParticipantView};
use serde::Serialize;

/// Largest number of participants or invitations with which a downlink always fits, so that its size need not
/// be computed.
pub const MAX_ALWAYS_WHOLE: usize = 16;

impl Downlink {
    /// Trims the body until the downlink has at most [`MAX_DOWNLINK_BYTES`].
    pub fn fit(&mut self) {
        if !self.body.may_be_too_large() {
            return;
        }
        let Some(excess) = excess(self) else { return };
        match &mut self.body {
            Body::InvitationResult { invitations, .. } => omit_texts(invitations, excess),
            body => {
                if let Some(meeting) = body.meeting_mut() {
                    meeting.shrink(excess);
                }
            }
        }
    }
}

/// Returns the number of bytes by which the downlink is too large; `None` if it fits.
fn excess(downlink: &Downlink) -> Option<usize> {
    size(downlink).checked_sub(MAX_DOWNLINK_BYTES).filter(|excess| *excess > 0)
}

impl Body {
    /// Returns the meeting in the body.
    const fn meeting_mut(&mut self) -> Option<&mut MeetingView> {
        match self {
            Self::MeetingCreated { meeting, .. }
            | Self::InvitationAccepted { meeting }
            | Self::Joined { meeting }
            | Self::MeetingUpdated { meeting }
            | Self::MeetingMerged { meeting } => Some(meeting),
            Self::LobbyResult { meeting, .. } => meeting.as_mut(),
            _ => None,
        }
    }

    fn may_be_too_large(&mut self) -> bool {
        match self {
            Self::InvitationResult { invitations, .. } => invitations.len() > MAX_ALWAYS_WHOLE,
            _ => self.meeting_mut().is_some_and(|meeting| meeting.participants.len() > MAX_ALWAYS_WHOLE),
        }
    }
}

impl MeetingView {
    /// Omits texts and reasons of users who are out, and then these users, if the meeting has more than
    /// `max_bytes`.
    pub fn omit_past(&mut self, max_bytes: usize) {
        let is_too_large = self.participants.len() > MAX_ALWAYS_WHOLE && size(self) > max_bytes;
        if is_too_large {
            let excess = size(self) - max_bytes;
            Trim { meeting: self, excess }.past();
        }
    }

    /// Omits parts of the meeting, in the order that this module describes, until it is smaller by `excess`
    /// bytes.
    fn shrink(&mut self, excess: usize) {
        let mut trim = Trim { meeting: self, excess };
        trim.past();
        if trim.excess == 0 {
            return;
        }
        trim.meeting.truncated = Some(true);
        trim.excess += ",\"truncated\":true".len();
        trim.succession();
        trim.participants(|p| p.state == ParticipantState::Lobby);
        trim.participants(|p| p.state.is_pending());
        trim.names();
        trim.ext();
        trim.participants(|_| true);
    }
}

/// A meeting while it is trimmed.
struct Trim<'a> {
    meeting: &'a mut MeetingView,
    /// Bytes that must still be omitted.
    excess: usize,
}

impl Trim<'_> {
    fn past(&mut self) {
        for participant in self.meeting.participants.iter_mut().filter(|p| is_out(p)) {
            if self.excess == 0 {
                return;
            }
            let before = size(participant);
            participant.text = None;
            participant.reason = None;
            self.excess = self.excess.saturating_sub(before - size(participant));
        }
        if self.excess > 0 {
            let before = size(&self.meeting.participants);
            self.meeting.participants.retain(|participant| !is_out(participant));
            self.excess = self.excess.saturating_sub(before - size(&self.meeting.participants));
        }
    }

    fn succession(&mut self) {
        if self.excess > 0
            && let Some(succession) = self.meeting.succession.take()
        {
            self.excess = self.excess.saturating_sub(size(&succession));
        }
    }

    /// Omits participants of one kind, the latest first.
    fn participants(&mut self, is_of_kind: impl Fn(&ParticipantView) -> bool) {
        let mut omitted = 0;
        for at in (0..self.meeting.participants.len()).rev() {
            if omitted >= self.excess {
                break;
            }
            if is_of_kind(&self.meeting.participants[at]) {
                omitted += size(&self.meeting.participants.remove(at));
            }
        }
        self.excess = self.excess.saturating_sub(omitted);
    }

    fn names(&mut self) {
        for participant in self.meeting.participants.iter_mut().rev() {
            if self.excess == 0 {
                return;
            }
            if let Some(name) = participant.name.take() {
                self.excess = self.excess.saturating_sub(size(&name));
            }
        }
    }

    fn ext(&mut self) {
        if self.excess > 0
            && let Some(ext) = self.meeting.ext.take()
        {
            self.excess = self.excess.saturating_sub(size(&ext));
        }
    }
}

/// Omits texts of users who declined, the last user first, until at least `excess` bytes are omitted.
fn omit_texts(invitations: &mut [InvitationView], mut excess: usize) {
    for invitation in invitations.iter_mut().rev() {
        if excess == 0 {
            return;
        }
        if let Some(text) = invitation.text.take() {
            excess = excess.saturating_sub(size(&text));
        }
    }
}

fn is_out(participant: &ParticipantView) -> bool {
    let state = participant.state;
    !state.is_member() && !state.is_pending() && state != ParticipantState::Lobby
}

/// Returns the size as JSON in bytes.
fn size(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |json| json.len())
}

#[cfg(test)]
mod tests;
