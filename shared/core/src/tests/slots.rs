//! Tests of the call slots and the call history after an end (T47), and of call slots that no longer make a
//! user busy (T51).

use super::fixture::{Call, create, opening, user};
use crate::{Action, Now, SlotChange};
use switchboard_protocol::object::{BusyPolicy, Direction, Mode, Policy};

/// Returns whether the call slot of a user may name the meeting.
fn occupied(call: &Call, name: &str) -> bool {
    call.meeting.holds_slot_of(&user(name), call.now, call.rtc)
}

#[test]
fn t47_an_end_gives_back_every_slot_and_stands_in_the_history_of_everybody() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    assert!(call.meeting.call_history().is_empty(), "a live meeting has no call history");
    call.at(5_000).does("alice.phone", Action::Destroy { text: None }).expect("the host ends the meeting");
    assert_eq!(call.last.slots, [SlotChange::Free(user("alice")), SlotChange::Free(user("bob"))]);
    let history = call.meeting.call_history();
    let lines: Vec<_> = history
        .iter()
        .map(|(user, call)| (user.as_str(), call.direction, call.reason.as_str(), call.duration_ms))
        .collect();
    assert_eq!(
        lines,
        [
            ("alice", Direction::Out, "host_ended", 5_000),
            ("bob", Direction::In, "host_ended", 0),
            ("carol", Direction::In, "host_ended", 0),
        ]
    );
}

#[test]
fn t51_a_slot_is_believed_while_its_user_is_in_the_live_meeting_or_rung() {
    let mut call = Call::direct();
    assert!(occupied(&call, "alice") && occupied(&call, "bob"));
    assert!(!occupied(&call, "carol"), "Carol has no part in the call");
    call.rejects("bob.phone").expect("rejects");
    assert!(!occupied(&call, "alice") && !occupied(&call, "bob"), "the call has ended");

    let mut call = Call::group();
    call.rejects("bob.phone").expect("rejects");
    assert!(occupied(&call, "alice") && !occupied(&call, "bob"), "the group goes on without Bob");
}

#[test]
fn t51_what_time_has_ended_keeps_nobody_busy_even_if_nobody_wrote_that_down() {
    let mut call = Call::direct();
    call.at(46_999);
    assert!(occupied(&call, "alice") && occupied(&call, "bob"));
    call.at(47_000);
    assert!(!occupied(&call, "alice") && !occupied(&call, "bob"), "the ring has expired");

    let mut call = Call::group();
    call.joins_media("alice.phone").expect("joins");
    call.now = Now { ms: call.meeting.settings.ends_at_ms - 1 };
    assert!(occupied(&call, "alice"));
    call.now.ms += 1;
    assert!(!occupied(&call, "alice"), "the meeting's time is over");
}

#[test]
fn a_direct_call_is_found_by_its_slots_and_one_for_who_may_be_in_another_call_by_items_of_its_own() {
    assert_eq!(Call::direct().meeting.new_parts(), []);
    let mut waiting = create(Mode::Direct, &["bob"]);
    waiting.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
    let mut waiting = opening(waiting);
    waiting.invitees[0].busy = true;
    let call = Call::open(&waiting);
    assert_eq!(call.meeting.new_parts(), [user("alice"), user("bob")]);
}
