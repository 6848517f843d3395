//! The calls that a user missed. A device needs them if it was disconnected for longer than the broker kept
//! `missed_call`, or if it is new.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use switchboard_core::Meeting;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{CallView, MissedCallView};

/// Number of past calls that are searched for missed calls. A device finds older ones with `history`.
pub(super) const PAST_CALLS: u32 = 50;
/// Milliseconds by which a missed call may be stored after its time: if a function crashes, `wake` writes the
/// call history. A device that requests the calls since its last `state` must still get such a call.
const LATE_MS: i64 = 60_000;

/// Returns the calls that `user` missed since `since_ms`, or up to [`LATE_MS`] before it, newest first. They
/// come from meetings that may still be live, and from past calls.
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
