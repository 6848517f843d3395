//! Inviting people, at create and during a call, and taking invitations back (T1, T2, T11, T12).

use super::change::Change;
use super::decide::SlotChange;
use super::reply::{Outcome, Reply};
use super::{DEVICES_MAX, Invitation, Leg, PEOPLE_MAX, Participant, Phase, Refusal, SpeechState};
use serde_json::{Map, Value};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::{
    BusyPolicy, InvitePolicy, MediaFlags, Mode, ParticipantState as State, Role,
};

/// A device of somebody invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its client ID.
    pub client_id: ClientId,
    /// When it was last seen, in milliseconds since the epoch.
    pub seen_ms: i64,
}

/// Somebody to invite, with what the table knows of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    /// The account.
    pub user_id: UserId,
    /// The invitation's id, derived from the request.
    pub invite_id: InviteId,
    /// The name from the app's JWT.
    pub name: Option<String>,
    /// Known devices; at most [`DEVICES_MAX`] are rung, the latest seen first.
    pub devices: Vec<Device>,
    /// Whether they are in another call.
    pub busy: bool,
}

impl Participant {
    /// Somebody who had no part so far.
    pub(super) fn newcomer(user_id: UserId, name: Option<String>, role: Role, order: u32) -> Self {
        Self {
            user_id,
            name,
            order,
            role,
            role_rev: 0,
            state: State::Invited,
            changed_rev: 0,
            seat: None,
            seated_rev: 0,
            seated_ms: 0,
            joined_ms: None,
            moved: None,
            waiting: Vec::new(),
            merged_rev: 0,
            join_by_ms: None,
            check_at_ms: None,
            away: None,
            holds_slot: false,
            speech: SpeechState::default(),
            banned_until_ms: None,
            heard: None,
            hand_rev: None,
            media: MediaFlags::default(),
            invitation: None,
        }
    }
}

impl Change {
    /// Invites one user: who was here before keeps place and role, and gets a new invitation.
    pub(super) fn invite(
        &mut self,
        inviter: &UserId,
        invitee: &Invitee,
        ring_seconds: u32,
        ext: Option<&Map<String, Value>>,
    ) {
        let meeting = &mut self.meeting;
        let rings_ms = i64::from(ring_seconds) * 1_000;
        let order = u32::try_from(meeting.participants.len()).unwrap_or(u32::MAX);
        let mut devices = invitee.devices.clone();
        devices.sort_by_key(|device| std::cmp::Reverse(device.seen_ms));
        devices.truncate(DEVICES_MAX);
        let invitation = Invitation {
            id: invitee.invite_id.clone(),
            inviter: inviter.clone(),
            deadline_ms: self.now.ms + rings_ms,
            rings_ms,
            legs: devices.into_iter().map(|device| (device.client_id, Leg::Offered)).collect(),
            closed_rev: 0,
            ext: ext.cloned(),
        };
        let busy = invitee.busy && meeting.policy.busy == BusyPolicy::Reject;
        // In a direct call the callee is taken from the ring on; ringing twenty people makes nobody busy.
        let takes_slot = meeting.mode == Mode::Direct && !invitee.busy;
        let newcomer =
            || Participant::newcomer(invitee.user_id.clone(), invitee.name.clone(), Role::Member, order);
        let invited = meeting.participants.entry(invitee.user_id.clone()).or_insert_with(newcomer);
        invited.invitation = Some(invitation);
        invited.seat = None;
        invited.waiting = Vec::new();
        if takes_slot {
            invited.holds_slot = true;
            self.slots.push(SlotChange::Claim(invitee.user_id.clone()));
        }
        if busy {
            self.close_invitation(&invitee.user_id, State::UserBusy);
        } else {
            self.set_state(&invitee.user_id, State::Invited);
        }
    }

