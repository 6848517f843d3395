//! `cancel_invite` (T11, T12): the inviter or the host cancels open invitations.

use crate::change::Change;
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::reply::{Reply, ReplyResult};
use crate::standing::OutReason;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;

/// Answered by `invitation_result`, for those named or for all whose invitation was open.
///
/// Refuses with `already_answered` if no invitation that is meant is open, and with `forbidden` if other members made all
/// that are.
pub(crate) fn apply(change: &mut Change, by: &ClientId, named: Option<&[UserId]>) -> ReplyResult {
    if !change.participant(by).is_some_and(Participant::is_member) {
        return Err(Refusal::new(Code::Forbidden, "you are not in this meeting"));
    }
    let is_host = change.meeting.host == by.user();
    let is_own = |p: &Participant| p.invitation().is_some_and(|invitation| invitation.inviter == by.user());
    let is_meant = |p: &Participant| p.is_pending() && named.is_none_or(|named| named.contains(&p.user_id));
    let open = change.meeting.users(is_meant);
    let allowed = change.meeting.users(|p| is_meant(p) && (is_host || is_own(p)));
    if open.is_empty() {
        return Err(Refusal::new(
            Code::AlreadyAnswered,
            "no invitation is open; send leave to leave the call",
        ));
    }
    if allowed.is_empty() {
        return Err(Refusal::new(Code::Forbidden, "only the inviter or the host may cancel an invitation"));
    }
    for user in &allowed {
        change.close_invitation(user, OutReason::Cancelled);
    }
    change.update_phase();
    Ok(Reply::Body(change.invitation_result(named.unwrap_or(&allowed))))
}

pub(crate) fn answer_again(change: &Change, named: Option<&[UserId]>, rev: u64) -> ReplyResult {
    let cancelled =
        change.meeting.users(|p| p.standing.is_from(rev) && p.out_reason() == Some(OutReason::Cancelled));
    Ok(Reply::Body(change.invitation_result(named.unwrap_or(&cancelled))))
}
