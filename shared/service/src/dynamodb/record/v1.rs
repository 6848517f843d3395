//! Schema 1, which releases before 0.2 wrote. It is only read; the next commit of the meeting writes schema
//! 2.
//!
//! A participant was a flat record, with fields that were valid only in some states. A create request that
//! made no meeting was stored as an ended meeting without seats and invitations.

use super::v2::LegRecord;
use crate::ports::Stored;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{
    AppliedRequest, AwayFrom, CreateMark, Creation, EMPTY_MS, End, Entry, Exit, Former, Invitation,
    LastMediaEvent, Leg, LobbyHistory, MarkKind, Meeting, OpenInvitation, OutReason, Participant, Phase,
    Presence, Remark, Seat, Settings, Speech, Stamped, Standing, Times, UNUSED_MS,
};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::id::{BodyHash, InviteId, MeetingId, RequestId};
use switchboard_protocol::media_event::{ServiceTime, Stay};
use switchboard_protocol::object::{Media, MediaFlags, Mode, ParticipantState, Policy, Role, SpeechMode};

#[derive(Debug, Deserialize)]
pub(super) struct MeetingRecord {
    id: MeetingId,
    mode: Mode,
    media: Media,
    title: Option<String>,
    ext: Option<Map<String, Value>>,
    policy: Policy,
    host: UserId,
    phase: PhaseRecord,
    rev: u64,
    told_rev: u64,
    grouped_rev: Option<u64>,
    created_ms: i64,
    ends_at_ms: i64,
    active_since_ms: Option<i64>,
    locked: bool,
    ring_seconds: u32,
    max_participants: u32,
    created_by: CreationRecord,
    participants: BTreeMap<UserId, ParticipantRecord>,
    requests: BTreeMap<ClientId, Vec<RequestRecord>>,
    host_change: Option<HostChange>,
    host_away: Option<HostAway>,
    warning: Option<Warning>,
    #[serde(default)]
    hands_rev: u64,
    #[serde(default)]
    updated_rev: u64,
    merged_into: Option<MeetingId>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum PhaseRecord {
    Created,
    Ringing,
    Active,
    Empty { until_ms: i64 },
    Ended { reason: EndReason, at_ms: i64, rev: u64 },
}

#[derive(Debug, Deserialize)]
struct CreationRecord {
    client_id: ClientId,
    request: RequestRecord,
}

#[derive(Debug, Deserialize)]
struct RequestRecord {
    id: RequestId,
    hash: BodyHash,
    rev: u64,
}

#[derive(Debug, Deserialize)]
struct HostChange {
    previous: UserId,
    rev: u64,
}

#[derive(Debug, Deserialize)]
struct HostAway {
    until_ms: i64,
    rev: u64,
}

#[derive(Debug, Deserialize)]
struct Warning {
    before_ms: i64,
    rev: u64,
}

#[derive(Debug, Deserialize)]
struct ParticipantRecord {
    user_id: UserId,
    name: Option<String>,
    order: u32,
    role: Role,
    #[serde(default)]
    role_rev: u64,
    state: ParticipantState,
    changed_rev: u64,
    seat: Option<ClientId>,
    #[serde(default)]
    seated_rev: u64,
    #[serde(default)]
    seated_ms: i64,
    joined_ms: Option<i64>,
    moved: Option<Moved>,
    #[serde(default)]
    waiting: Vec<ClientId>,
    #[serde(default)]
    merged_rev: u64,
    join_by_ms: Option<i64>,
    check_at_ms: Option<i64>,
    away: Option<Away>,
    holds_slot: bool,
    speech: SpeechRecord,
    banned_until_ms: Option<i64>,
    heard: Option<Heard>,
    hand_rev: Option<u64>,
    media: MediaFlags,
    invitation: Option<InvitationRecord>,
}

#[derive(Debug, Deserialize)]
struct Moved {
    from: ClientId,
    rev: u64,
}

#[derive(Debug, Deserialize)]
struct Away {
    until_ms: i64,
    was_joined: bool,
}

#[derive(Debug, Deserialize)]
struct SpeechRecord {
    mode: SpeechMode,
    until_ms: Option<i64>,
    by: Option<UserId>,
    #[serde(default)]
    rev: u64,
    #[serde(default)]
    right_rev: u64,
}

#[derive(Debug, Deserialize)]
struct Heard {
    at: ServiceTime,
    stay: Option<Stay>,
    here: bool,
}

#[derive(Debug, Deserialize)]
struct InvitationRecord {
    id: InviteId,
    inviter: UserId,
    deadline_ms: i64,
    #[serde(default)]
    rings_ms: i64,
    legs: BTreeMap<ClientId, LegRecord>,
    #[serde(default)]
    closed_rev: u64,
    ext: Option<Map<String, Value>>,
}

impl MeetingRecord {
    pub(super) fn into_stored(self, reached: crate::ports::Reached) -> Stored<Meeting> {
        match self.mark() {
            Some(mark) => Stored::Mark(mark),
            None => Stored::Meeting(self.into_meeting(reached)),
        }
    }