    /// An `invite` during a call. Who is in or rung already keeps what they have and stands in the answer as they are.
    pub(super) fn invite_more(
        &mut self,
        by: &ClientId,
        invitees: &[Invitee],
        ring_seconds: Option<u32>,
        ext: Option<&Map<String, Value>>,
    ) -> Outcome {
        self.may_invite(by)?;
        if self.meeting.locked {
            return Err(Refusal::new(Code::Locked, "the meeting takes nobody in; unlock it first"));
        }
        if let Some(at) = invitees.iter().position(|invitee| invitee.user_id == by.user()) {
            let words = "nobody can invite himself";
            return Err(Refusal {
                path: Some(format!("invitees[{at}]")),
                ..Refusal::new(Code::BadRequest, words)
            });
        }
        let state = |user: &UserId| self.meeting.participants.get(user).map(|p| p.state);
        let fresh: Vec<&Invitee> = invitees
            .iter()
            .filter(|invitee| {
                !state(&invitee.user_id)
                    .is_some_and(|s| s.is_member() || s.is_pending() || s == State::Banned)
            })
            .collect();
        let taken = self.meeting.members().count() + self.meeting.pending().count();
        if taken + fresh.len() > self.meeting.max_participants as usize {
            return Err(Refusal::new(Code::MeetingFull, "there are not so many free seats"));
        }
        let strangers = fresh.iter().filter(|invitee| state(&invitee.user_id).is_none()).count();
        if self.meeting.participants.len() + strangers > PEOPLE_MAX {
            return Err(Refusal::new(Code::MeetingFull, "the meeting has seen too many people"));
        }
        if !fresh.is_empty() {
            // Irreversible: a third person makes it a group for good.
            if std::mem::replace(&mut self.meeting.mode, Mode::Group) == Mode::Direct {
                self.meeting.grouped_rev = Some(self.rev);
            }
            if self.meeting.phase == Phase::Created {
                self.meeting.phase = Phase::Ringing;
            }
        }
        let ring_seconds = ring_seconds.unwrap_or(self.meeting.ring_seconds);
        for invitee in fresh {
            self.invite(&by.user(), invitee, ring_seconds, ext);
        }
        self.settle();
        Ok(Reply::Body(
            self.result_of(&invitees.iter().map(|invitee| invitee.user_id.clone()).collect::<Vec<_>>()),
        ))
    }

    /// T11: by the inviter or the host; of all that are pending, or of those who are named.
    pub(super) fn cancel_invite(&mut self, by: &ClientId, named: Option<&[UserId]>) -> Outcome {
        if !self.participant(by).is_some_and(|p| p.state.is_member()) {
            return Err(Refusal::new(Code::Forbidden, "you are not in this meeting"));
        }
        let host = self.meeting.host == by.user();
        let mine = |p: &Participant| host || p.invitation.as_ref().is_some_and(|i| i.inviter == by.user());
        let pending =
            self.users(|p| p.state.is_pending() && named.is_none_or(|named| named.contains(&p.user_id)));
        let may = self.users(|p| pending.contains(&p.user_id) && mine(p));
        if may.is_empty() && !pending.is_empty() {
            return Err(Refusal::new(
                Code::Forbidden,
                "only the inviter or the host takes an invitation back",
            ));
        }
        if pending.is_empty() {
            return Err(Refusal::new(
                Code::AlreadyAnswered,
                "no invitation is pending any more; you can leave",
            ));
        }
        for user in &may {
            self.close_invitation(user, State::Cancelled);
        }
        self.settle();
        Ok(Reply::Body(self.result_of(named.unwrap_or(&may))))
    }

    /// The invitations of those who were named, as they stand.
    pub(super) fn result_of(&self, named: &[UserId]) -> Body {
        Body::InvitationResult { invitations: self.meeting.invitation_views(|p| named.contains(&p.user_id)) }
    }

    fn may_invite(&self, by: &ClientId) -> Result<(), Refusal> {
        let member = self.participant(by).filter(|p| p.state.is_member());
        let may =
            member.is_some_and(|p| p.role != Role::Member || self.meeting.policy.invite == InvitePolicy::Any);
        // Either side of a direct call may bring somebody in.
        let side = member.is_some() && self.meeting.mode == Mode::Direct;
        if may || side {
            Ok(())
        } else {
            Err(Refusal::new(Code::Forbidden, "only hosts invite people to this meeting"))
        }
    }
}
