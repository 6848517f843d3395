//! The calls that a user missed: for a device that was away for longer than the broker kept `missed_call` for it, or that is
//! new.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use switchboard_core::Meeting;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{CallView, MissedCallView};

/// Number of past calls that are searched for missed ones; older ones are in `history`.
pub(super) const PAST_CALLS: u32 = 50;
/// A missed call may be stored this long after its time: when a function crashes, `wake` writes the call history. A device that
/// requests the calls since its last `state` must not miss one.
const LATE_MS: i64 = 60_000;

/// Returns the calls that `user` missed since `since_ms`, or up to [`LATE_MS`] before it, newest first: of meetings that may
/// still be live, and of past calls.
pub(super) fn missed_calls(
    meetings: &[Meeting],
    past: &[CallView],
    user: &UserId,
    since_ms: i64,
) -> Vec<MissedCallView> {
    let of_meetings = meetings.iter().filter_map(|meeting| meeting.missed_call(user));
    let missed = of_meetings.chain(past.iter().filter_map(CallView::missed_call));
    // A meeting that has just ended may be in both lists.
    let missed: BTreeMap<_, _> =
        missed.map(|missed| ((Reverse(missed.mark.at_ms), missed.meeting_id.clone()), missed)).collect();
    missed.into_values().filter(|missed| missed.mark.at_ms >= since_ms.saturating_sub(LATE_MS)).collect()
}
