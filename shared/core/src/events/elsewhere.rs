//! A user of this call accepted another one: a user is in one call at a time, so the seat here is given up, and the others
//! are notified. The device of the seat is notified, too: it may be another one than the device that accepted.

use crate::change::Change;
use crate::decision::Decision;
use crate::standing::OutReason;
use switchboard_protocol::address::UserId;

/// Nothing changes unless the user has a seat.
pub(crate) fn apply(mut change: Change, user: &UserId) -> Decision {
    change.apply_deadlines();
    if change.meeting.end().is_none() && change.meeting.has_member(user) {
        change.put_out(user, OutReason::Left);
        change.update_phase();
    }
    change.into_decision(None)
}
