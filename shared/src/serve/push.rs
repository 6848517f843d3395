//! Who is to be woken by a push notification: an offer that no connected device of a user has yet.

use super::Outcome;
use crate::address::{ClientId, UserId};
use crate::id::InviteId;
use crate::meeting::{Decision, Meeting};
use crate::message::object::{From, Media, Mode, ParticipantState, Reach};
use serde::Serialize;
use std::collections::BTreeMap;

/// A user who should hear of a call by other means than the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushWanted {
    /// Who is called.
    pub user_id: UserId,
    /// The invitation.
    pub invite_id: InviteId,
    /// Devices that do not have it: not connected, or not reached. Empty for an account that has none.
    pub devices: Vec<ClientId>,
    /// When it stops to ring, in milliseconds since the epoch. A push that comes later is worth nothing.
    pub deadline_ms: i64,
    /// Who calls.
    pub from: From,
    /// The kind of meeting.
    pub mode: Mode,
    /// What is called for.
    pub media: Media,
}

/// The offers of the commit `rev` that wait for a device. `reached` says how far they got.
pub(super) fn push_wanted(
    meeting: &Meeting,
    rev: u64,
    reached: &BTreeMap<(InviteId, ClientId), Reach>,
) -> Vec<PushWanted> {
    let waits = |invite: &InviteId, device: &ClientId| {
        !matches!(reached.get(&(invite.clone(), device.clone())), Some(Reach::Sent | Reach::Delivered))
    };
    let offered = meeting
        .participants
        .values()
        .filter(|p| p.state == ParticipantState::Invited && p.changed_rev == rev)
        .filter_map(|p| Some((p, p.invitation.as_ref()?)));
    offered
        .filter_map(|(participant, invitation)| {
            let legs = invitation.legs.keys();
            let devices: Vec<ClientId> =
                legs.filter(|device| waits(&invitation.id, device)).cloned().collect();
            (invitation.legs.is_empty() || !devices.is_empty()).then(|| PushWanted {
                user_id: participant.user_id.clone(),
                invite_id: invitation.id.clone(),
                devices,
                deadline_ms: invitation.deadline_ms,
                from: meeting.from(&invitation.inviter),
                mode: meeting.mode,
                media: meeting.media,
            })
        })
        .collect()
}

/// The types of what a decision tells, each once.
pub(super) fn kinds(decision: &Decision) -> Vec<&'static str> {
    let mut kinds: Vec<_> =
        decision.tells.iter().chain(&decision.answer).map(|tell| tell.body.kind()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

impl Outcome {
    /// Whether anybody who listens on the event bus could care.
    pub(super) fn is_news(&self) -> bool {
        !self.told.is_empty() || !self.push_wanted.is_empty()
    }
}
