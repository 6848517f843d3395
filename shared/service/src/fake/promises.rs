//! Promises about every stored meeting and every commit, which the model checker and the simulator check.

use super::table_state::StoredMeeting;
use switchboard_core::{Input, Leg, Meeting, Now, RtcCapabilities, decide};
use switchboard_protocol::object::{HostLeavePolicy, Mode};

/// Returns whether every invitation has at most one winner.
#[must_use]
pub fn has_one_winner(meeting: &Meeting) -> bool {
    let invitations = meeting.participants.values().filter_map(|p| p.invitation());
    invitations
        .map(|invitation| invitation.legs.values().filter(|leg| **leg == Leg::Won).count())
        .all(|winners| winners <= 1)
}

/// Returns whether the host has a seat, if the meeting is a group with members whose host may be replaced; otherwise
/// `true`.
#[must_use]
pub fn has_host(meeting: &Meeting) -> bool {
    let transfers =
        *meeting.mode == Mode::Group && meeting.settings.policy.host_leave == HostLeavePolicy::Transfer;
    let lives = meeting.end().is_none() && meeting.members().next().is_some();
    !transfers || !lives || meeting.members().any(|member| member.user_id == meeting.host)
}

/// Returns whether an ended meeting has changed.
#[must_use]
pub fn is_revived(before: &Meeting, after: &Meeting) -> bool {
    before.end().is_some() && before.phase != after.phase
}

/// Returns whether a commit changes more than the expired deadlines alone would change, and therefore applies
/// a request.
#[must_use]
pub fn changes_more_than_time(
    before: &StoredMeeting,
    after: &Meeting,
    now: Now,
    rtc: RtcCapabilities,
) -> bool {
    let before = before.loaded().meeting;
    let decision = decide(&before, &Input::Deadline, now, rtc);
    let by_time = decision.next.unwrap_or(before);
    let same = Meeting {
        rev: after.rev,
        notified_rev: after.notified_rev,
        requests: after.requests.clone(),
        reached: after.reached.clone(),
        ..by_time
    };
    same != *after
}
