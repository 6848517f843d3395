//! `leave` (T27): the user hangs up. T40 where that ends a direct call.

use crate::change::Change;
use crate::participant::Participant;
use crate::reply::{Reply, ReplyResult};
use crate::standing::OutReason;
use switchboard_protocol::address::ClientId;

/// Answered by `ok`. A device without the seat has nothing to leave: its late request must not hang up for the device that
/// has the call now.
pub(crate) fn apply(change: &mut Change, by: &ClientId) -> ReplyResult {
    change.claim_admitted_seat(by);
    if change.participant(by).is_some_and(Participant::is_in_lobby) {
        // Leaving the lobby withdraws the request.
        change.put_out(&by.user(), OutReason::Ended);
    } else if change.require_seat(by).is_ok() {
        change.put_out(&by.user(), OutReason::Left);
        change.update_phase();
    }
    Ok(Reply::OK)
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::OK)
}
