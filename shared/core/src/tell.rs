//! What a decision wants told, to whom, and how urgently.

use super::reply::Reply;
use super::{Leg, Meeting, Participant};
use crate::cause::Cause;
use std::collections::BTreeMap;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::{Body, ClosedReason};
use switchboard_protocol::id::{DownlinkId, IdKey, InviteId};
use switchboard_protocol::join::Rights;
use switchboard_protocol::object::{Media, Mode, ParticipantState as State, Reach, UserOrAll};

/// How a downlink is delivered; chosen per message type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// To a connected device at once, else through the queue.
    Ring {
        /// Whether the broker waits for the device's acknowledgement.
        confirm: bool,
    },
    /// Through the broker's queue: it waits for a device that is not connected.
    Queued,
    /// To whoever is connected; a `sync` repairs a gap.
    Passing,
}

/// A way into the media that is due to somebody; minting makes a token of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whose it is.
    pub user_id: UserId,
    /// The user's number in the meeting, from 1.
    pub number: u32,
    /// The name from the app's JWT.
    pub name: Option<String>,
    /// What the meeting allows this user.
    pub rights: Rights,
}

/// One message to one device, before ids and tokens are made.
#[derive(Debug, Clone, PartialEq)]
pub struct Tell {
    /// The device.
    pub to: ClientId,
    /// Why it is told; part of the downlink's id.
    pub cause: Cause,
    /// The user or invitation that it is about; part of the downlink's id.
    pub subject: String,
    /// Whether it is the one answer to the request that is its cause.
    pub is_answer: bool,
    /// The last revision that members were told, where all of them are told.
    pub prev_rev: Option<u64>,
    /// Milliseconds that the broker keeps it for a device that is not connected.
    pub keep_ms: i64,
    /// How it is delivered.
    pub class: Class,
    /// Type and fields.
    pub body: Body,
    /// The join parameters that are due with it.
    pub grant: Option<Grant>,
}

/// Answers and news wait this long for a device that is not connected.
const KEEP_MS: i64 = 60_000;
/// A missed call is worth knowing this long.
const KEEP_MISSED_CALL_MS: i64 = 7 * 24 * 3_600 * 1_000;

impl Tell {
    /// News for one device.
    pub(super) fn news(meeting: &Meeting, to: &ClientId, cause: &Cause, subject: &str, body: Body) -> Self {
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
            class: Class::Queued,
            body,
            grant: None,
        }
    }

    /// The answer that `reply` builds from the committed meeting; `None` for a request that is never answered.
    pub(super) fn reply(
        to: &ClientId,
        cause: &Cause,
        reply: Reply,
        meeting: &Meeting,
        now_ms: i64,
    ) -> Option<Self> {
        let (body, grant) = reply.build(meeting, to, now_ms)?;
        Some(Self { grant, ..Self::answer(to, cause, body) })
    }
}

fn delivery(meeting: &Meeting, to: &ClientId, body: &Body) -> (Class, i64) {
    match body {
        Body::Invitation(offer) => {
            (Class::Ring { confirm: meeting.mode == Mode::Direct }, offer.deadline_in_ms)
        }
        Body::InvitationClosed { invite_id, .. } => (Class::Queued, meeting.rings_ms(&to.user(), invite_id)),
        Body::MeetingEnded { .. } => (Class::Queued, i64::from(meeting.ring_seconds) * 1_000),
        Body::MissedCall { .. } => (Class::Queued, KEEP_MISSED_CALL_MS),
        Body::ParticipantUpdated { .. } if meeting.mode == Mode::Group => (Class::Passing, KEEP_MS),
        // Whoever is meant must hear it.
        Body::SpeechChanged { user_id, .. } if *user_id != UserOrAll::User(to.user()) => {
            (Class::Passing, KEEP_MS)
        }
        _ => (Class::Queued, KEEP_MS),
    }
}

impl Tell {
    /// The id that its device knows it by. An answer never shares it with news: who asked may have had news of the same
    /// type before the answer (effects that were done again), and drops whatever has an id that it knows.
    #[must_use]
    pub fn id(&self, key: &IdKey) -> DownlinkId {
        let role = if self.is_answer { "answer" } else { "news" };
        self.cause.downlink_id(key, &self.to, [role, self.body.kind(), &self.subject])
    }

