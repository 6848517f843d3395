//! Calls of the RTC service's management API that follow from a commit. They are read from the state for one
//! revision, like the notices, so those that still apply can be repeated.

use crate::grant::Grant;
use crate::meeting::Meeting;
use crate::participant::Participant;
use crate::standing::OutReason;
use switchboard_protocol::address::UserId;
use switchboard_protocol::join::Rights;

/// One call of the RTC service's management API. Every call is safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RtcAction {
    /// Close the channel.
    Close,
    /// Remove a user from the channel.
    Remove {
        /// Account.
        user: UserId,
        /// Number of the participant in the meeting.
        number: u32,
    },
    /// Set the rights of a user who is in the channel.
    Restrict {
        /// Account.
        user: UserId,
        /// Number of the participant in the meeting.
        number: u32,
        /// Rights of the user.
        rights: Rights,
    },
}

impl RtcAction {
    /// Returns the user that the call concerns; `None` for the whole channel.
    pub(crate) const fn user(&self) -> Option<&UserId> {
        match self {
            Self::Close => None,
            Self::Remove { user, .. } | Self::Restrict { user, .. } => Some(user),
        }
    }

    /// Returns whether the call concerns this user, or with `None` the whole channel.
    pub(crate) fn is_about(&self, user: Option<&UserId>) -> bool {
        self.user() == user
    }
}

/// Returns the calls that the commit of the revision `rev` requires, as far as they still apply.
pub(crate) fn rtc_actions(meeting: &Meeting, rev: u64) -> Vec<RtcAction> {
    if let Some(end) = meeting.end() {
        // A meeting that ended in its first revision never had a channel.
        return if end.rev == rev && rev > 1 { vec![RtcAction::Close] } else { Vec::new() };
    }
    meeting.participants.values().filter_map(|p| rtc_action(meeting, p, rev)).collect()
}

fn rtc_action(meeting: &Meeting, participant: &Participant, rev: u64) -> Option<RtcAction> {
    let is_changed = participant.standing.is_from(rev);
    let Some(seat) = participant.seat() else {
        let is_asked = participant.removal_proof.as_ref().is_some_and(|proof| proof.asked_ms.is_from(rev));
        let is_put_out =
            matches!(participant.out_reason(), Some(OutReason::Removed | OutReason::Banned { .. }));
        let is_removed = is_put_out && is_changed && participant.had_media();
        return (is_asked || is_removed).then(|| removal(participant));
    };
    // A user who joins the channel with an older token gets the present rights.
    let joined_blocked = is_changed && seat.is_joined() && !participant.speech.has_right();
    (joined_blocked || participant.speech.right_rev == rev).then(|| restriction(meeting, participant))
}

impl Meeting {
    /// Returns calls for rights that changed again after the commit `rev` requested `actions`: the earlier
    /// calls may have arrived in the wrong order.
    #[must_use]
    pub fn superseded_rights(&self, actions: &[RtcAction], rev: u64) -> Vec<RtcAction> {
        let newer = |action: &RtcAction| match action {
            RtcAction::Restrict { user, .. } => self
                .participants
                .get(user)
                .filter(|p| p.is_member() && p.speech.right_rev > rev)
                .map(|p| restriction(self, p)),
            RtcAction::Close | RtcAction::Remove { .. } => None,
        };
        actions.iter().filter_map(newer).collect()
    }
}

/// Returns the call that removes `participant` from the channel.
pub(crate) fn removal(participant: &Participant) -> RtcAction {
    RtcAction::Remove { user: participant.user_id.clone(), number: participant.number() }
}

/// Returns the call that sets the present rights of `participant`.
pub(crate) fn restriction(meeting: &Meeting, participant: &Participant) -> RtcAction {
    RtcAction::Restrict {
        user: participant.user_id.clone(),
        number: participant.number(),
        rights: Grant::of(meeting, participant).rights,
    }
}
