//! Push notifications, for offers that a device of the invited user has not received.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use switchboard_core::{Decision, Meeting, Participant};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::{Caller, Media, Mode, ParticipantState, Reach};

/// A user whom the app should notify of a call by a push notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushWanted {
    /// Invited user.
    pub user_id: UserId,
    /// Invitation of the user.
    pub invite_id: InviteId,
    /// Devices that have not received the offer: not connected, or not reached. Empty for an account without
    /// devices.
    pub devices: Vec<ClientId>,
    /// End of the ring, in milliseconds since the epoch. A push notification after it is useless.
    pub deadline_ms: i64,
    /// Inviter.
    pub from: Caller,
    /// Mode of the meeting.
    pub mode: Mode,
    /// Media of the meeting.
    pub media: Media,
    /// Object of the app from the user's invitation, or from the create request if the invitation has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

/// Returns the invitations in the answer to a request.
pub(super) fn invitations_in_answer(decision: &Decision) -> Vec<InviteId> {
    match decision.answer.as_ref().map(|answer| &answer.body) {
        Some(Body::MeetingCreated { invitations, .. } | Body::InvitationResult { invitations, .. }) => {
            invitations.iter().map(|invitation| invitation.invite_id.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the open invitations that `filter` accepts and whose offer a device has not received. `reached`
/// has the reach of each offer.
pub(super) fn push_wanted(
    meeting: &Meeting,
    filter: impl Fn(&Participant, &InviteId) -> bool,
    reached: &BTreeMap<(InviteId, ClientId), Reach>,
) -> Vec<PushWanted> {
    let is_missing = |invite: &InviteId, device: &ClientId| {
        !matches!(reached.get(&(invite.clone(), device.clone())), Some(Reach::Sent | Reach::Delivered))
    };
    let open = meeting.participants.values().filter(|p| p.state() == ParticipantState::Invited);
    open.filter(|p| !p.is_silent())
        .filter_map(|p| Some((p, p.invitation()?)))
        .filter(|(participant, invitation)| filter(participant, &invitation.id))
        .filter_map(|(participant, invitation)| {
            let legs = invitation.legs.keys();
            let devices: Vec<ClientId> =
                legs.filter(|device| is_missing(&invitation.id, device)).cloned().collect();
            (invitation.legs.is_empty() || !devices.is_empty()).then(|| PushWanted {
                user_id: participant.user_id.clone(),
                invite_id: invitation.id.clone(),
                devices,
                deadline_ms: invitation.deadline_ms,
                from: meeting.caller(&invitation.inviter),
                mode: *meeting.mode,
                media: meeting.media,
                ext: invitation.ext.as_ref().or(meeting.ext.as_ref()).cloned(),
            })
        })
        .collect()
}
