//! The operator of the service ends a meeting (T46).

use crate::change::Change;
use crate::decision::Decision;
use switchboard_protocol::code::EndReason;

/// An ended meeting is left unchanged.
pub(crate) fn apply(mut change: Change) -> Decision {
    change.apply_deadlines();
    if change.meeting.end().is_none() {
        change.end(EndReason::Admin);
    }
    change.into_decision(None)
}
