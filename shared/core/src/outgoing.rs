//! The downlinks of a decision before their ids and join tokens are made. [`Outgoing`] is one downlink to one
//! device. [`Reply`] is the result of an action, from which the answer is built when the meeting is
//! committed.

use crate::cause::Cause;
use crate::grant::Grant;
use crate::invitation::{Invitation, OfferQueue};
use crate::meeting::Meeting;
use crate::refusal::Refusal;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::{DownlinkId, IdKey, InviteId};
use switchboard_protocol::object::{Mode, UserOrAll};

/// Milliseconds for which the broker keeps answers and notices for a disconnected device.
const KEEP_MS: i64 = 60_000;
/// Milliseconds for which the broker keeps a missed call.
const KEEP_MISSED_CALL_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// Way of delivery of a downlink; depends on its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryClass {
    /// At once to a connected device, otherwise through the broker's queue if the device has a queue.
    Ring {
        /// True if the broker waits for the device's acknowledgement.
        confirm: bool,
        /// The broker's queue of the device.
        queue: OfferQueue,
    },
    /// Never sent, since the receiver does not take calls of the inviter. Its reach is that of an offer in
    /// the broker's queue.
    Withheld,
    /// Through the broker's queue, which keeps the downlink for a disconnected device.
    Queued,
    /// Only to a connected device. A `sync` repairs the gap of a disconnected device.
    BestEffort,
}

/// One downlink to one device: a notice, or the answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The receiver.
    pub to: ClientId,
    /// The cause, which is part of the downlink's id.
    pub cause: Cause,
    /// The user or invitation that the body concerns; part of the downlink's id.
    pub subject: String,
    /// True for the answer to the request that is the cause.
    pub is_answer: bool,
    /// The previous revision with a notice to all members; present if all members but the sender get this
    /// downlink.
    pub prev_rev: Option<u64>,
    /// Milliseconds for which the broker keeps the downlink for a disconnected device.
    pub keep_ms: i64,
    /// Way of delivery.
    pub class: DeliveryClass,
    /// Type and fields.
    pub body: Body,
    /// Grant for the join token of the downlink.
    pub grant: Option<Grant>,
}

impl Outgoing {
    /// Creates a notice to one device.
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

    /// Creates the answer to the request that is `cause`.
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

    /// Creates the answer that `reply` builds from the committed meeting; `None` for a request that the
    /// service never answers.
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

    /// Returns the downlink's id. An answer never has the id of a notice: a sender who got a notice of the
    /// same type before the answer (when effects are repeated) would drop the answer as a copy.
    #[must_use]
    pub fn id(&self, key: &IdKey) -> DownlinkId {
        // Deployed terminals remember ids with these texts, so the texts must not change.
        let role = if self.is_answer { "answer" } else { "news" };
        self.cause.downlink_id(key, &self.to, [role, self.body.kind(), &self.subject])
    }

    /// Returns the invitation that is offered; `None` if the downlink is not an offer.
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
#[expect(
    clippy::large_enum_variant,
    reason = "constants have bodies, so a body cannot be boxed, and a request has one reply"
)]
pub(crate) enum Reply {
    /// The service never answers the request.
    Nothing,
    /// The answer has this body.
    Body(Body),
    /// The body is built from the committed meeting, for a time in milliseconds since the epoch.
    FromCommitted(fn(&Meeting, i64) -> Body),
    /// Like `FromCommitted`, with a grant for a join token if the sender has a seat.
    WithGrant(fn(&Meeting, i64) -> Body),
}

impl Reply {
    /// The reply `ok`.
    pub(crate) const OK: Self = Self::Body(Body::Ok {});

    /// Builds the body and its grant; `None` for a request that the service never answers.
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
        // The affected user always gets the notice through the queue.
        Body::SpeechChanged { user_id, .. } if *user_id != UserOrAll::User(to.user()) => {
            (BestEffort, KEEP_MS)
        }
        // The match names every type, so that a new type must get a class.
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

/// Returns the milliseconds that an invitation rings; for a replaced invitation, the meeting's own setting.
fn rings_ms(meeting: &Meeting, user: &UserId, invite: &InviteId) -> i64 {
    invitation(meeting, user, invite)
        .filter(|invitation| invitation.rings_ms > 0)
        .map_or(i64::from(meeting.ring_seconds) * 1_000, |invitation| invitation.rings_ms)
}

/// Returns the invitation `invite` of `user`; `None` if another invitation replaced it.
fn invitation<'a>(meeting: &'a Meeting, user: &UserId, invite: &InviteId) -> Option<&'a Invitation> {
    let invitation = meeting.participants.get(user).and_then(|p| p.invitation());
    invitation.filter(|invitation| invitation.id == *invite)
}
