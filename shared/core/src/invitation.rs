//! An invitation of one user, and the state of its offer on each of the user's devices.

use crate::stamped::Stamped;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::InviteId;

/// An invitation of one user, offered to all of the user's devices.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    /// Id, derived from the request.
    pub id: InviteId,
    /// Account of the inviter.
    pub inviter: UserId,
    /// Time after which the invitation may not ring, in milliseconds since the epoch.
    pub deadline_ms: i64,
    /// Milliseconds that the invitation rings. The broker keeps the notice of the invitation's end as long as
    /// it may keep the offer.
    pub rings_ms: i64,
    /// State of the offer on each device of the invitee.
    pub legs: BTreeMap<ClientId, Leg>,
    /// True for a device whose queue at the broker keeps the offer until the deadline, false for a device
    /// whose queue does not. A device is absent if the broker did not report its session.
    pub queues: BTreeMap<ClientId, bool>,
    /// Present for an invitation that reaches no device, since its user does not take calls of the inviter.
    pub silent: Option<SilentOffer>,
    /// True if the invitation is answered or closed on all devices.
    pub closed: Stamped<bool>,
    /// Object of the app, given with this invitation. Without one, offers contain the meeting's own object.
    pub ext: Option<Map<String, Value>>,
}

/// The offer of a silent invitation, which is never sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentOffer {
    /// A device whose queue at the broker would keep the offer until the deadline while the device is
    /// disconnected. The inviter gets the reach `queued`. `None` if there is no such queue.
    pub would_queue: Option<ClientId>,
}

/// State of an offer on one device. The reach of the offer is stored separately, in
/// [`Meeting::reached`](crate::Meeting::reached).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// The offer was made to the device.
    Offered,
    /// The device rings.
    Alerting,
    /// The device rang, and its user silenced it.
    Silenced,
    /// The device accepted the invitation.
    Won,
    /// Another device of the user answered.
    Lost,
    /// The invitation ended without an answer from this device.
    Closed,
}

/// State of the broker's queue of a device with regard to one offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferQueue {
    /// The broker did not report the session of the device.
    Unknown,
    /// The queue keeps the offer until the deadline.
    Keeps,
    /// The device has no queue, or a queue that ends before the deadline.
    Missing,
}

impl Invitation {
    /// Returns the state of the broker's queue of a device.
    pub(crate) fn queue(&self, device: &ClientId) -> OfferQueue {
        match self.queues.get(device) {
            None => OfferQueue::Unknown,
            Some(true) => OfferQueue::Keeps,
            Some(false) => OfferQueue::Missing,
        }
    }

    /// Returns whether a device rang, and therefore received the offer.
    pub(crate) fn has_rung(&self) -> bool {
        self.legs.values().any(|leg| matches!(leg, Leg::Alerting | Leg::Silenced | Leg::Won))
    }

    /// Returns the devices whose leg is `leg`.
    pub(crate) fn devices(&self, leg: Leg) -> impl Iterator<Item = &ClientId> {
        self.legs.iter().filter(move |(_, present)| **present == leg).map(|(device, _)| device)
    }

    /// Closes the invitation in the revision `rev`, and sets every leg.
    pub(crate) fn close(&mut self, rev: u64, leg: impl Fn(&ClientId) -> Leg) {
        self.closed.set(true, rev);
        for (device, present) in &mut self.legs {
            *present = leg(device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OfferQueue;
    use crate::tests::fixture::{Call, START_MS, client, create, opening};
    use crate::{Cause, DeliveryClass, RtcCapabilities, repeat_effects};
    use switchboard_protocol::object::Mode;

    /// End of the ring of a call in these tests.
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
            // `wake` makes the offer again after a crash of a function, and does not read devices from the
            // table.
            let cause = Cause::Deadline { meeting_id: call.meeting.id.clone(), rev: 1 };
            let rtc = RtcCapabilities::default();
            let again = repeat_effects(&call.meeting, call.meeting.rev, &cause, call.now, rtc);
            assert_eq!(classes(&again.notices), [ring]);
        }
    }
}
