//! `invite` (T1, T2 during a call): a member invites more users. A direct call becomes a group permanently.

use crate::availability::Access;
use crate::change::Change;
use crate::input::{Invitee, KnownDevice};
use crate::invitation::{Invitation, Leg, SilentOffer};
use crate::limits::{MAX_DEVICES, MAX_INVITATION_EXT_BYTES, MAX_PEOPLE};
use crate::meeting::{Meeting, Phase};
use crate::outgoing::{Reply, ReplyResult};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::stamped::Stamped;
use crate::standing::{OpenInvitation, OutReason};
use serde_json::{Map, Value};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{BusyPolicy, InvitePolicy, Mode, NotInvited, Role};

/// Answered by `invitation_result`. Users with a seat or an open invitation keep it, and the answer shows
/// their present state; but a silent invitation is replaced if the devices of its user ring for the sender.
/// Users in the lobby are admitted.
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    invitees: &[Invitee],
    ring_seconds: Option<u32>,
    ext: Option<&Map<String, Value>>,
) -> ReplyResult {
    require_may_invite(change, by)?;
    change.require_unlocked()?;
    require_not_oneself(&by.user(), invitees.iter().map(|invitee| &invitee.user_id))?;
    let meeting = &change.meeting;
    let participant = |invitee: &Invitee| meeting.participants.get(&invitee.user_id);
    let is_to_invite = |invitee: &&Invitee| {
        participant(invitee).is_none_or(|p| {
            !p.is_member() && !p.is_banned() && (!p.is_pending() || rings_at_last(meeting, p, invitee))
        })
    };
    let fresh: Vec<&Invitee> = invitees.iter().filter(is_to_invite).collect();
    let again = fresh.iter().filter(|invitee| participant(invitee).is_some_and(Participant::is_pending));
    let others = meeting.members().count() + meeting.pending().count() - again.count();
    if others + fresh.len() > meeting.max_participants as usize {
        return Err(Refusal::new(
            Code::MeetingFull,
            "the meeting has fewer free seats than invitees; invite fewer users",
        ));
    }
    let strangers = fresh.iter().filter(|invitee| participant(invitee).is_none()).count();
    if meeting.participants.len() + strangers > MAX_PEOPLE {
        return Err(Refusal::new(
            Code::MeetingFull,
            "the meeting has had too many participants; create another one",
        ));
    }
    if let Some(ext) = ext {
        require_room_for(&change.meeting, ext)?;
    }
    let is_rung = |invitee: &Invitee| !participant(invitee).is_some_and(Participant::is_in_lobby);
    let rings = fresh.iter().any(|invitee| is_rung(invitee));
    if !fresh.is_empty() && *meeting.mode == Mode::Direct {
        change.meeting.mode.set(Mode::Group, change.rev);
    }
    if rings && change.meeting.phase == Phase::Created {
        change.meeting.phase = Phase::Ringing;
    }
    let ring_seconds = ring_seconds.unwrap_or(change.meeting.ring_seconds);
    for invitee in fresh {
        match change.meeting.participants.get(&invitee.user_id).filter(|p| p.is_in_lobby()) {
            // The user asked to join, so no device has to ring.
            Some(waiting) => change.let_in(waiting.lobby_devices().to_vec()),
            None => change.invite_user(&by.user(), invitee, ring_seconds, ext),
        }
    }
    change.update_phase();
    answer_again(change, invitees)
}

pub(crate) fn answer_again(change: &Change, invitees: &[Invitee]) -> ReplyResult {
    let named: Vec<UserId> = invitees.iter().map(|invitee| invitee.user_id.clone()).collect();
    Ok(Reply::Body(change.invitation_result(&named)))
}

/// Returns whether the open invitation of `participant` rings nowhere, and one of this sender would ring: the
/// user does not take calls of the first inviter alone.
fn rings_at_last(meeting: &Meeting, participant: &Participant, invitee: &Invitee) -> bool {
    let may_ring = !invitee.busy || meeting.settings.policy.busy == BusyPolicy::Ring;
    participant.is_silent() && invitee.access == Access::Rings && may_ring
}

/// Refuses with `forbidden` a member whom the policy does not allow to invite. In a direct call, both users
/// may invite.
fn require_may_invite(change: &Change, by: &ClientId) -> Result<(), Refusal> {
    let meeting = &change.meeting;
    let allows_all = meeting.settings.policy.invite == InvitePolicy::Any || *meeting.mode == Mode::Direct;
    let member = change.participant(by).filter(|p| p.is_member());
    if member.is_some_and(|p| allows_all || *p.role != Role::Member) {
        Ok(())
    } else {
        Err(Refusal::new(
            Code::Forbidden,
            "only the host and the cohosts may invite users to this meeting; ask one of them",
        ))
    }
}

