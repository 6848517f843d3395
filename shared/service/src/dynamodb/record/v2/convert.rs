//! Conversions between the records of schema 2 and the types of the core.

use super::{
    CreationRecord, EventRecord, FormerRecord, InvitationRecord, LegRecord, MarkKindRecord, MarkRecord,
    MeetingRecord, OutReasonRecord, ParticipantRecord, PhaseRecord, PresenceRecord, RequestRecord, Rev,
    SeatRecord, SettingsRecord, SpeechRecord, StandingRecord, TimesRecord,
};
use crate::ports::Reached;
use switchboard_core::{
    AppliedRequest, AwayFrom, CreateMark, Creation, EMPTY_MS, End, Entry, Exit, Former, Invitation,
    LastMediaEvent, Leg, LobbyHistory, MarkKind, Meeting, OpenInvitation, OutReason, Participant, Phase,
    Presence, Remark, Seat, Settings, Speech, Stamped, Standing, Times, UNUSED_MS,
};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;

impl<T: Clone> From<&Stamped<T>> for Rev<T> {
    fn from(stamped: &Stamped<T>) -> Self {
        Self { value: T::clone(stamped), rev: stamped.rev() }
    }
}

impl<T> From<Rev<T>> for Stamped<T> {
    fn from(Rev { value, rev }: Rev<T>) -> Self {
        Self::new(value, rev)
    }
}

impl From<&CreateMark> for MarkRecord {
    fn from(mark: &CreateMark) -> Self {
        let kind = match &mark.kind {
            MarkKind::TakenBack => MarkKindRecord::TakenBack,
            MarkKind::MergedInto(meeting_id) => MarkKindRecord::MergedInto { meeting_id: meeting_id.clone() },
        };
        Self { kind, caller: mark.caller.clone(), at_ms: mark.at_ms }
    }
}

impl MarkRecord {
    pub(in super::super) fn into_mark(self, meeting_id: MeetingId) -> CreateMark {
        let kind = match self.kind {
            MarkKindRecord::TakenBack => MarkKind::TakenBack,
            MarkKindRecord::MergedInto { meeting_id } => MarkKind::MergedInto(meeting_id),
        };
        CreateMark { meeting_id, caller: self.caller, at_ms: self.at_ms, kind }
    }
}

impl From<&Meeting> for MeetingRecord {
    fn from(meeting: &Meeting) -> Self {
        let requests = |requests: &Vec<_>| requests.iter().map(RequestRecord::from).collect();
        let mut record = Self {
            mode: (&meeting.mode).into(),
            media: meeting.media,
            ext: meeting.ext.clone(),
            settings: SettingsRecord {
                locked: meeting.settings.locked,
                policy: meeting.settings.policy,
                title: meeting.settings.title.clone(),
                ends_at_ms: meeting.settings.ends_at_ms,
            },
            settings_rev: meeting.settings.rev(),
            host: meeting.host.clone(),
            previous_host: meeting.previous_host.as_ref().map(Rev::from),
            host_away_until_ms: meeting.host_away_until_ms.as_ref().map(Rev::from),
            warning_before_ms: meeting.warning_before_ms.as_ref().map(Rev::from),
            phase: match meeting.phase {
                Phase::Created => PhaseRecord::Created,
                Phase::Ringing => PhaseRecord::Ringing,
                Phase::Active => PhaseRecord::Active,
                Phase::Empty { until_ms } => PhaseRecord::Empty { until_ms },
                Phase::Ended(End { reason, at_ms, rev }) => PhaseRecord::Ended { reason, at_ms, rev },
            },
            end_text: meeting.end_text.clone(),
            rev: meeting.rev,
            notified_rev: meeting.notified_rev,
            created_ms: meeting.created_ms,
            active_since_ms: meeting.active_since_ms,
            is_used: meeting.is_used,
            ring_seconds: meeting.ring_seconds,
            max_participants: meeting.max_participants,
            unused_ms: Some(meeting.unused_ms),
            empty_ms: Some(meeting.empty_ms),
            first_cohosts: meeting.first_cohosts.clone(),
            succession: meeting.succession.clone(),
            created_by: CreationRecord {
                client_id: meeting.created_by.client_id.clone(),
                request: (&meeting.created_by.request).into(),
            },
            participants: meeting.participants.iter().map(|(user, p)| (user.clone(), p.into())).collect(),
            requests: meeting.requests.iter().map(|(device, of)| (device.clone(), requests(of))).collect(),
            invitation_exts: Vec::new(),
        };
        record.share_exts();
        record
    }
}

