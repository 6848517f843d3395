//! An invitation of one user, and what each of the user's devices did with it.

use crate::stamped::Stamped;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::ClosedReason;
use switchboard_protocol::id::InviteId;

/// An invitation of one user, offered to all of the user's devices.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    /// Id, derived from the request.
    pub id: InviteId,
    /// Account of the inviter.
    pub inviter: UserId,
    /// Time after which it may not ring, in milliseconds since the epoch.
    pub deadline_ms: i64,
    /// Milliseconds that it rings. The broker keeps the notice of its end as long as it may keep the offer.
    pub rings_ms: i64,
    /// State of the offer on each device of the invitee.
    pub legs: BTreeMap<ClientId, Leg>,
    /// True if it was answered or closed on all devices.
    pub closed: Stamped<bool>,
    /// Opaque object of the app, given with this invitation; without it, the meeting's own is shown.
    pub ext: Option<Map<String, Value>>,
}

/// State of an offer on one device. The reach of the offer is kept apart, in
/// [`Meeting::reached`](crate::Meeting::reached).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// It was offered the invitation.
    Offered,
    /// It rings.
    Alerting,
    /// It rang, and its user silenced it.
    Silenced,
    /// It accepted the invitation.
    Won,
    /// Another device of the user answered.
    Lost,
    /// The invitation ended without an answer of this device.
    Closed,
}

impl Invitation {
    /// Returns whether a device rang, and so received the offer.
    pub(crate) fn has_rung(&self) -> bool {
        self.legs.values().any(|leg| matches!(leg, Leg::Alerting | Leg::Silenced | Leg::Won))
    }

    /// Devices whose leg is `leg`.
    pub(crate) fn devices(&self, leg: Leg) -> impl Iterator<Item = &ClientId> {
        self.legs.iter().filter(move |(_, present)| **present == leg).map(|(device, _)| device)
    }

    /// Sets every leg, in the revision `rev` that answers or closes the invitation.
    pub(crate) fn close(&mut self, rev: u64, leg: impl Fn(&ClientId) -> Leg) {
        self.closed.set(true, rev);
        for (device, present) in &mut self.legs {
            *present = leg(device);
        }
    }
}

/// The reason for which another device's answer closes an offer.
pub(crate) const fn closed_by_other_device(is_declined: bool) -> ClosedReason {
    if is_declined { ClosedReason::DeclinedElsewhere } else { ClosedReason::AnsweredElsewhere }
}