    /// Returns the create mark, if the record stands for one: no user ever had a seat or an invitation.
    fn mark(&self) -> Option<CreateMark> {
        let PhaseRecord::Ended { at_ms, .. } = self.phase else { return None };
        if self.participants.values().any(|p| p.seat.is_some() || p.invitation.is_some()) {
            return None;
        }
        Some(CreateMark {
            meeting_id: self.id.clone(),
            caller: self.created_by.client_id.user(),
            at_ms,
            kind: self.merged_into.clone().map_or(MarkKind::TakenBack, MarkKind::MergedInto),
        })
    }

    fn into_meeting(self, reached: crate::ports::Reached) -> Meeting {
        let Self { locked, policy, title, ends_at_ms, hands_rev, .. } = self;
        let is_used = self.participants.values().any(|p| p.joined_ms.is_some());
        let participant =
            |(user, record): (UserId, ParticipantRecord)| (user, record.into_participant(hands_rev));
        let requests = |of: Vec<RequestRecord>| of.into_iter().map(Stamped::from).collect();
        Meeting {
            id: self.id,
            mode: Stamped::new(self.mode, self.grouped_rev.unwrap_or(0)),
            media: self.media,
            ext: self.ext,
            settings: Stamped::new(Settings { locked, policy, title, ends_at_ms }, self.updated_rev),
            host: self.host,
            previous_host: self.host_change.map(|HostChange { previous, rev }| Stamped::new(previous, rev)),
            host_away_until_ms: self.host_away.map(|HostAway { until_ms, rev }| Stamped::new(until_ms, rev)),
            warning_before_ms: self.warning.map(|Warning { before_ms, rev }| Stamped::new(before_ms, rev)),
            phase: match self.phase {
                PhaseRecord::Created => Phase::Created,
                PhaseRecord::Ringing => Phase::Ringing,
                PhaseRecord::Active => Phase::Active,
                PhaseRecord::Empty { until_ms } => Phase::Empty { until_ms },
                PhaseRecord::Ended { reason, at_ms, rev } => Phase::Ended(End { reason, at_ms, rev }),
            },
            end_text: None,
            rev: self.rev,
            notified_rev: self.told_rev,
            created_ms: self.created_ms,
            active_since_ms: self.active_since_ms,
            is_used,
            ring_seconds: self.ring_seconds,
            max_participants: self.max_participants,
            unused_ms: UNUSED_MS,
            empty_ms: EMPTY_MS,
            first_cohosts: BTreeSet::new(),
            succession: Vec::new(),
            created_by: Creation {
                client_id: self.created_by.client_id,
                request: self.created_by.request.into(),
            },
            participants: self.participants.into_iter().map(participant).collect(),
            requests: self.requests.into_iter().map(|(device, of)| (device, requests(of))).collect(),
            reached,
        }
    }
}

impl From<RequestRecord> for Stamped<AppliedRequest> {
    fn from(RequestRecord { id, hash, rev }: RequestRecord) -> Self {
        Self::new(AppliedRequest { id, hash }, rev)
    }
}

impl ParticipantRecord {
    /// `hands_rev` is the latest revision in which any hand was raised or lowered.
    fn into_participant(self, hands_rev: u64) -> Participant {
        let SpeechRecord { mode, until_ms, by, rev, right_rev } = self.speech;
        let event = |Heard { at, stay, here }| LastMediaEvent { at, stay, is_join: here };
        let mut participant = Participant {
            speech: Speech { mode: Stamped::new(mode, rev), until_ms, by, right_rev },
            had_seat: self.seat.is_some(),
            announced: None,
            times: Times::default(),
            last_event: self.heard.map(event),
            lobby: LobbyHistory::default(),
            removal_proof: None,
            name: self.name.clone(),
            order: self.order,
            role: Stamped::new(self.role, self.role_rev),
            user_id: self.user_id.clone(),
            standing: Stamped::new(
                Standing::from(StandingParts {
                    state: self.state,
                    seat: self.seat.map(|device| SeatParts {
                        device,
                        entered: Entry {
                            at_ms: self.seated_ms,
                            is_merge: self.merged_rev > 0 && self.merged_rev == self.seated_rev,
                        },
                        entered_rev: self.seated_rev,
                        moved_from: self.moved.map(|moved| Stamped::new(moved.from, moved.rev)),
                        join_by_ms: self.join_by_ms,
                        away: self.away,
                        check_at_ms: self.check_at_ms,
                        joined_ms: self.joined_ms,
                        media: self.media,
                        hand: match self.hand_rev {
                            Some(rev) => Stamped::new(true, rev),
                            // The record does not contain the user who lowered the hand, so the lowered hand
                            // of any member stands for it.
                            None => Stamped::new(false, hands_rev),
                        },
                    }),
                    waiting: self.waiting,
                    holds_slot: self.holds_slot,
                    banned_until_ms: self.banned_until_ms,
                    invitation: self.invitation.map(Invitation::from),
                }),
                self.changed_rev,
            ),
        };
        participant.times = super::times::times_of(&participant.standing);
        participant
    }
}

/// The fields of a participant from which its standing is made.
struct StandingParts {
    state: ParticipantState,
    seat: Option<SeatParts>,
    waiting: Vec<ClientId>,
    holds_slot: bool,
    banned_until_ms: Option<i64>,
    invitation: Option<Invitation>,
}

struct SeatParts {
    device: ClientId,
    entered: Entry,
    entered_rev: u64,
    moved_from: Option<Stamped<ClientId>>,
    join_by_ms: Option<i64>,
    away: Option<Away>,
    check_at_ms: Option<i64>,
    joined_ms: Option<i64>,
    media: MediaFlags,
    hand: Stamped<bool>,
}

impl From<StandingParts> for Standing {
    fn from(parts: StandingParts) -> Self {
        let StandingParts { state, seat, waiting, holds_slot, banned_until_ms, invitation } = parts;
        let reason = match state {
            ParticipantState::Invited | ParticipantState::Ringing => match invitation {
                Some(invitation) => {
                    let is_ringing = state == ParticipantState::Ringing;
                    return Self::Invited(OpenInvitation { invitation, is_ringing, holds_slot });
                }
                None => OutReason::Ended,
            },
            ParticipantState::Lobby => return Self::Lobby { devices: waiting },
            ParticipantState::Accepted | ParticipantState::Joined | ParticipantState::Reconnecting => {
                match seat {
                    Some(seat) => return Self::Seated(Box::new(seat.into_seat(state, waiting, invitation))),
                    None => OutReason::Lost,
                }
            }
            ParticipantState::Left => OutReason::Left,
            ParticipantState::Declined => OutReason::Declined,
            ParticipantState::UserBusy => OutReason::UserBusy,
            ParticipantState::NoAnswer => OutReason::NoAnswer,
            ParticipantState::Unreachable => OutReason::Unreachable,
            ParticipantState::Cancelled => OutReason::Cancelled,
            ParticipantState::Removed => OutReason::Removed,
            ParticipantState::Banned => OutReason::Banned { until_ms: banned_until_ms },
            ParticipantState::Lost => OutReason::Lost,
            ParticipantState::Failed => OutReason::Failed,
            ParticipantState::Ended => OutReason::Ended,
        };
        let from = match (seat, invitation) {
            (Some(seat), invitation) => {
                // A seat with waiting devices never reached the media.
                let was =
                    if waiting.is_empty() { ParticipantState::Joined } else { ParticipantState::Accepted };
                Former::Seat(Box::new(seat.into_seat(was, waiting, invitation)))
            }
            (None, Some(invitation)) => Former::Invitation(invitation),
            (None, None) => Former::Lobby(waiting),
        };
        Self::Out(Exit { reason, from, remark: Remark::default() })
    }
}

impl SeatParts {
    fn into_seat(
        self,
        state: ParticipantState,
        waiting: Vec<ClientId>,
        invitation: Option<Invitation>,
    ) -> Seat {
        let mut claimants = Vec::new();
        let presence = match (state, self.away) {
            (ParticipantState::Reconnecting, Some(Away { until_ms, was_joined })) => Presence::Away {
                until_ms,
                from: if was_joined {
                    AwayFrom::Media
                } else {
                    AwayFrom::OnTheWay { join_by_ms: self.join_by_ms }
                },
            },
            (ParticipantState::Accepted, _) => {
                claimants = waiting;
                Presence::OnTheWay { join_by_ms: self.join_by_ms }
            }
            _ => Presence::Joined,
        };
        Seat {
            device: self.device,
            entry: Stamped::new(self.entered, self.entered_rev),
            moved_from: self.moved_from,
            presence,
            claimants,
            check_at_ms: self.check_at_ms,
            confirm_by_ms: None,
            confirmed_ms: None,
            joined_ms: self.joined_ms,
            media: Stamped::new(self.media, 0),
            reported_ms: Vec::new(),
            hand: self.hand,
            invitation,
            other_call: None,
        }
    }
}

impl From<InvitationRecord> for Invitation {
    fn from(record: InvitationRecord) -> Self {
        Self {
            id: record.id,
            inviter: record.inviter,
            deadline_ms: record.deadline_ms,
            rings_ms: record.rings_ms,
            legs: record.legs.into_iter().map(|(device, leg)| (device, Leg::from(leg))).collect(),
            queues: BTreeMap::new(),
            silent: None,
            closed: Stamped::new(record.closed_rev > 0, record.closed_rev),
            ext: record.ext,
        }
    }
}
