//! Promises about every stored meeting and every commit, which the model checker and the simulator check.

use super::table_state::StoredMeeting;
use switchboard_core::{Input, Leg, Meeting, Now, RtcCapabilities, decide};
use switchboard_protocol::object::{HostLeavePolicy, Mode};

/// Returns whether no invitation has more than one winner.
#[must_use]
pub fn has_one_winner(meeting: &Meeting) -> bool {
    let invitations = meeting.participants.values().filter_map(|p| p.invitation());
    invitations
        .map(|invitation| invitation.legs.values().filter(|leg| **leg == Leg::Won).count())
        .all(|winners| winners <= 1)
}

/// Returns whether the host is in a group that passes its host on and has members.
#[must_use]
pub fn has_host(meeting: &Meeting) -> bool {
    let transfers =
        *meeting.mode == Mode::Group && meeting.settings.policy.host_leave == HostLeavePolicy::Transfer;
    let lives = meeting.end().is_none() && meeting.members().next().is_some();
    !transfers || !lives || meeting.members().any(|member| member.user_id == meeting.host)
}

/// Returns whether an ended meeting has become another one.
#[must_use]
pub fn is_revived(before: &Meeting, after: &Meeting) -> bool {
    before.end().is_some() && before.phase != after.phase
}

/// Returns whether a commit changes more than the expired deadlines alone would have: then a request is applied by it.
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
