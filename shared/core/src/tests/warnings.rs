//! Tests of the warnings of the end of a meeting (T44, T45).

use super::fixture::{Call, START_MS};
use super::scenes::{MINUTE, timed_group, wakes_with_warning};
use crate::{OpenInvitation, Standing};
use switchboard_protocol::code::EndReason;

#[test]
fn t44_t45_members_are_warned_five_minutes_and_one_minute_before_the_end() {
    let mut call = timed_group(60);
    assert_eq!(call.next_deadline_ms(), Some(START_MS + 55 * MINUTE));
    assert_eq!(wakes_with_warning(&mut call, 55 * MINUTE - 1), None);
    assert_eq!(wakes_with_warning(&mut call, 55 * MINUTE), Some(300_000));
    assert_eq!(
        call.downlinks(),
        ["alice.phone: meeting_ending max_duration", "bob.phone: meeting_ending max_duration"]
    );
    assert_eq!(wakes_with_warning(&mut call, 56 * MINUTE), None, "each warning is given once");
    assert_eq!(call.next_deadline_ms(), Some(START_MS + 59 * MINUTE));
    assert_eq!(wakes_with_warning(&mut call, 59 * MINUTE + 5), Some(59_995));
    assert_eq!(call.next_deadline_ms(), Some(START_MS + 60 * MINUTE));
    assert_eq!(wakes_with_warning(&mut call, 60 * MINUTE), None);
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::MaxDuration));
    assert_eq!(
        call.downlinks(),
        ["alice.phone: meeting_ended max_duration", "bob.phone: meeting_ended max_duration"]
    );
}

#[test]
fn t44_a_late_timer_warns_once_and_a_meeting_that_is_short_from_the_start_not_at_its_start() {
    let mut call = timed_group(60);
    assert_eq!(wakes_with_warning(&mut call, 59 * MINUTE + 30_000), Some(30_000));
    assert_eq!(wakes_with_warning(&mut call, 59 * MINUTE + 31_000), None);

    let mut short = timed_group(3);
    assert_eq!(short.next_deadline_ms(), Some(START_MS + 2 * MINUTE));
    assert_eq!(wakes_with_warning(&mut short, MINUTE), None);
    assert_eq!(wakes_with_warning(&mut short, 2 * MINUTE), Some(60_000));
    assert_eq!(timed_group(1).next_deadline_ms(), Some(START_MS + MINUTE));
}

#[test]
fn t44_who_is_not_in_a_meeting_that_is_active_is_not_warned() {
    let mut call = Call::group();
    assert_eq!(wakes_with_warning(&mut call, 235 * MINUTE), None);

    let mut call = timed_group(5);
    for device in ["alice.phone", "bob.phone"] {
        call.leaves(device).expect("leaves");
    }
    assert_eq!(
        call.next_deadline_ms(),
        Some(START_MS + 30_000),
        "the deadline of the empty group comes first"
    );
}

#[test]
fn t45_who_still_rings_at_the_end_is_told_to_stop() {
    let mut call = timed_group(1);
    let mut invitation = call.participant("carol").invitation().expect("was invited").clone();
    invitation.deadline_ms = START_MS + 180_000;
    let pending = OpenInvitation { invitation, is_ringing: true, holds_slot: false };
    *call.participant_mut("carol").standing.amend() = Standing::Invited(pending);
    wakes_with_warning(&mut call, MINUTE);
    let downlinks = call.downlinks();
    assert!(downlinks.contains(&"carol.phone: invitation_closed meeting_ended".to_owned()), "{downlinks:?}");
    assert!(downlinks.contains(&"carol.phone: missed_call meeting_ended".to_owned()));
}

#[test]
fn t44_who_makes_a_meeting_active_just_before_its_end_is_warned_with_that() {
    let mut call = Call::group();
    call.settings_mut().ends_at_ms = START_MS + 310_000;
    call.at(20_000).joins_media("alice.phone").expect("joins");
    assert_eq!(
        call.downlinks(),
        ["alice.phone: meeting_ending max_duration", "alice.phone: participant_updated joined"]
    );
}