    /// The invitation that is offered, if this is an offer.
    #[must_use]
    pub fn offers(&self) -> Option<&InviteId> {
        match &self.body {
            Body::Invitation(offer) => Some(&offer.invite_id),
            _ => None,
        }
    }
}

impl Meeting {
    /// How long an invitation rings; the meeting's own time where that is not known any more.
    fn rings_ms(&self, user: &UserId, invite: &InviteId) -> i64 {
        let invitation = self.participants.get(user).and_then(|p| p.invitation.as_ref());
        invitation
            .filter(|invitation| invitation.id == *invite && invitation.rings_ms > 0)
            .map_or(i64::from(self.ring_seconds) * 1_000, |invitation| invitation.rings_ms)
    }

    /// T4: inviters of whom no device was reached yet learn that the offer waits. `best` is how far each offer got.
    #[must_use]
    pub fn tell_waiting(&self, best: &BTreeMap<InviteId, Reach>, cause: &Cause) -> Vec<Tell> {
        let waiting = |p: &&Participant| {
            p.invitation.as_ref().is_some_and(|i| best.get(&i.id) == Some(&Reach::Queued))
                && p.state.is_pending()
        };
        let tell = |p: &Participant| {
            let invitation = p.invitation.as_ref()?;
            let seat = self.participants.get(&invitation.inviter)?.seat.as_ref()?;
            let mut body = self.invitation_updated(p, invitation);
            if let Body::InvitationUpdated { reach, .. } = &mut body {
                *reach = Reach::Queued;
            }
            Some(Tell::news(self, seat, cause, invitation.id.as_str(), body))
        };
        self.participants.values().filter(waiting).filter_map(tell).collect()
    }

    /// For offers that are not confirmed: the news that they are closed, for those that are. Under an id of its own,
    /// since a device that heard the first one before its offer would drop a second one with the same id.
    #[must_use]
    pub fn close_again(&self, offers: &[&(InviteId, ClientId)]) -> Vec<Tell> {
        let close = |(invite, device): &&(InviteId, ClientId)| {
            let participant = self.participants.get(&device.user())?;
            let reason = closed_reason(participant, invite, device)?;
            let cause = Cause::Deadline { meeting_id: self.id.clone(), rev: participant.changed_rev };
            let body = Body::InvitationClosed { invite_id: invite.clone(), reason };
            Some(Tell::news(self, device, &cause, invite.as_str(), body))
        };
        offers.iter().filter_map(close).collect()
    }
}

/// Why this device's offer is closed; `None` while it is open, or if this device took it.
fn closed_reason(participant: &Participant, invite: &InviteId, device: &ClientId) -> Option<ClosedReason> {
    let Some(invitation) = participant.invitation.as_ref().filter(|i| i.id == *invite) else {
        return Some(ClosedReason::Cancelled);
    };
    match (participant.state, invitation.legs.get(device)) {
        (state, _) if state.is_pending() => None,
        (_, Some(Leg::Won)) => None,
        (State::Declined, _) => Some(ClosedReason::DeclinedElsewhere),
        (State::Cancelled, _) => Some(ClosedReason::Cancelled),
        (State::NoAnswer | State::Unreachable, _) => Some(ClosedReason::Expired),
        (_, Some(Leg::LostElsewhere)) => Some(ClosedReason::AnsweredElsewhere),
        _ => Some(ClosedReason::MeetingEnded),
    }
}

impl Participant {
    /// The participant's number in the meeting, from 1; the RTC service may know them by it.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.order + 1
    }
}

impl Grant {
    /// What `participant` may do in the media of `meeting`.
    #[must_use]
    pub fn of(meeting: &Meeting, participant: &Participant) -> Self {
        let video = meeting.media == Media::Video;
        Self {
            user_id: participant.user_id.clone(),
            number: participant.number(),
            name: participant.name.clone(),
            rights: Rights {
                microphone: participant.speech.has_right(),
                camera: video,
                screen: video,
                data: true,
                subscribe: true,
            },
        }
    }
}
