//! `reject` (T8, T9): the user rejects the invitation on all devices. T14 where that ends a direct call.

use crate::change::Change;
use crate::invitation::Leg;
use crate::reply::{Reply, ReplyResult};
use crate::standing::OutReason;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;

/// Answered by `ok`. A reject after an accept is refused, so that it does not end the call.
pub(crate) fn apply(change: &mut Change, by: &ClientId, invite_id: &InviteId) -> ReplyResult {
    change.require_open_invitation(by, invite_id)?;
    let rev = change.rev;
    if let Some(invitation) = change.invitation_of(by) {
        invitation.close(rev, |device| if device == by { Leg::Closed } else { Leg::LostElsewhere });
    }
    change.put_out(&by.user(), OutReason::Declined);
    change.update_phase();
    Ok(Reply::OK)
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::OK)
}