impl MeetingRecord {
    /// Moves the objects of the invitations to one list.
    fn share_exts(&mut self) {
        for invitation in self.participants.values_mut().filter_map(|p| p.standing.invitation_mut()) {
            let Some(ext) = invitation.ext.take() else { continue };
            let known = self.invitation_exts.iter().position(|other| *other == ext);
            invitation.ext_at = Some(known.unwrap_or(self.invitation_exts.len()));
            if known.is_none() {
                self.invitation_exts.push(ext);
            }
        }
    }

    /// Gives the invitations their objects back.
    fn unshare_exts(&mut self) {
        for invitation in self.participants.values_mut().filter_map(|p| p.standing.invitation_mut()) {
            if let Some(ext) = invitation.ext_at.take().and_then(|at| self.invitation_exts.get(at)) {
                invitation.ext = Some(ext.clone());
            }
        }
    }

    pub(in super::super) fn into_meeting(mut self, id: MeetingId, reached: Reached) -> Meeting {
        self.unshare_exts();
        let SettingsRecord { locked, policy, title, ends_at_ms } = self.settings;
        let participant = |(user, record): (UserId, ParticipantRecord)| {
            let participant = record.into_participant(user.clone());
            (user, participant)
        };
        let requests = |requests: Vec<RequestRecord>| requests.into_iter().map(Stamped::from).collect();
        Meeting {
            id,
            mode: self.mode.into(),
            media: self.media,
            ext: self.ext,
            settings: Stamped::new(Settings { locked, policy, title, ends_at_ms }, self.settings_rev),
            host: self.host,
            previous_host: self.previous_host.map(Stamped::from),
            host_away_until_ms: self.host_away_until_ms.map(Stamped::from),
            warning_before_ms: self.warning_before_ms.map(Stamped::from),
            phase: match self.phase {
                PhaseRecord::Created => Phase::Created,
                PhaseRecord::Ringing => Phase::Ringing,
                PhaseRecord::Active => Phase::Active,
                PhaseRecord::Empty { until_ms } => Phase::Empty { until_ms },
                PhaseRecord::Ended { reason, at_ms, rev } => Phase::Ended(End { reason, at_ms, rev }),
            },
            end_text: self.end_text,
            rev: self.rev,
            notified_rev: self.notified_rev,
            created_ms: self.created_ms,
            active_since_ms: self.active_since_ms,
            is_used: self.is_used,
            ring_seconds: self.ring_seconds,
            max_participants: self.max_participants,
            unused_ms: self.unused_ms.unwrap_or(UNUSED_MS),
            empty_ms: self.empty_ms.unwrap_or(EMPTY_MS),
            first_cohosts: self.first_cohosts,
            succession: self.succession,
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

impl From<&Stamped<AppliedRequest>> for RequestRecord {
    fn from(request: &Stamped<AppliedRequest>) -> Self {
        Self { id: request.id.clone(), hash: request.hash.clone(), rev: request.rev() }
    }
}

impl From<RequestRecord> for Stamped<AppliedRequest> {
    fn from(RequestRecord { id, hash, rev }: RequestRecord) -> Self {
        Self::new(AppliedRequest { id, hash }, rev)
    }
}

impl From<&Participant> for ParticipantRecord {
    fn from(participant: &Participant) -> Self {
        let speech = &participant.speech;
        let last_event = participant.last_event.as_ref();
        Self {
            name: participant.name.clone(),
            order: participant.order,
            role: (&participant.role).into(),
            standing: (&*participant.standing).into(),
            standing_rev: participant.standing.rev(),
            speech: SpeechRecord {
                mode: (&speech.mode).into(),
                until_ms: speech.until_ms,
                by: speech.by.clone(),
                right_rev: speech.right_rev,
            },
            had_seat: participant.had_seat,
            announced: participant.announced,
            is_denied: participant.lobby.is_denied,
            knocks_ms: participant.lobby.knocks_ms.clone(),
            times: Some((&participant.times).into()),
            last_event: last_event.map(|event| EventRecord {
                at: event.at,
                stay: event.stay.clone(),
                is_join: event.is_join,
            }),
        }
    }
}

impl ParticipantRecord {
    fn into_participant(self, user_id: UserId) -> Participant {
        let SpeechRecord { mode, until_ms, by, right_rev } = self.speech;
        let event = |EventRecord { at, stay, is_join }| LastMediaEvent { at, stay, is_join };
        let standing: Standing = self.standing.into();
        let times = self.times.map_or_else(|| super::super::times::times_of(&standing), Times::from);
        Participant {
            user_id,
            name: self.name,
            order: self.order,
            role: self.role.into(),
            standing: Stamped::new(standing, self.standing_rev),
            speech: Speech { mode: mode.into(), until_ms, by, right_rev },
            had_seat: self.had_seat,
            announced: self.announced,
            times,
            last_event: self.last_event.map(event),
            lobby: LobbyHistory { is_denied: self.is_denied, knocks_ms: self.knocks_ms },
        }
    }
}

impl From<&Times> for TimesRecord {
    fn from(times: &Times) -> Self {
        let Times {
            invited_ms,
            rang_ms,
            answered_ms,
            joined_ms,
            left_ms,
            stays_since_ms,
            dropped_ms,
            stayed_ms,
        } = *times;
        Self { invited_ms, rang_ms, answered_ms, joined_ms, left_ms, stays_since_ms, dropped_ms, stayed_ms }
    }
}

impl From<TimesRecord> for Times {
    fn from(record: TimesRecord) -> Self {
        let TimesRecord {
            invited_ms,
            rang_ms,
            answered_ms,
            joined_ms,
            left_ms,
            stays_since_ms,
            dropped_ms,
            stayed_ms,
        } = record;
        Self { invited_ms, rang_ms, answered_ms, joined_ms, left_ms, stays_since_ms, dropped_ms, stayed_ms }
    }
}

impl StandingRecord {
    /// The last invitation.
    fn invitation_mut(&mut self) -> Option<&mut InvitationRecord> {
        match self {
            Self::Invited { invitation, .. } | Self::Out { from: FormerRecord::Invited(invitation), .. } => {
                Some(invitation)
            }
            Self::Seated(seat) => seat.invitation.as_mut(),
            Self::Out { from: FormerRecord::Seated(seat), .. } => seat.invitation.as_mut(),
            Self::Lobby { .. } | Self::Out { from: FormerRecord::Lobby(_), .. } => None,
        }
    }
}

impl From<&Standing> for StandingRecord {
    fn from(standing: &Standing) -> Self {
        match standing {
            Standing::Invited(OpenInvitation { invitation, is_ringing, holds_slot }) => Self::Invited {
                invitation: invitation.into(),
                is_ringing: *is_ringing,
                holds_slot: *holds_slot,
            },
            Standing::Lobby { devices } => Self::Lobby { devices: devices.clone() },
            Standing::Seated(seat) => Self::Seated(seat.into()),
            Standing::Out(Exit { reason, from, remark }) => {
                let (reason, until_ms) = out_reason(*reason);
                let from = match from {
                    Former::Invitation(invitation) => FormerRecord::Invited(invitation.into()),
                    Former::Lobby(devices) => FormerRecord::Lobby(devices.clone()),
                    Former::Seat(seat) => FormerRecord::Seated(Box::new((&**seat).into())),
                };
                let (decline, text) = (remark.decline, remark.text.clone());
                Self::Out { reason, until_ms, from, decline, text }
            }
        }
    }
}

impl From<StandingRecord> for Standing {
    fn from(record: StandingRecord) -> Self {
        match record {
            StandingRecord::Invited { invitation, is_ringing, holds_slot } => {
                Self::Invited(OpenInvitation { invitation: invitation.into(), is_ringing, holds_slot })
            }
            StandingRecord::Lobby { devices } => Self::Lobby { devices },
            StandingRecord::Seated(seat) => Self::Seated(seat.into()),
            StandingRecord::Out { reason, until_ms, from, decline, text } => {
                let from = match from {
                    FormerRecord::Invited(invitation) => Former::Invitation(invitation.into()),
                    FormerRecord::Lobby(devices) => Former::Lobby(devices),
                    FormerRecord::Seated(seat) => Former::Seat(Box::new((*seat).into())),
                };
                let remark = Remark { decline, text };
                Self::Out(Exit { reason: reason.into_reason(until_ms), from, remark })
            }
        }
    }
}

fn out_reason(reason: OutReason) -> (OutReasonRecord, Option<i64>) {
    let record = match reason {
        OutReason::Declined => OutReasonRecord::Declined,
        OutReason::UserBusy => OutReasonRecord::UserBusy,
        OutReason::NoAnswer => OutReasonRecord::NoAnswer,
        OutReason::Unreachable => OutReasonRecord::Unreachable,
        OutReason::Cancelled => OutReasonRecord::Cancelled,
        OutReason::Left => OutReasonRecord::Left,
        OutReason::Removed => OutReasonRecord::Removed,
        OutReason::Banned { until_ms } => return (OutReasonRecord::Banned, until_ms),
        OutReason::Lost => OutReasonRecord::Lost,
        OutReason::Failed => OutReasonRecord::Failed,
        OutReason::Ended => OutReasonRecord::Ended,
    };
    (record, None)
}

impl OutReasonRecord {
    fn into_reason(self, until_ms: Option<i64>) -> OutReason {
        match self {
            Self::Declined => OutReason::Declined,
            Self::UserBusy => OutReason::UserBusy,
            Self::NoAnswer => OutReason::NoAnswer,
            Self::Unreachable => OutReason::Unreachable,
            Self::Cancelled => OutReason::Cancelled,
            Self::Left => OutReason::Left,
            Self::Removed => OutReason::Removed,
            Self::Banned => OutReason::Banned { until_ms },
            Self::Lost => OutReason::Lost,
            Self::Failed => OutReason::Failed,
            Self::Ended => OutReason::Ended,
        }
    }
}

impl From<&Seat> for SeatRecord {
    fn from(seat: &Seat) -> Self {
        Self {
            device: seat.device.clone(),
            entered_ms: seat.entry.at_ms,
            entered_rev: seat.entry.rev(),
            is_merge: seat.entry.is_merge,
            moved_from: seat.moved_from.as_ref().map(Rev::from),
            presence: match &seat.presence {
                Presence::OnTheWay { join_by_ms, claimants } => {
                    PresenceRecord::OnTheWay { join_by_ms: *join_by_ms, claimants: claimants.clone() }
                }
                Presence::Joined => PresenceRecord::Joined,
                Presence::Away { until_ms, from } => PresenceRecord::Away {
                    until_ms: *until_ms,
                    from_media: *from == AwayFrom::Media,
                    join_by_ms: match from {
                        AwayFrom::Media => None,
                        AwayFrom::OnTheWay { join_by_ms } => *join_by_ms,
                    },
                },
            },
            check_at_ms: seat.check_at_ms,
            confirm_by_ms: seat.confirm_by_ms,
            joined_ms: seat.joined_ms,
            media: *seat.media,
            media_rev: seat.media.rev(),
            reported_ms: seat.reported_ms.clone(),
            hand: (&seat.hand).into(),
            invitation: seat.invitation.as_ref().map(InvitationRecord::from),
        }
    }
}

impl From<SeatRecord> for Seat {
    fn from(record: SeatRecord) -> Self {
        let entry = Entry { at_ms: record.entered_ms, is_merge: record.is_merge };
        Self {
            device: record.device,
            entry: Stamped::new(entry, record.entered_rev),
            moved_from: record.moved_from.map(Stamped::from),
            presence: match record.presence {
                PresenceRecord::OnTheWay { join_by_ms, claimants } => {
                    Presence::OnTheWay { join_by_ms, claimants }
                }
                PresenceRecord::Joined => Presence::Joined,
                PresenceRecord::Away { until_ms, from_media: true, .. } => {
                    Presence::Away { until_ms, from: AwayFrom::Media }
                }
                PresenceRecord::Away { until_ms, join_by_ms, .. } => {
                    Presence::Away { until_ms, from: AwayFrom::OnTheWay { join_by_ms } }
                }
            },
            check_at_ms: record.check_at_ms,
            confirm_by_ms: record.confirm_by_ms,
            joined_ms: record.joined_ms,
            media: Stamped::new(record.media, record.media_rev),
            reported_ms: record.reported_ms,
            hand: record.hand.into(),
            invitation: record.invitation.map(Invitation::from),
        }
    }
}

impl From<&Invitation> for InvitationRecord {
    fn from(invitation: &Invitation) -> Self {
        Self {
            id: invitation.id.clone(),
            inviter: invitation.inviter.clone(),
            deadline_ms: invitation.deadline_ms,
            rings_ms: invitation.rings_ms,
            legs: invitation.legs.iter().map(|(device, leg)| (device.clone(), (*leg).into())).collect(),
            closed: (&invitation.closed).into(),
            ext: invitation.ext.clone(),
            ext_at: None,
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
            legs: record.legs.into_iter().map(|(device, leg)| (device, leg.into())).collect(),
            closed: record.closed.into(),
            ext: record.ext,
        }
    }
}

impl From<Leg> for LegRecord {
    fn from(leg: Leg) -> Self {
        match leg {
            Leg::Offered => Self::Offered,
            Leg::Alerting => Self::Alerting,
            Leg::Silenced => Self::Silenced,
            Leg::Won => Self::Won,
            Leg::LostElsewhere => Self::LostElsewhere,
            Leg::Closed => Self::Closed,
        }
    }
}

impl From<LegRecord> for Leg {
    fn from(record: LegRecord) -> Self {
        match record {
            LegRecord::Offered => Self::Offered,
            LegRecord::Alerting => Self::Alerting,
            LegRecord::Silenced => Self::Silenced,
            LegRecord::Won => Self::Won,
            LegRecord::LostElsewhere => Self::LostElsewhere,
            LegRecord::Closed => Self::Closed,
        }
    }
}
