//! Who is to be woken by a push notification: an offer that no connected device of a user has yet.

use super::Outcome;
use serde::Serialize;
use std::collections::BTreeMap;
use switchboard_core::{Decision, Meeting, Participant};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::{Caller, Media, Mode, ParticipantState, Reach};

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
    pub from: Caller,
    /// The kind of meeting.
    pub mode: Mode,
    /// What is called for.
    pub media: Media,
}

/// The invitations that the answer to a request is about.
pub(super) fn asked_for(decision: &Decision) -> Vec<InviteId> {
    match decision.answer.as_ref().map(|answer| &answer.body) {
        Some(Body::MeetingCreated { invitations, .. } | Body::InvitationResult { invitations }) => {
            invitations.iter().map(|invitation| invitation.invite_id.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Those offers of which `is_meant` says so that wait for a device. `reached` says how far they got.
pub(super) fn push_wanted(
    meeting: &Meeting,
    is_meant: impl Fn(&Participant, &InviteId) -> bool,
    reached: &BTreeMap<(InviteId, ClientId), Reach>,
) -> Vec<PushWanted> {
    let waits = |invite: &InviteId, device: &ClientId| {
        !matches!(reached.get(&(invite.clone(), device.clone())), Some(Reach::Sent | Reach::Delivered))
    };
    let open = meeting.participants.values().filter(|p| p.state == ParticipantState::Invited);
    open.filter_map(|p| Some((p, p.invitation.as_ref()?)))
        .filter(|(participant, invitation)| is_meant(participant, &invitation.id))
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
