//! `remove` (T32, T33): a host removes or bans a user.

use crate::change::Change;
use crate::outgoing::ReplyResult;
use crate::refusal::Refusal;
use crate::remark::Remark;
use crate::standing::OutReason;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::Role;

/// Answered by `participant_updated`. The user loses the role. A ban also closes an open invitation.
///
/// Refuses with `forbidden` to remove the host, with `not_host` a cohost who would remove a cohost or change a
/// ban that the host set, and with `user_not_found` to remove a user who has no seat
/// and is not in the lobby.
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    user: &UserId,
    ban: bool,
    for_seconds: Option<u32>,
    remark: Remark,
) -> ReplyResult {
    change.require_host_set(by)?;
    let Some(participant) = change.meeting.participants.get_mut(user) else {
        return Err(Refusal::new(
            Code::UserNotFound,
            "the user has no part in this meeting; send sync for the present state",
        ));
    };
    if *user == change.meeting.host {
        return Err(Refusal::new(
            Code::Forbidden,
            "the host cannot be removed; the host may send transfer_host or leave",
        ));
    }
    let is_by_host = by.user() == change.meeting.host;
    if !is_by_host && *participant.role == Role::Cohost {
        return Err(Refusal::new(Code::NotHost, "only the host may remove a cohost; ask the host"));
    }
    let is_hosts_ban = participant.is_banned()
        && participant
            .remark()
            .and_then(|remark| remark.by.as_ref())
            .is_none_or(|by| *by == change.meeting.host);
    if !is_by_host && is_hosts_ban {
        return Err(Refusal::new(Code::NotHost, "only the host may change a ban of the host; ask the host"));
    }
    if !ban && !participant.is_member() && !participant.is_in_lobby() {
        let message = "the user is not in the meeting; cancel an invitation with cancel_invite";
        return Err(Refusal::new(Code::UserNotFound, message));
    }
    // The notice of the removal also shows the role.
    *participant.role.amend() = Role::Member;
    let is_pending = participant.is_pending();
    let until_ms = for_seconds.map(|seconds| change.now.ms + i64::from(seconds) * 1_000);
    let reason = if ban { OutReason::Banned { until_ms } } else { OutReason::Removed };
    if is_pending {
        change.close_invitation_with(user, reason, remark);
    } else {
        change.put_out_with(user, reason, remark);
    }
    change.update_phase();
    answer_again(change, user)
}

pub(crate) fn answer_again(change: &Change, user: &UserId) -> ReplyResult {
    Ok(change.meeting.participant_updated(user, change.now.ms).into())
}

#[cfg(test)]
mod tests;
