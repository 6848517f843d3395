//! What the RTC service is to be told: read from the state, for one revision, as the news are. So what a commit
//! wanted done can be done again later, and only what still holds is done.

use super::{Grant, Meeting, Participant};
use switchboard_protocol::address::UserId;
use switchboard_protocol::join::Rights;
use switchboard_protocol::object::ParticipantState as State;

/// One thing that the RTC service is to be told. Each is safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaAct {
    /// The channel is over.
    Close,
    /// Somebody is out.
    Remove {
        /// Who.
        user: UserId,
        /// The user's number in the meeting.
        number: u32,
    },
    /// Somebody who is in has these rights from now on.
    Restrict {
        /// Who.
        user: UserId,
        /// The user's number in the meeting.
        number: u32,
        /// What is allowed.
        rights: Rights,
    },
}

/// What the commit that made `rev` wants of the RTC service, as far as it still holds.
pub(super) fn acts(meeting: &Meeting, rev: u64) -> Vec<MediaAct> {
    if let Some((_, _, ended_rev)) = meeting.end() {
        // A meeting that ended as it was made never had a channel.
        return if ended_rev == rev && rev > 1 { vec![MediaAct::Close] } else { Vec::new() };
    }
    meeting.participants.values().filter_map(|p| act(meeting, p, rev)).collect()
}

fn act(meeting: &Meeting, participant: &Participant, rev: u64) -> Option<MediaAct> {
    let changed = participant.changed_rev == rev;
    match participant.state {
        State::Removed | State::Banned if changed && participant.seat.is_some() => Some(removal(participant)),
        // Who comes in with an older token is held to what was decided meanwhile.
        State::Joined if changed && !participant.speech.has_right() => {
            Some(restriction(meeting, participant))
        }
        _ if participant.state.is_member() && participant.speech.right_rev == rev => {
            Some(restriction(meeting, participant))
        }
        _ => None,
    }
}

impl Meeting {
    /// Rights that were changed again, after the commit `rev` asked for `acts`: the two may have crossed on their way.
    #[must_use]
    pub fn overtaken(&self, acts: &[MediaAct], rev: u64) -> Vec<MediaAct> {
        let newer = |act: &MediaAct| match act {
            MediaAct::Restrict { user, .. } => self
                .participants
                .get(user)
                .filter(|p| p.state.is_member() && p.speech.right_rev > rev)
                .map(|p| restriction(self, p)),
            MediaAct::Close | MediaAct::Remove { .. } => None,
        };
        acts.iter().filter_map(newer).collect()
    }
}

/// Puts `participant` out.
pub(super) fn removal(participant: &Participant) -> MediaAct {
    MediaAct::Remove { user: participant.user_id.clone(), number: participant.number() }
}

/// Holds `participant` to what holds now.
pub(super) fn restriction(meeting: &Meeting, participant: &Participant) -> MediaAct {
    MediaAct::Restrict {
        user: participant.user_id.clone(),
        number: participant.number(),
        rights: Grant::of(meeting, participant).rights,
    }
}
