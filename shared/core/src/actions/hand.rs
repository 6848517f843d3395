//! `raise_hand` and `lower_hand`.

use crate::change::Change;
use crate::reply::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;

/// Answered by `hand_changed`. A hand that is up already keeps its place.
pub(crate) fn apply(change: &mut Change, by: &ClientId, up: bool) -> ReplyResult {
    change.require_seat(by)?;
    let rev = change.rev;
    if let Some(seat) = change.seat_of(by).filter(|seat| *seat.hand != up) {
        seat.hand.set(up, rev);
        change.is_changed = true;
    }
    answer_again(change)
}

pub(crate) fn answer_again(change: &Change) -> ReplyResult {
    Ok(Reply::Body(change.meeting.hand_changed()))
}
