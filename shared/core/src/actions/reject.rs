//! `reject` (T8, T9): the user rejects the invitation on all devices. T14 where that ends a direct call.

use crate::change::Change;
use crate::invitation::Leg;
use crate::remark::Remark;
use crate::reply::{Reply, ReplyResult};
use crate::standing::OutReason;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::RejectReason;

/// Answered by `ok`. The reason `busy` ends the invitation as `user_busy`, every other as `declined`. A reject after an
/// accept is refused, so that it does not end the call.
pub(crate) fn apply(change: &mut Change, by: &ClientId, invite_id: &InviteId, remark: Remark) -> ReplyResult {
    change.require_open_invitation(by, invite_id)?;
    let rev = change.rev;
    if let Some(invitation) = change.invitation_of(by) {
        invitation.close(rev, |device| if device == by { Leg::Closed } else { Leg::LostElsewhere });
    }
    let is_busy = remark.decline == Some(RejectReason::Busy);
    let reason = if is_busy { OutReason::UserBusy } else { OutReason::Declined };
    change.put_out_with(&by.user(), reason, remark);
    change.update_phase();
    Ok(Reply::OK)
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::OK)
}
