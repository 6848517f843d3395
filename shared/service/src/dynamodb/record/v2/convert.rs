//! Conversions between the records of schema 2 and the types of the core.

use super::{
    CreationRecord, EventRecord, MarkKindRecord, MarkRecord, MeetingRecord, ParticipantRecord, PhaseRecord,
    ProofRecord, RequestRecord, Rev, SettingsRecord, SpeechRecord, StandingRecord, TimesRecord,
};
use crate::ports::Reached;
use switchboard_core::{
    AppliedRequest, CreateMark, Creation, EMPTY_MS, End, LastMediaEvent, LobbyHistory, MarkKind, Meeting,
    Participant, Phase, RemovalProof, Settings, Speech, Stamped, Standing, Times, UNUSED_MS,
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
    /// Moves the objects of the invitations into one list.
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

    /// Moves the objects from the list back into the invitations.
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
        let mut standing = StandingRecord::from(&*participant.standing);
        let mut proof = participant.removal_proof.as_ref().map(ProofRecord::from);
        if let Some(place) = standing.proof_mut() {
            *place = proof.take();
        }
        Self {
            name: participant.name.clone(),
            order: participant.order,
            role: (&participant.role).into(),
            standing,
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
            proof,
            wishes: participant.lobby.wishes.clone(),
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
    fn into_participant(mut self, user_id: UserId) -> Participant {
        let SpeechRecord { mode, until_ms, by, right_rev } = self.speech;
        let event = |EventRecord { at, stay, is_join }| LastMediaEvent { at, stay, is_join };
        let proof = self.standing.proof_mut().and_then(Option::take).or(self.proof);
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
            removal_proof: proof.map(RemovalProof::from),
            lobby: LobbyHistory { is_denied: self.is_denied, knocks_ms: self.knocks_ms, wishes: self.wishes },
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
            missed_ms,
        } = *times;
        Self {
            invited_ms,
            rang_ms,
            answered_ms,
            joined_ms,
            left_ms,
            stays_since_ms,
            dropped_ms,
            stayed_ms,
            missed_ms,
        }
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
            missed_ms,
        } = record;
        Self {
            invited_ms,
            rang_ms,
            answered_ms,
            joined_ms,
            left_ms,
            stays_since_ms,
            dropped_ms,
            stayed_ms,
            missed_ms,
        }
    }
}
