//! Group meetings: seats, the roster, and their ends.

use super::fixture::{Call, create, opening, user};
use crate::{Action, Phase, SlotChange};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::{Mode, ParticipantState as State};

// Proves: busy
#[test]
fn ringing_many_people_makes_nobody_busy_before_they_accept() {
    let mut call = Call::group();
    assert_eq!(call.last.slots, [SlotChange::Claim(user("alice"))]);
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(call.last.slots, [SlotChange::Claim(user("bob"))]);
}

#[test]
fn the_roster_is_told_to_all_members_with_the_revision_they_were_told_last() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    let first = call.meeting.rev;
    call.accepts("carol.phone").expect("accepts");
    let notices: Vec<_> = call.last.notices.iter().filter(|downlink| downlink.prev_rev.is_some()).collect();
    assert_eq!(notices.len(), 2, "one to Alice and one to Bob");
    assert!(notices.iter().all(|downlink| downlink.prev_rev == Some(first)));
}

#[test]
fn the_last_seat_is_given_once() {
    let mut small = create(Mode::Group, &["bob", "carol"]);
    small.max_participants = Some(3);
    let mut call = Call::open(&opening(small));
    call.meeting.max_participants = 2;
    call.accepts("bob.phone").expect("takes the last seat");
    assert_eq!(call.accepts("carol.phone"), Err(Code::MeetingFull));
    assert_eq!(call.state("carol"), State::Invited);
}

#[test]
fn t39_t42_a_group_that_everybody_left_ends_after_a_grace() {
    let mut call = Call::group();
    call.joins_media("alice.phone").expect("one participant in the media makes a group active");
    assert_eq!(call.meeting.phase, Phase::Active);
    call.at(10_000).leaves("alice.phone").expect("leaves");
    assert!(matches!(call.meeting.phase, Phase::Empty { .. }));
    assert_eq!(call.at(40_000).accepts("bob.phone"), Err(Code::MeetingEnded));
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Empty));
    assert!(call.downlinks().contains(&"carol.phone: invitation_closed meeting_ended".to_owned()));
    assert!(call.downlinks().contains(&"carol.phone: missed_call meeting_ended".to_owned()));
}

#[test]
fn t41_somebody_who_joins_an_empty_group_makes_it_active_again() {
    let mut call = Call::group();
    call.joins_media("alice.phone").expect("joins");
    call.leaves("alice.phone").expect("leaves");
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    assert_eq!(call.meeting.phase, Phase::Active);
}

#[test]
fn t43_t45_time_ends_a_meeting_that_is_unused_or_too_long() {
    let mut call = Call::group();
    call.at(47_000).rejects("bob.phone").expect_err("both invitations have expired");
    assert_eq!(call.meeting.end(), None);
    assert_eq!(call.at(300_000).leaves("alice.phone"), Err(Code::MeetingEnded));
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Unused));

    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.at(300_000)
        .does("alice.phone", Action::RefreshToken)
        .expect("a side whose report was lost may be in the media");

    let mut call = Call::group();
    call.joins_media("alice.phone").expect("joins");
    assert_eq!(call.at(240 * 60_000).does("alice.phone", Action::RefreshToken), Err(Code::MeetingEnded));
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::MaxDuration));
}

#[test]
fn everybody_in_a_group_hears_when_one_leaves() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.leaves("bob.phone").expect("leaves");
    assert_eq!(call.downlinks(), ["alice.phone: participant_updated left", "bob.phone= ok"]);
    assert_eq!(call.last.slots, [SlotChange::Free(user("bob"))]);
}

#[test]
fn t43_who_has_just_accepted_has_time_to_come_however_old_the_meeting_is() {
    let mut call = Call::group();
    call.meeting.ring_seconds = 180;
    for name in ["bob", "carol"] {
        call.participant_mut(name).invitation_mut().expect("was invited").deadline_ms += 300_000;
    }
    call.at(310_000).rejects("carol.phone").expect("rejects");
    call.accepts("bob.phone").expect("accepts");
    call.at(329_999).does("bob.phone", Action::RefreshToken).expect("the seat is on its way into the media");
    assert_eq!(call.at(330_000).joins_media("bob.phone"), Err(Code::MeetingEnded));
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Unused));
}
