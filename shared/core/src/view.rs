//! Meetings, participants and invitations in the form of the wire.

use crate::invitation::Invitation;
use crate::meeting::Meeting;
use crate::participant::Participant;
use crate::removal_proof::RemovalProof;
use crate::standing::{OutReason, Seat};
use switchboard_protocol::MAX_DOWNLINK_BYTES;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::{Body, ClosedReason, MeetingOffer, Offer};
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::{
    Caller, Delivery, InvitationView, MeetingView, ParticipantView, RejectReason, SeatPlace,
};

impl Meeting {
    /// Returns the meeting at `now_ms`, as answers and notices show it. A meeting that would hardly fit into a
    /// downlink omits the users who are out. A `state` comes in pages and contains all users.
    ///
    /// The publisher knows the size of the whole downlink with its join token, and omits more if necessary
    /// ([`Downlink::fit`](switchboard_protocol::downlink::Downlink::fit)).
    #[must_use]
    pub fn brief_view(&self, now_ms: i64) -> MeetingView {
        let mut view = self.view(now_ms);
        view.omit_past(MAX_DOWNLINK_BYTES * 3 / 4);
        view
    }

    /// Returns the whole meeting at `now_ms`.
    #[must_use]
    pub fn view(&self, now_ms: i64) -> MeetingView {
        // The pattern names every field, so that a new field is shown or omitted on purpose.
        let Self {
            id,
            mode,
            media,
            ext,
            settings,
            host,
            previous_host: _,
            host_away_until_ms: _,
            warning_before_ms: _,
            phase,
            end_text: _,
            rev,
            notified_rev: _,
            created_ms,
            active_since_ms: _,
            is_used: _,
            ring_seconds: _,
            max_participants: _,
            unused_ms,
            empty_ms,
            first_cohosts: _,
            succession,
            created_by: _,
            participants,
            requests: _,
            reached: _,
        } = self;
        let mut participants: Vec<&Participant> = participants.values().collect();
        participants.sort_by_key(|p| p.order);
        MeetingView {
            meeting_id: id.clone(),
            mode: **mode,
            media: *media,
            title: settings.title.clone(),
            state: phase.name(),
            rev: *rev,
            host: host.clone(),
            created_ms: *created_ms,
            ends_in_ms: (settings.ends_at_ms - now_ms).max(0),
            locked: settings.locked,
            policy: settings.policy,
            participants: participants.into_iter().map(|p| p.view(now_ms)).collect(),
            seat: None,
            unused_seconds: seconds(*unused_ms),
            empty_seconds: seconds(*empty_ms),
            succession: (!succession.is_empty()).then(|| succession.clone()),
            ext: ext.clone(),
            truncated: None,
        }
    }

    /// Returns the whole meeting at `now_ms`, with the place of the user's seat for this device.
    #[must_use]
    pub fn view_for(&self, device: &ClientId, now_ms: i64) -> MeetingView {
        let participant = self.participants.get(&device.user());
        let place = |seat: &Seat| {
            // The first device of an admitted user that sends a request gets the seat.
            let may_claim = seat.is_unclaimed() && seat.claimants.contains(device);
            if seat.device == *device || may_claim { SeatPlace::Here } else { SeatPlace::Elsewhere }
        };
        MeetingView { seat: participant.and_then(Participant::seat).map(place), ..self.view(now_ms) }
    }

    /// Returns the last invitations of the participants that meet `condition`, in the participants' order of
    /// arrival.
    pub(crate) fn invitation_views(&self, condition: impl Fn(&Participant) -> bool) -> Vec<InvitationView> {
        let mut invited: Vec<&Participant> = self.participants.values().filter(|p| condition(p)).collect();
        invited.sort_by_key(|p| p.order);
        let view = |p: &Participant| p.invitation().map(|invitation| self.invitation_view(p, invitation));
        invited.into_iter().filter_map(view).collect()
    }

    fn invitation_view(&self, participant: &Participant, invitation: &Invitation) -> InvitationView {
        InvitationView {
            user_id: participant.user_id.clone(),
            invite_id: invitation.id.clone(),
            state: participant.state(),
            code: end_code(participant).map(str::to_owned),
            reason: participant.decline(),
            text: decline_text(participant),
            reach: self.reach(invitation),
        }
    }

    /// Returns the body `invitation_updated`, which goes to the inviter.
    pub(crate) fn invitation_updated(&self, participant: &Participant, invitation: &Invitation) -> Body {
        let InvitationView { user_id, invite_id, state, code, reason, text, reach } =
            self.invitation_view(participant, invitation);
        Body::InvitationUpdated { user_id, invite_id, state, code, reason, text, reach }
    }

    /// Returns the offer to `invitee`, as a device gets it.
    pub(crate) fn offer(&self, invitee: &UserId, invitation: &Invitation, now_ms: i64) -> Offer {
        let others = self.participants.values().filter(|p| p.is_member() || p.is_pending());
        let mut group: Vec<&Participant> =
            others.filter(|p| p.user_id != *invitee && p.user_id != invitation.inviter).collect();
        group.sort_by_key(|p| p.order);
        Offer {
            invite_id: invitation.id.clone(),
            from: self.caller(&invitation.inviter),
            mode: *self.mode,
            media: self.media,
            title: self.settings.title.clone(),
            group: group.into_iter().map(|p| p.user_id.clone()).collect(),
            deadline_in_ms: (invitation.deadline_ms - now_ms).max(0),
            delivery: Delivery::Live,
            ext: invitation.ext.as_ref().or(self.ext.as_ref()).cloned(),
        }
    }

