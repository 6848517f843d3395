//! The downlinks of a decision, before their ids and join tokens are made: [`Outgoing`] is one downlink to one device, and
//! [`Reply`] is what an action answers, from which the answer is built when the meeting is committed.

use crate::cause::Cause;
use crate::grant::Grant;
use crate::invitation::{Invitation, OfferQueue};
use crate::meeting::Meeting;
use crate::refusal::Refusal;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::{DownlinkId, IdKey, InviteId};
use switchboard_protocol::object::{Mode, UserOrAll};

/// Milliseconds that the broker keeps answers and notices for a device that is not connected.
const KEEP_MS: i64 = 60_000;
/// Milliseconds that the broker keeps a missed call.
const KEEP_MISSED_CALL_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// Way of delivery of a downlink; depends on its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryClass {
    /// At once to a connected device, otherwise through the broker's queue if the device has one.
    Ring {
        /// True if the broker waits for the device's acknowledgement.
        confirm: bool,
        /// The broker's queue of the device.
        queue: OfferQueue,
    },
    /// Never sent, since the receiver does not take calls of the inviter. It counts as waiting in the broker's queue.
    Withheld,
    /// Through the broker's queue, which keeps it for a device that is not connected.
    Queued,
    /// Only to a connected device. A `sync` repairs the gap.
    BestEffort,
}

/// One downlink to one device: a notice, or the answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The receiver.
    pub to: ClientId,
    /// The cause; part of the downlink's id.
    pub cause: Cause,
    /// The user or invitation that the body is about; part of the downlink's id.
    pub subject: String,
    /// True if it is the one answer to the request that is its cause.
    pub is_answer: bool,
    /// The last revision with a notice to all members, if all members but the sender get this one.
    pub prev_rev: Option<u64>,
    /// Milliseconds that the broker keeps it for a device that is not connected.
    pub keep_ms: i64,
    /// Way of delivery.
    pub class: DeliveryClass,
    /// Type and fields.
    pub body: Body,
    /// Grant for the join token that goes with it.
    pub grant: Option<Grant>,
}

impl Outgoing {
    /// A notice to one device.
    pub(crate) fn notice(meeting: &Meeting, to: &ClientId, cause: &Cause, subject: &str, body: Body) -> Self {
        let (class, keep_ms) = delivery(meeting, to, &body);
        Self {
            to: to.clone(),
            cause: cause.clone(),
            subject: subject.to_owned(),
            is_answer: false,
            prev_rev: None,
            keep_ms,
            class,
            body,
            grant: None,
        }
    }

    /// The answer to the request that is `cause`.
    #[must_use]
    pub fn answer(to: &ClientId, cause: &Cause, body: Body) -> Self {
        Self {
            to: to.clone(),
            cause: cause.clone(),
            subject: String::new(),
            is_answer: true,
            prev_rev: None,
            keep_ms: KEEP_MS,
            class: DeliveryClass::Queued,
            body,
            grant: None,
        }
    }

    /// The answer that `reply` builds from the committed meeting; `None` for a request that is never answered.
    pub(crate) fn reply(
        to: &ClientId,
        cause: &Cause,
        reply: Reply,
        meeting: &Meeting,
        now_ms: i64,
    ) -> Option<Self> {
        let (body, grant) = reply.build(meeting, to, now_ms)?;
        Some(Self { grant, ..Self::answer(to, cause, body) })
    }

    /// The downlink's id. An answer never shares its id with a notice: a sender who got a notice of the same type before
    /// the answer (a repeat of effects) would drop the answer as a copy.
    #[must_use]
    pub fn id(&self, key: &IdKey) -> DownlinkId {
        // Part of the ids that deployed terminals remember; must not change.
        let role = if self.is_answer { "answer" } else { "news" };
        self.cause.downlink_id(key, &self.to, [role, self.body.kind(), &self.subject])
    }

    /// The invitation that is offered; `None` if this is not an offer.
    #[must_use]
    pub fn offered_invitation(&self) -> Option<&InviteId> {
        match &self.body {
            Body::Invitation(offer) => Some(&offer.invite_id),
            _ => None,
        }
    }
}

/// Result of an action: the answer, or the refusal.
pub(crate) type ReplyResult = Result<Reply, Refusal>;

