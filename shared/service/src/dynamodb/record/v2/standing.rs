//! Conversions of a participant's standing, with its seat and invitation, between schema 2 and the core.

use super::{
    FormerRecord, InvitationRecord, LegRecord, OutReasonRecord, PresenceRecord, ProofRecord, Rev, SeatRecord,
    SilentRecord, StandingRecord,
};
use switchboard_core::{
    AwayFrom, Entry, Exit, Former, Invitation, Leg, OpenInvitation, OutReason, Presence, Remark,
    RemovalProof, Seat, SilentOffer, Stamped, Standing,
};

impl StandingRecord {
    /// Returns the last invitation.
    pub(super) fn invitation_mut(&mut self) -> Option<&mut InvitationRecord> {
        match self {
            Self::Invited { invitation, .. } | Self::Out { from: FormerRecord::Invited(invitation), .. } => {
                Some(invitation)
            }
            Self::Seated(seat) => seat.invitation.as_mut(),
            Self::Out { from: FormerRecord::Seated(seat), .. } => seat.invitation.as_mut(),
            Self::Lobby { .. } | Self::Out { from: FormerRecord::Lobby(_), .. } => None,
        }
    }

    /// Returns the place of the removal proof; `None` if the user is not out.
    pub(super) const fn proof_mut(&mut self) -> Option<&mut Option<ProofRecord>> {
        match self {
            Self::Out { proof, .. } => Some(proof),
            Self::Invited { .. } | Self::Lobby { .. } | Self::Seated(_) => None,
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
            Standing::Seated(seat) => Self::Seated((&**seat).into()),
            Standing::Out(Exit { reason, from, remark }) => {
                let (reason, until_ms) = out_reason(*reason);
                let from = match from {
                    Former::Invitation(invitation) => FormerRecord::Invited(invitation.into()),
                    Former::Lobby(devices) => FormerRecord::Lobby(devices.clone()),
                    Former::Seat(seat) => FormerRecord::Seated(Box::new((&**seat).into())),
                };
                let Remark { decline, text, by } = remark.clone();
                Self::Out { reason, until_ms, from, decline, text, by, proof: None }
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
            StandingRecord::Seated(seat) => Self::Seated(Box::new(seat.into())),
            StandingRecord::Out { reason, until_ms, from, decline, text, by, proof: _ } => {
                let from = match from {
                    FormerRecord::Invited(invitation) => Former::Invitation(invitation.into()),
                    FormerRecord::Lobby(devices) => Former::Lobby(devices),
                    FormerRecord::Seated(seat) => Former::Seat(Box::new((*seat).into())),
                };
                let remark = Remark { decline, text, by };
                Self::Out(Exit { reason: reason.into_reason(until_ms), from, remark })
            }
        }
    }
}

impl From<&RemovalProof> for ProofRecord {
    fn from(proof: &RemovalProof) -> Self {
        let RemovalProof { removed_ms, asked_ms, gone_ms, times_gone, check_at_ms } = proof;
        Self {
            removed_ms: *removed_ms,
            asked_ms: asked_ms.into(),
            gone_ms: **gone_ms,
            gone_rev: gone_ms.rev(),
            times_gone: *times_gone,
            check_at_ms: *check_at_ms,
        }
    }
}

impl From<ProofRecord> for RemovalProof {
    fn from(record: ProofRecord) -> Self {
        let ProofRecord { removed_ms, asked_ms, gone_ms, gone_rev, times_gone, check_at_ms } = record;
        Self {
            removed_ms,
            asked_ms: asked_ms.into(),
            gone_ms: Stamped::new(gone_ms, gone_rev),
            times_gone,
            check_at_ms,
        }
    }
}

fn out_reason(reason: OutReason) -> (OutReasonRecord, Option<i64>) {
    let record = match reason {
        OutReason::Declined => OutReasonRecord::Declined,
        OutReason::UserBusy => OutReasonRecord::UserBusy,
        OutReason::NoAnswer => OutReasonRecord::NoAnswer,
        OutReason::Unreachable => OutReasonRecord::Unreachable,
        OutReason::DoNotDisturb => OutReasonRecord::DoNotDisturb,
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
            Self::DoNotDisturb => OutReason::DoNotDisturb,
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
                Presence::OnTheWay { join_by_ms } => {
                    PresenceRecord::OnTheWay { join_by_ms: *join_by_ms, claimants: seat.claimants.clone() }
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
            claimants: match seat.presence {
                Presence::OnTheWay { .. } => Vec::new(),
                Presence::Joined | Presence::Away { .. } => seat.claimants.clone(),
            },
            check_at_ms: seat.check_at_ms,
            confirm_by_ms: seat.confirm_by_ms,
            confirmed_ms: seat.confirmed_ms,
            joined_ms: seat.joined_ms,
            media: *seat.media,
            media_rev: seat.media.rev(),
            reported_ms: seat.reported_ms.clone(),
            hand: (&seat.hand).into(),
            invitation: seat.invitation.as_ref().map(InvitationRecord::from),
            other_call: seat.other_call.clone(),
        }
    }
}

impl From<SeatRecord> for Seat {
    fn from(record: SeatRecord) -> Self {
        let entry = Entry { at_ms: record.entered_ms, is_merge: record.is_merge };
        let mut claimants = record.claimants;
        Self {
            device: record.device,
            entry: Stamped::new(entry, record.entered_rev),
            moved_from: record.moved_from.map(Stamped::from),
            presence: match record.presence {
                PresenceRecord::OnTheWay { join_by_ms, claimants: of_seat } => {
                    claimants = of_seat;
                    Presence::OnTheWay { join_by_ms }
                }
                PresenceRecord::Joined => Presence::Joined,
                PresenceRecord::Away { until_ms, from_media: true, .. } => {
                    Presence::Away { until_ms, from: AwayFrom::Media }
                }
                PresenceRecord::Away { until_ms, join_by_ms, .. } => {
                    Presence::Away { until_ms, from: AwayFrom::OnTheWay { join_by_ms } }
                }
            },
            claimants,
            check_at_ms: record.check_at_ms,
            confirm_by_ms: record.confirm_by_ms,
            confirmed_ms: record.confirmed_ms,
            joined_ms: record.joined_ms,
            media: Stamped::new(record.media, record.media_rev),
            reported_ms: record.reported_ms,
            hand: record.hand.into(),
            invitation: record.invitation.map(Invitation::from),
            other_call: record.other_call,
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
            queues: invitation.queues.clone(),
            silent: invitation
                .silent
                .as_ref()
                .map(|silent| SilentRecord { would_queue: silent.would_queue.clone() }),
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
            queues: record.queues,
            silent: record.silent.map(|silent| SilentOffer { would_queue: silent.would_queue }),
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
            Leg::Lost => Self::LostElsewhere,
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
            LegRecord::LostElsewhere => Self::Lost,
            LegRecord::Closed => Self::Closed,
        }
    }
}