    /// Returns the offer that `user` may still answer.
    #[must_use]
    pub fn open_offer(&self, user: &UserId, now_ms: i64) -> Option<MeetingOffer> {
        let participant = self.participants.get(user).filter(|p| p.is_pending() && !p.is_silent())?;
        let offer = self.offer(user, participant.invitation()?, now_ms);
        Some(MeetingOffer { meeting_id: self.id.clone(), offer })
    }

    /// Returns `user` as the `from` of an offer or a missed call.
    #[must_use]
    pub fn caller(&self, user: &UserId) -> Caller {
        Caller { user_id: user.clone(), name: self.participants.get(user).and_then(|p| p.name.clone()) }
    }

    /// Returns the body `meeting_ended`; `None` while the meeting is live.
    pub(crate) fn ended_body(&self) -> Option<Body> {
        let end = self.end()?;
        let duration_ms = self.active_since_ms.map_or(0, |since| (end.at_ms - since).max(0));
        let text = self.end_text.clone();
        Some(Body::MeetingEnded { reason: end.reason, sip: end.reason.sip(), duration_ms, text })
    }

    /// Returns the body `invitation_closed`, with reason and text of the meeting's end if that closed the
    /// offer.
    pub(crate) fn invitation_closed(&self, invite_id: &InviteId, reason: ClosedReason) -> Body {
        let end = self.end().filter(|_| reason == ClosedReason::MeetingEnded);
        Body::InvitationClosed {
            invite_id: invite_id.clone(),
            reason,
            end_reason: end.map(|end| end.reason),
            text: end.and(self.end_text.clone()),
        }
    }

    /// Returns the body `participant_updated` about `user`.
    pub(crate) fn participant_updated(&self, user: &UserId, now_ms: i64) -> Option<Body> {
        let participant = self.participants.get(user)?;
        Some(Body::ParticipantUpdated { participant: participant.view(now_ms) })
    }

    /// Returns the body `host_changed` about the last change of host; `None` if the creator is still host.
    pub(crate) fn host_changed(&self) -> Option<Body> {
        let previous = UserId::clone(self.previous_host.as_ref()?);
        Some(Body::HostChanged { host: self.host.clone(), previous })
    }

    /// Returns the body `hand_changed`: the members whose hand is up, in the order in which the hands were
    /// raised.
    pub(crate) fn hand_changed(&self) -> Body {
        let raised = |p: &&Participant| p.seat().is_some_and(|seat| *seat.hand);
        let mut hands: Vec<&Participant> = self.members().filter(raised).collect();
        hands.sort_by_key(|p| (p.seat().map(|seat| seat.hand.rev()), p.order));
        Body::HandChanged { hands: hands.into_iter().map(|p| p.user_id.clone()).collect() }
    }
}

impl Participant {
    /// Returns the participant at `now_ms`.
    #[must_use]
    pub fn view(&self, now_ms: i64) -> ParticipantView {
        // The pattern names every field, so that a new field is shown or omitted on purpose.
        let Self {
            user_id,
            name,
            order: _,
            role,
            standing: _,
            speech,
            had_seat: _,
            announced: _,
            times: _,
            last_event: _,
            lobby: _,
            removal_proof,
        } = self;
        let proof = removal_proof.as_ref();
        ParticipantView {
            user_id: user_id.clone(),
            name: name.clone(),
            role: **role,
            state: self.state(),
            speech: speech.view(now_ms),
            hand: self.seat().is_some_and(|seat| *seat.hand),
            media: self.last_seat().map(|seat| *seat.media).unwrap_or_default(),
            invite_id: self
                .invitation()
                .filter(|_| self.is_pending())
                .map(|invitation| invitation.id.clone()),
            reason: self.decline(),
            text: decline_text(self),
            removed_ms: proof.map(|proof| proof.removed_ms),
            confirmed_gone_ms: proof.and_then(|proof| *proof.gone_ms),
            reentries_stopped: proof.map(RemovalProof::reentries_stopped).filter(|count| *count > 0),
        }
    }
}

fn seconds(ms: i64) -> Option<u32> {
    u32::try_from(ms / 1_000).ok()
}

/// Code of an invitation that ended because of do-not-disturb, by a decline or by the user's settings.
pub(crate) const DO_NOT_DISTURB: &str = "do_not_disturb";

/// Returns the code of an invitation that ended without a seat.
pub(crate) fn end_code(participant: &Participant) -> Option<&'static str> {
    match participant.decline() {
        Some(RejectReason::DoNotDisturb) => Some(DO_NOT_DISTURB),
        _ if participant.out_reason() == Some(OutReason::DoNotDisturb) => Some(DO_NOT_DISTURB),
        _ => participant.state().end_code(),
    }
}

/// Returns the text of a user who declined. Only the removed user may see the text of a host who removed
/// them.
fn decline_text(participant: &Participant) -> Option<String> {
    participant.remark().filter(|remark| remark.decline.is_some())?.text.clone()
}
