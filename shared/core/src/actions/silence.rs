//! `silence` (T10): this device stops ringing; the user's other devices ring on.

use super::accept::invitation_not_found;
use crate::change::Change;
use crate::invitation::Leg;
use crate::reply::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;

/// Answered by `ok`, also when the invitation is closed.
pub(crate) fn apply(change: &mut Change, by: &ClientId, invite_id: &InviteId) -> ReplyResult {
    let participant = change.participant(by);
    let invitation =
        participant.and_then(|p| p.invitation()).filter(|invitation| invitation.id == *invite_id);
    let Some(invitation) = invitation else { return Err(invitation_not_found()) };
    let is_silenced = invitation.legs.get(by) == Some(&Leg::Silenced);
    if participant.is_some_and(|p| p.is_pending()) && !is_silenced {
        change.set_leg(by, Leg::Silenced);
        change.is_changed = true;
    }
    Ok(Reply::OK)
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::OK)
}
