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
    /// True for a device whose queue at the broker keeps the offer until the deadline, false for one whose queue does not.
    /// A device is absent if that is unknown.
    pub queues: BTreeMap<ClientId, bool>,
    /// Set for an invitation that reaches no device, since its user does not take calls of the inviter.
    pub silent: Option<SilentOffer>,
    /// True if it was answered or closed on all devices.
    pub closed: Stamped<bool>,
    /// Opaque object of the app, given with this invitation; without it, the meeting's own is shown.
    pub ext: Option<Map<String, Value>>,
}

/// The offer of a silent invitation, which is never sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentOffer {
    /// A device whose queue at the broker would keep the offer until the deadline if the user slept: the inviter gets that
    /// reach. `None` if no queue would.
    pub would_queue: Option<ClientId>,
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

/// The broker's queue of a device, as far as it concerns one offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferQueue {
    /// The broker did not report the session of the device.
    Unknown,
    /// It keeps the offer until the deadline.
    Keeps,
    /// The device has no queue, or one that ends before the deadline.
    Missing,
}

impl Invitation {
    /// Returns the broker's queue of a device.
    pub(crate) fn queue(&self, device: &ClientId) -> OfferQueue {
        match self.queues.get(device) {
            None => OfferQueue::Unknown,
            Some(true) => OfferQueue::Keeps,
            Some(false) => OfferQueue::Missing,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::OfferQueue;
    use crate::tests::fixture::{Call, START_MS, client, create, opening};
    use crate::{Cause, DeliveryClass, RtcCapabilities, repeat_effects};
    use switchboard_protocol::object::Mode;

    /// End of the ring of a call under test.
    const DEADLINE_MS: i64 = START_MS + 45_000;

    // Proves: reach
    #[test]
    fn an_offer_has_a_queue_if_that_of_the_device_lasts_until_the_ring_ends() {
        for (queue_until_ms, expected) in [
            (None, OfferQueue::Unknown),
            (Some(DEADLINE_MS), OfferQueue::Keeps),
            (Some(DEADLINE_MS - 1), OfferQueue::Missing),
            (Some(0), OfferQueue::Missing),
        ] {
            let mut opening = opening(create(Mode::Direct, &["bob"]));
            opening.invitees[0].devices.retain(|device| device.client_id == client("bob.phone"));
            opening.invitees[0].devices[0].queue_until_ms = queue_until_ms;
            let call = Call::open(&opening);
            let classes = |notices: &[crate::Outgoing]| {
                let to_bob = notices.iter().filter(|notice| notice.to == client("bob.phone"));
                to_bob.map(|notice| notice.class).collect::<Vec<_>>()
            };
            let ring = DeliveryClass::Ring { confirm: true, queue: expected };
            assert_eq!(classes(&call.last.notices), [ring]);
            // `wake` makes the offer again if a function crashed, and reads no devices.
            let cause = Cause::Deadline { meeting_id: call.meeting.id.clone(), rev: 1 };
            let rtc = RtcCapabilities::default();
            let again = repeat_effects(&call.meeting, call.meeting.rev, &cause, call.now, rtc);
            assert_eq!(classes(&again.notices), [ring]);
        }
    }
}
