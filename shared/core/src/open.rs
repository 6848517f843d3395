//! Making a meeting (T1, T2).

use super::change::Change;
use super::decide::Decision;
use super::invite::Invitee;
use super::notice::notices;
use super::reply::Reply;
use super::{Creation, Known, Meeting, Now, Participant, Phase, Refusal, Tell};
use crate::cause::Cause;
use std::collections::BTreeMap;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::{BodyHash, MeetingId, RequestId};
use switchboard_protocol::limits::{DEFAULT_MINUTES, DEFAULT_RING_SECONDS, DEFAULT_SEATS};
use switchboard_protocol::object::{BusyPolicy, Mode, Role};
use switchboard_protocol::requests::CreateMeeting;

/// A request to make a meeting, with what the table knows.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Derived from the request.
    pub meeting_id: MeetingId,
    /// The device that asks.
    pub by: ClientId,
    /// The name from the app's JWT.
    pub name: Option<String>,
    /// Whether the caller is in another call.
    pub busy: bool,
    /// The request's id.
    pub request_id: RequestId,
    /// What it said.
    pub hash: BodyHash,
    /// What it asks.
    pub create: CreateMeeting,
    /// Everybody it names, in its order.
    pub invitees: Vec<Invitee>,
}

impl Meeting {
    /// Makes the meeting that `opening` asks for.
    ///
    /// Refused with `bad_request` if the caller invites himself, `too_many_invitees` if the seats do not
    /// suffice, and `user_busy` if the caller is in another call.
    pub fn open(opening: &Opening, now: Now) -> Result<Decision, Refusal> {
        let caller = opening.by.user();
        let create = &opening.create;
        if let Some(at) = create.invitees.iter().position(|user| *user == caller) {
            let words = "nobody can invite himself";
            return Err(Refusal {
                path: Some(format!("invitees[{at}]")),
                ..Refusal::new(Code::BadRequest, words)
            });
        }
        let max_participants = create.max_participants.unwrap_or(DEFAULT_SEATS);
        if opening.invitees.len() >= max_participants as usize {
            return Err(Refusal::new(
                Code::TooManyInvitees,
                format!("the meeting has {max_participants} seats"),
            ));
        }
        // Who lets calls wait may be in several.
        if opening.busy && create.policy.unwrap_or_default().busy != BusyPolicy::Ring {
            return Err(Refusal::new(Code::UserBusy, "you are in another call: leave it first"));
        }

        let mut change = Change { changed: true, rev: 1, ..Change::of(&blank(opening, now), now) };
        let ring_seconds = change.meeting.ring_seconds;
        change.seat(&caller, &opening.by);
        for invitee in &opening.invitees {
            change.invite(&caller, invitee, ring_seconds, None);
        }
        if create.mode == Mode::Direct {
            change.settle();
        }
        Ok(finish(change, opening))
    }

    /// The mark that a `destroy_meeting{create_id}` leaves for a create that was not seen yet: the late
    /// create finds a meeting that ended as cancelled.
    #[must_use]
    pub fn tombstone(meeting_id: MeetingId, by: &ClientId, create_id: &RequestId, now: Now) -> Meeting {
        let opening = Opening {
            meeting_id,
            by: by.clone(),
            name: None,
            busy: false,
            request_id: create_id.clone(),
            // What the create will say is not known; no body has this hash, and none is needed: ended is ended.
            hash: BodyHash::of(b""),
            create: CreateMeeting::new(Mode::Group, switchboard_protocol::object::Media::Audio, Vec::new()),
            invitees: Vec::new(),
        };
        let mut meeting = blank(&opening, now);
        meeting.rev = 1;
        meeting.phase = Phase::Ended { reason: EndReason::Cancelled, at_ms: now.ms, rev: 1 };
        meeting
    }

    /// What a fresh [tombstone](Self::tombstone) has to say: only the answer.
    #[must_use]
    pub fn taken_back(&self, by: &ClientId, cause: &Cause) -> Decision {
        let answer = self.ended_body().map(|body| Tell::answer(by, cause, body));
        Decision { next: Some(self.clone()), answer, ..Decision::default() }
    }

    /// Whether this is the mark of a create that was taken back before it was seen: nobody ever had a seat.
    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        self.end().is_some() && self.participants.values().all(|p| p.seat.is_none() && p.invitation.is_none())
    }
}

/// The meeting before anybody was invited: only its creator, who has no seat yet.
pub(super) fn blank(opening: &Opening, now: Now) -> Meeting {
    let create = &opening.create;
    let host = opening.by.user();
    let creator = Participant::newcomer(host.clone(), opening.name.clone(), Role::Host, 0);
    Meeting {
        id: opening.meeting_id.clone(),
        mode: create.mode,
        media: create.media,
        title: create.title.clone(),
        ext: create.ext.clone(),
        policy: create.policy.unwrap_or_default(),
        host: host.clone(),
        phase: if opening.invitees.is_empty() { Phase::Created } else { Phase::Ringing },
        rev: 0,
        told_rev: 0,
        grouped_rev: None,
        created_ms: now.ms,
        ends_at_ms: now.ms + i64::from(create.max_minutes.unwrap_or(DEFAULT_MINUTES)) * 60_000,
        active_since_ms: None,
        locked: false,
        ring_seconds: create.ring_seconds.unwrap_or(DEFAULT_RING_SECONDS),
        max_participants: create.max_participants.unwrap_or(DEFAULT_SEATS),
        created_by: Creation {
            client_id: opening.by.clone(),
            request: Known { id: opening.request_id.clone(), hash: opening.hash.clone(), rev: 1 },
        },
        participants: BTreeMap::from([(host, creator)]),
        requests: BTreeMap::new(),
        host_change: None,
        host_away: None,
        warning: None,
        hands_rev: 0,
        updated_rev: 0,
        merged_into: None,
        reached: BTreeMap::new(),
    }
}

fn finish(change: Change, opening: &Opening) -> Decision {
    let mut meeting = change.meeting;
    // The creator's own deadline starts at the first accept: nobody reaches the media alone while it rings.
    if let Some(creator) = meeting.participants.get_mut(&opening.by.user()) {
        creator.join_by_ms = None;
    }
    meeting.rev = change.rev;
    // The answer tells the only member there is.
    meeting.told_rev = change.rev;
    let cause = Cause::Request { client_id: opening.by.clone(), request_id: opening.request_id.clone() };
    let tells = notices(&meeting, change.rev, &cause, change.now);
    let answer = Tell::reply(&opening.by, &cause, CREATED, &meeting, change.now.ms);
    // A slot that is claimed and freed in one decision (the only invitee is busy) was never held.
    let slots = if meeting.end().is_some() { Vec::new() } else { change.slots };
    Decision { next: Some(meeting), slots, tells, answer, ..Decision::default() }
}

/// The answer to a create: with join parameters if the creator has a seat.
pub(super) const CREATED: Reply = Reply::Seat(|meeting, now_ms| Body::MeetingCreated {
    meeting: meeting.view(now_ms),
    invitations: meeting.invitation_views(|_| true),
});
