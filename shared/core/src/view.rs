//! How a meeting and its parts look on the wire.

use super::{Invitation, Leg, Meeting, Participant};
use switchboard_protocol::address::UserId;
use switchboard_protocol::downlink::{Body, MeetingOffer, Offer};
use switchboard_protocol::object::{Caller, Delivery, InvitationView, MeetingView, ParticipantView, Reach};

impl Meeting {
    /// The whole meeting.
    #[must_use]
    pub fn view(&self, now_ms: i64) -> MeetingView {
        let mut participants: Vec<&Participant> = self.participants.values().collect();
        participants.sort_by_key(|p| p.order);
        MeetingView {
            meeting_id: self.id.clone(),
            mode: self.mode,
            media: self.media,
            title: self.title.clone(),
            state: self.phase.name(),
            rev: self.rev,
            host: self.host.clone(),
            created_ms: self.created_ms,
            ends_in_ms: (self.ends_at_ms - now_ms).max(0),
            locked: self.locked,
            policy: self.policy,
            participants: participants.into_iter().map(|p| p.view(now_ms)).collect(),
            ext: self.ext.clone(),
        }
    }

    /// The invitations of those who fit, in the order they came.
    pub(super) fn invitation_views(&self, fits: impl Fn(&Participant) -> bool) -> Vec<InvitationView> {
        let mut invited: Vec<&Participant> =
            self.participants.values().filter(|p| p.invitation.is_some() && fits(p)).collect();
        invited.sort_by_key(|p| p.order);
        invited
            .into_iter()
            .filter_map(|p| p.invitation.as_ref().map(|i| self.invitation_view(p, i)))
            .collect()
    }

    fn invitation_view(&self, participant: &Participant, invitation: &Invitation) -> InvitationView {
        InvitationView {
            user_id: participant.user_id.clone(),
            invite_id: invitation.id.clone(),
            state: participant.state,
            code: participant.state.end_code().map(str::to_owned),
            reach: self.reach(invitation),
        }
    }

    /// The same as the body that tells the inviter.
    pub(super) fn invitation_updated(&self, participant: &Participant, invitation: &Invitation) -> Body {
        let InvitationView { user_id, invite_id, state, code, reach } =
            self.invitation_view(participant, invitation);
        Body::InvitationUpdated { user_id, invite_id, state, code, reach }
    }

    /// How far an invitation got: the best of what is known of its devices. A device that rang has it.
    #[must_use]
    pub fn reach(&self, invitation: &Invitation) -> Reach {
        let rang =
            invitation.legs.values().any(|leg| matches!(leg, Leg::Alerting | Leg::Silenced | Leg::Won));
        let known = self.reached.get(&invitation.id).and_then(|devices| devices.values().max()).copied();
        if rang { Reach::Delivered } else { known.unwrap_or(Reach::Unknown) }
    }

    /// The offer as it rings on a device.
    pub(super) fn offer(&self, invitee: &UserId, invitation: &Invitation, now_ms: i64) -> Offer {
        let others = self.participants.values().filter(|p| p.state.is_member() || p.state.is_pending());
        let mut group: Vec<&Participant> =
            others.filter(|p| p.user_id != *invitee && p.user_id != invitation.inviter).collect();
        group.sort_by_key(|p| p.order);
        Offer {
            invite_id: invitation.id.clone(),
            from: self.from(&invitation.inviter),
            mode: self.mode,
            media: self.media,
            title: self.title.clone(),
            group: group.into_iter().map(|p| p.user_id.clone()).collect(),
            deadline_in_ms: (invitation.deadline_ms - now_ms).max(0),
            delivery: Delivery::Live,
            ext: invitation.ext.as_ref().or(self.ext.as_ref()).cloned(),
        }
    }

    /// The offer that `user` may still answer.
    #[must_use]
    pub fn open_offer(&self, user: &UserId, now_ms: i64) -> Option<MeetingOffer> {
        let participant = self.participants.get(user).filter(|p| p.state.is_pending())?;
        let invitation = participant.invitation.as_ref()?;
        Some(MeetingOffer { meeting_id: self.id.clone(), offer: self.offer(user, invitation, now_ms) })
    }

    /// Who speaks, with the name that is known here.
    #[must_use]
    pub fn from(&self, user: &UserId) -> Caller {
        Caller { user_id: user.clone(), name: self.participants.get(user).and_then(|p| p.name.clone()) }
    }

    /// The body that tells the meeting's end; `None` while it is live.
    pub(super) fn ended_body(&self) -> Option<Body> {
        let (reason, at_ms, _) = self.end()?;
        let duration_ms = self.active_since_ms.map_or(0, |since| (at_ms - since).max(0));
        Some(Body::MeetingEnded { reason, sip: reason.sip(), duration_ms })
    }
}

impl Participant {
    /// The participant on the wire.
    #[must_use]
    pub fn view(&self, now_ms: i64) -> ParticipantView {
        ParticipantView {
            user_id: self.user_id.clone(),
            name: self.name.clone(),
            role: self.role,
            state: self.state,
            speech: self.speech.view(now_ms),
            hand: self.hand_rev.is_some(),
            media: self.media,
            invite_id: self.invitation.as_ref().filter(|_| self.state.is_pending()).map(|i| i.id.clone()),
        }
    }
}
