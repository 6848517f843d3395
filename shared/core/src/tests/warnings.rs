//! Changes of a live meeting's settings, warnings of its end (T44, T45), and hands.

use super::fixture::{Call, START_MS, user};
use super::scenes::{MINUTE, timed_group, update_settings, wakes_with_warning};
use crate::{Action, Input, OpenInvitation, SettingsChange, SlotChange, Standing};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{JoinPolicy, PolicyChange};

#[test]
fn a_host_changes_lock_title_and_rules_and_everybody_sees_it() {
    let mut call = timed_group(60);
    let policy = PolicyChange { join: Some(JoinPolicy::Open), ..PolicyChange::default() };
    let all = SettingsChange {
        locked: Some(true),
        policy: Some(policy),
        title: Some("Standup".to_owned()),
        extend_minutes: Some(5),
    };
    assert_eq!(update_settings(&mut call, "bob.phone", all.clone()), Err(Code::NotHost));
    assert_eq!(update_settings(&mut call, "mallory", all.clone()), Err(Code::Forbidden));
    let before = call.meeting.settings.policy;
    update_settings(&mut call, "alice.phone", all).expect("the host has the right");
    assert_eq!(
        call.downlinks(),
        ["alice.phone= meeting_updated active", "bob.phone: meeting_updated active"]
            .map(|line| line.trim_end_matches(" active"))
    );
    let meeting = &call.meeting;
    assert!(meeting.settings.locked && meeting.settings.title.as_deref() == Some("Standup"));
    assert_eq!(
        (meeting.settings.policy.join, meeting.settings.policy.host_leave),
        (JoinPolicy::Open, before.host_leave)
    );
    assert_eq!(meeting.settings.ends_at_ms, START_MS + 65 * MINUTE);
    update_settings(
        &mut call,
        "alice.phone",
        SettingsChange { locked: Some(true), ..SettingsChange::default() },
    )
    .expect("the meeting is locked already");
    assert!(call.last.next.is_none());
    assert_eq!(call.downlinks(), ["alice.phone= meeting_updated"]);
}

#[test]
fn a_meeting_is_extended_to_a_day_at_most() {
    let mut call = timed_group(1_400);
    let extend = |minutes| SettingsChange { extend_minutes: Some(minutes), ..SettingsChange::default() };
    assert_eq!(update_settings(&mut call, "alice.phone", extend(41)), Err(Code::BadRequest));
    assert!(call.last.next.is_none());
    update_settings(&mut call, "alice.phone", extend(40)).expect("a meeting may last a day");
    assert_eq!(update_settings(&mut call, "alice.phone", extend(1)), Err(Code::BadRequest));
}

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
fn t44_an_extended_meeting_warns_of_its_new_end() {
    let mut call = timed_group(60);
    assert_eq!(wakes_with_warning(&mut call, 59 * MINUTE), Some(60_000));
    update_settings(
        &mut call,
        "alice.phone",
        SettingsChange { extend_minutes: Some(2), ..SettingsChange::default() },
    )
    .expect("the host extends the meeting");
    assert_eq!(
        wakes_with_warning(&mut call, 59 * MINUTE + 1),
        None,
        "three minutes are left, and the notice of the new end said so"
    );
    assert_eq!(wakes_with_warning(&mut call, 61 * MINUTE), Some(60_000));
    update_settings(
        &mut call,
        "alice.phone",
        SettingsChange { extend_minutes: Some(30), ..SettingsChange::default() },
    )
    .expect("the host extends the meeting");
    assert_eq!(call.next_deadline_ms(), Some(START_MS + 87 * MINUTE));
    assert_eq!(wakes_with_warning(&mut call, 87 * MINUTE), Some(300_000));
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
fn hands_stand_in_the_order_in_which_they_went_up() {
    let hands = |call: &Call| match call.last.answer.as_ref().map(|answer| &answer.body) {
        Some(Body::HandChanged { hands }) => hands.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("the answer is not hand_changed: {other:?}"),
    };
    let mut call = timed_group(60);
    call.does("bob.phone", Action::RaiseHand).expect("raises");
    assert_eq!(call.downlinks(), ["alice.phone: hand_changed", "bob.phone= hand_changed"]);
    call.does("alice.phone", Action::RaiseHand).expect("raises");
    assert_eq!(hands(&call), ["bob", "alice"]);
    call.does("bob.phone", Action::RaiseHand).expect("the hand is up already");
    assert!(call.last.next.is_none());
    assert_eq!(hands(&call), ["bob", "alice"], "the hand keeps its place");
    call.does("bob.phone", Action::LowerHand).expect("lowers");
    call.does("bob.phone", Action::RaiseHand).expect("raises again");
    assert_eq!(hands(&call), ["alice", "bob"]);
    assert_eq!(call.does("bob.tablet", Action::RaiseHand), Err(Code::NotAdmitted));
    call.leaves("alice.phone").expect("leaves");
    call.does("bob.phone", Action::RaiseHand).expect("the hand is up already");
    assert_eq!(hands(&call), ["bob"], "a participant who left has no hand up");
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

#[test]
fn t46_the_operator_ends_a_live_meeting_once() {
    let mut call = Call::group();
    call.takes(&Input::AdminEnd);
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Admin));
    assert_eq!(call.last.slots, [SlotChange::Free(user("alice"))]);
    assert!(
        call.downlinks().contains(&"alice.phone: meeting_ended admin".to_owned()),
        "{:?}",
        call.downlinks()
    );
    assert!(call.takes(&Input::AdminEnd).next.is_none(), "an ended meeting is left unchanged");
}

#[test]
fn t44_a_new_title_does_not_take_back_a_warning() {
    let mut call = timed_group(60);
    assert_eq!(wakes_with_warning(&mut call, 55 * MINUTE), Some(5 * MINUTE));
    let (rev, cause) = (call.meeting.rev, call.deadline_cause());
    let title = SettingsChange { title: Some("Standup".to_owned()), ..SettingsChange::default() };
    update_settings(&mut call, "alice.phone", title).expect("the host has the right");
    let repeated = call.repeat_effects(rev, &cause);
    assert!(repeated.notices.iter().any(|notice| matches!(notice.body, Body::MeetingEnding { .. })));
}
