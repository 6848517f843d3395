//! Repeats the effects of a commit if it is unknown whether they were done.

use crate::actions::create::CREATED;
use crate::cause::Cause;
use crate::decision::{Decision, RepeatedEffects};
use crate::input::{Now, RtcCapabilities};
use crate::invitation::Leg;
use crate::limits::{RING_GRACE_MS, TELL_AGAIN_MS};
use crate::meeting::Meeting;
use crate::notices::notices;
use crate::outgoing::Outgoing;
use crate::participant::Participant;
use crate::rtc_actions::rtc_actions;
use crate::standing::OutReason;
use std::collections::BTreeMap;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::{Body, ClosedReason};
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::Reach;

/// Returns the effects of the commit that made `rev`, as far as they still apply: the same downlinks with the
/// same ids.
///
/// This includes the answer to a create request, since its terminal may have stopped retrying.
#[must_use]
pub fn repeat_effects(
    meeting: &Meeting,
    rev: u64,
    cause: &Cause,
    now: Now,
    rtc: RtcCapabilities,
) -> Decision {
    let again = notices(meeting, rev, cause, now.ms, rtc).into_iter();
    // Members may have received these notices before, so the last revision that they know is unknown: no
    // `prev_rev`.
    let notices = again.map(|notice| Outgoing { prev_rev: None, ..notice }).collect();
    let creation = &meeting.created_by;
    let is_create = creation.request.is_from(rev) && cause.request_id() == Some(&creation.request.id);
    let answer = (is_create && meeting.has_member(&creation.client_id.user()))
        .then(|| Outgoing::reply(&creation.client_id, cause, CREATED, meeting, now.ms))
        .flatten();
    Decision { rtc_actions: rtc_actions(meeting, rev), notices, answer, ..Decision::default() }
}

/// Returns the effects of the revision `rev` that a repeat of its request may run again, as far as they still
/// apply; `None` if there are none.
pub(crate) fn repeated_effects(
    meeting: &Meeting,
    rev: u64,
    cause: &Cause,
    now: Now,
    rtc: RtcCapabilities,
) -> Option<RepeatedEffects> {
    let Decision { notices, rtc_actions, .. } = repeat_effects(meeting, rev, cause, now, rtc);
    // An invitee without devices gets no downlink, but a push notification.
    let has_effects = !notices.is_empty() || !rtc_actions.is_empty() || meeting.pending().next().is_some();
    let is_late = is_at_rest(meeting, now.ms);
    has_effects.then_some(RepeatedEffects { rev, notices, rtc_actions, is_late })
}

/// Returns whether the meeting ended more than [`TELL_AGAIN_MS`] ago and no device may ring any longer.
fn is_at_rest(meeting: &Meeting, now_ms: i64) -> bool {
    let mut invitations = meeting.participants.values().filter_map(Participant::invitation);
    meeting.end().is_some_and(|end| end.at_ms + TELL_AGAIN_MS < now_ms)
        && !invitations.any(|invitation| invitation.deadline_ms + RING_GRACE_MS > now_ms)
}

impl Meeting {
    /// T4: returns notices to the inviters of invitations whose offer reached no device and waits in the
    /// broker's queue. `best` is the best reach of each offer.
    #[must_use]
    pub fn queued_notices(&self, best: &BTreeMap<InviteId, Reach>, cause: &Cause) -> Vec<Outgoing> {
        let notice = |p: &Participant| {
            let invitation = p.invitation().filter(|_| p.is_pending())?;
            if best.get(&invitation.id) != Some(&Reach::Queued) {
                return None;
            }
            let seat = self.participants.get(&invitation.inviter)?.last_seat()?;
            let mut body = self.invitation_updated(p, invitation);
            if let Body::InvitationUpdated { reach, .. } = &mut body {
                *reach = Reach::Queued;
            }
            Some(Outgoing::notice(self, &seat.device, cause, invitation.id.as_str(), body))
        };
        self.participants.values().filter_map(notice).collect()
    }

    /// Returns notices of the end of those `offers` that are closed. They have ids of their own: a device
    /// that got the first notice before its offer would drop another notice with the same id.
    #[must_use]
    pub fn repeat_closings(&self, offers: &[&(InviteId, ClientId)]) -> Vec<Outgoing> {
        let close = |(invite, device): &&(InviteId, ClientId)| {
            let participant = self.participants.get(&device.user())?;
            let reason = closed_reason(participant, invite, device)?;
            let cause = Cause::Deadline { meeting_id: self.id.clone(), rev: participant.standing.rev() };
            let body = self.invitation_closed(invite, reason);
            Some(Outgoing::notice(self, device, &cause, invite.as_str(), body))
        };
        offers.iter().filter_map(close).collect()
    }
}

/// Returns the reason for which the offer to `device` is closed; `None` while the offer is open, or if this
/// device accepted it.
fn closed_reason(participant: &Participant, invite: &InviteId, device: &ClientId) -> Option<ClosedReason> {
    let invitation = participant.invitation().filter(|invitation| invitation.id == *invite);
    let Some(invitation) = invitation else { return Some(ClosedReason::Cancelled) };
    let leg = invitation.legs.get(device);
    if participant.is_pending() || leg == Some(&Leg::Won) {
        return None;
    }
    Some(match (participant.out_reason(), leg) {
        _ if participant.has_declined() => ClosedReason::DeclinedElsewhere,
        (Some(OutReason::Cancelled), _) => ClosedReason::Cancelled,
        (Some(OutReason::NoAnswer | OutReason::Unreachable), _) => ClosedReason::Expired,
        (_, Some(Leg::Lost)) => ClosedReason::AnsweredElsewhere,
        _ => ClosedReason::MeetingEnded,
    })
}