/// Refuses with `bad_request` a list of invitees that names the sender.
pub(crate) fn require_not_oneself<'a>(
    sender: &UserId,
    mut invitees: impl Iterator<Item = &'a UserId>,
) -> Result<(), Refusal> {
    match invitees.position(|user| user == sender) {
        Some(at) => {
            Err(Refusal::bad_field(format!("invitees[{at}]"), "you cannot invite yourself; name other users"))
        }
        None => Ok(()),
    }
}

/// Refuses with `bad_request` an object for which the meeting has no room beside the objects of its other
/// invitations.
fn require_room_for(meeting: &Meeting, ext: &Map<String, Value>) -> Result<(), Refusal> {
    let mut kept: Vec<&Map<String, Value>> = vec![ext];
    for other in meeting.participants.values().filter_map(|p| p.invitation()?.ext.as_ref()) {
        if !kept.contains(&other) {
            kept.push(other);
        }
    }
    let bytes = |ext: &Map<String, Value>| serde_json::to_string(ext).map_or(0, |text| text.len());
    if kept.len() > 1 && kept.iter().map(|ext| bytes(ext)).sum::<usize>() > MAX_INVITATION_EXT_BYTES {
        let message = format!(
            "the objects of a meeting's invitations have at most {MAX_INVITATION_EXT_BYTES} bytes in all; send a smaller object"
        );
        return Err(Refusal::bad_field("ext", message));
    }
    Ok(())
}

impl Change {
    /// Invites one user who at present has no part in the meeting. No device of a user in another call rings,
    /// unless the policy allows it, and never a device of a user with do-not-disturb (T65). A silent invitation
    /// is open like that of a user without a connected device, even if the user is in another call (T64).
    pub(crate) fn invite_user(
        &mut self,
        inviter: &UserId,
        invitee: &Invitee,
        ring_seconds: u32,
        ext: Option<&Map<String, Value>>,
    ) {
        let rings_ms = i64::from(ring_seconds) * 1_000;
        let mut devices = invitee.devices.clone();
        devices.sort_by_key(|device| std::cmp::Reverse(device.seen_ms));
        devices.truncate(MAX_DEVICES);
        let deadline_ms = self.now.ms + rings_ms;
        let would_queue =
            |device: &&KnownDevice| device.queue_until_ms.is_none_or(|until_ms| until_ms >= deadline_ms);
        let silent = (invitee.access == Access::Silent).then(|| SilentOffer {
            would_queue: devices.iter().find(would_queue).map(|device| device.client_id.clone()),
        });
        if silent.is_some() {
            // Without devices in the invitation, no later step can notify one.
            devices.clear();
        }
        let is_busy = invitee.busy && invitee.access == Access::Rings;
        let keeps =
            |device: &KnownDevice| Some((device.client_id.clone(), device.queue_until_ms? >= deadline_ms));
        let invitation = Invitation {
            id: invitee.invite_id.clone(),
            inviter: inviter.clone(),
            deadline_ms,
            rings_ms,
            queues: devices.iter().filter_map(keeps).collect(),
            silent,
            legs: devices.into_iter().map(|device| (device.client_id, Leg::Offered)).collect(),
            closed: Stamped::default(),
            ext: ext.cloned(),
        };
        // A direct call holds the slot of its callee from the ring on; an invitation to a group holds no
        // slot.
        let holds_slot =
            *self.meeting.mode == Mode::Direct && !invitee.busy && invitee.access == Access::Rings;
        let pending = OpenInvitation { invitation, is_ringing: false, holds_slot };
        self.invite(&invitee.user_id, invitee.name.as_ref(), pending);
        if invitee.access == Access::DoNotDisturb {
            self.close_invitation(&invitee.user_id, OutReason::DoNotDisturb);
        } else if is_busy && self.meeting.settings.policy.busy == BusyPolicy::Reject {
            self.close_invitation(&invitee.user_id, OutReason::UserBusy);
        }
    }

    /// Returns the body `invitation_result` with the present state of each named user.
    pub(crate) fn invitation_result(&self, named: &[UserId]) -> Body {
        let participant = |user: &UserId| self.meeting.participants.get(user);
        let has_none = |user: &&UserId| participant(user).is_none_or(|p| p.invitation().is_none());
        let not_invited = |user: &UserId| NotInvited {
            user_id: user.clone(),
            state: participant(user).map(Participant::state),
            code: match participant(user) {
                None => Some(Code::UserNotFound),
                Some(p) => p.is_banned().then_some(Code::Banned),
            },
        };
        let others: Vec<NotInvited> = named.iter().filter(has_none).map(not_invited).collect();
        Body::InvitationResult {
            invitations: self.meeting.invitation_views(|p| named.contains(&p.user_id)),
            not_invited: (!others.is_empty()).then_some(others),
        }
    }
}

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod tests;