/// The answer to a command that was applied.
///
/// Answers that show the meeting are built from the committed meeting, so that they show its revision.
#[derive(Clone)]
pub(crate) enum Reply {
    /// The request is never answered.
    Nothing,
    /// This body.
    Body(Body),
    /// A body that shows the committed meeting, at the time in milliseconds since the epoch.
    FromCommitted(fn(&Meeting, i64) -> Body),
    /// The same, with a grant for a join token if the sender has a seat.
    WithGrant(fn(&Meeting, i64) -> Body),
}

impl Reply {
    /// The answer `ok`.
    pub(crate) const OK: Self = Self::Body(Body::Ok {});

    /// Builds the body and the grant that goes with it; `None` for a request that is never answered.
    fn build(self, meeting: &Meeting, by: &ClientId, now_ms: i64) -> Option<(Body, Option<Grant>)> {
        match self {
            Self::Nothing => None,
            Self::Body(body) => Some((body, None)),
            Self::FromCommitted(build) => Some((build(meeting, now_ms), None)),
            Self::WithGrant(build) => {
                let participant = meeting.participants.get(&by.user());
                let grant = participant.filter(|p| p.is_member()).map(|p| Grant::of(meeting, p));
                Some((build(meeting, now_ms), grant))
            }
        }
    }
}

impl From<Body> for Reply {
    fn from(body: Body) -> Self {
        Self::Body(body)
    }
}

impl From<Option<Body>> for Reply {
    fn from(body: Option<Body>) -> Self {
        body.map_or(Self::Nothing, Self::Body)
    }
}

fn delivery(meeting: &Meeting, to: &ClientId, body: &Body) -> (DeliveryClass, i64) {
    use DeliveryClass::{BestEffort, Queued, Ring};
    match body {
        Body::Invitation(offer) => {
            let invitation = invitation(meeting, &to.user(), &offer.invite_id);
            if invitation.is_some_and(|invitation| invitation.silent.is_some()) {
                return (DeliveryClass::Withheld, offer.deadline_in_ms);
            }
            let queue = invitation.map_or(OfferQueue::Unknown, |invitation| invitation.queue(to));
            (Ring { confirm: *meeting.mode == Mode::Direct, queue }, offer.deadline_in_ms)
        }
        Body::InvitationClosed { invite_id, .. } => (Queued, rings_ms(meeting, &to.user(), invite_id)),
        Body::MeetingEnded { .. } => (Queued, i64::from(meeting.ring_seconds) * 1_000),
        Body::MissedCall { .. } => (Queued, KEEP_MISSED_CALL_MS),
        Body::ParticipantUpdated { .. } if *meeting.mode == Mode::Group => (BestEffort, KEEP_MS),
        // The affected user always gets it through the queue.
        Body::SpeechChanged { user_id, .. } if *user_id != UserOrAll::User(to.user()) => {
            (BestEffort, KEEP_MS)
        }
        // Every type is named, so that a new one has to be placed.
        Body::SpeechChanged { .. }
        | Body::ParticipantUpdated { .. }
        | Body::MeetingCreated { .. }
        | Body::InvitationUpdated { .. }
        | Body::InvitationAccepted { .. }
        | Body::InvitationResult { .. }
        | Body::Joined { .. }
        | Body::MeetingUpdated { .. }
        | Body::State { .. }
        | Body::History { .. }
        | Body::Settings { .. }
        | Body::Ok {}
        | Body::Token {}
        | Body::ParticipantRemoved { .. }
        | Body::LobbyWaiting {}
        | Body::LobbyRequest { .. }
        | Body::LobbyResult { .. }
        | Body::LobbyUpdated { .. }
        | Body::HostChanged { .. }
        | Body::HandChanged { .. }
        | Body::MeetingMerged { .. }
        | Body::MeetingEnding { .. }
        | Body::Error { .. } => (Queued, KEEP_MS),
    }
}

/// Milliseconds that an invitation rings; the meeting's own setting for one that was replaced.
fn rings_ms(meeting: &Meeting, user: &UserId, invite: &InviteId) -> i64 {
    invitation(meeting, user, invite)
        .filter(|invitation| invitation.rings_ms > 0)
        .map_or(i64::from(meeting.ring_seconds) * 1_000, |invitation| invitation.rings_ms)
}

/// The invitation `invite` of `user`; `None` if another one replaced it.
fn invitation<'a>(meeting: &'a Meeting, user: &UserId, invite: &InviteId) -> Option<&'a Invitation> {
    let invitation = meeting.participants.get(user).and_then(|p| p.invitation());
    invitation.filter(|invitation| invitation.id == *invite)
}
