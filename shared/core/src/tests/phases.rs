//! Tests of the phases of a meeting, and of the deadlines that end invitations and meetings (T13, T39,
//! T41–T43, T45).

use super::fixture::{Call, client};
use crate::{Action, Phase};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::{ParticipantState as State, Reach};

#[test]
fn t13_a_ring_that_no_device_had_is_unreachable_and_one_that_was_delivered_is_no_answer() {
    for (delivered, state, reason) in
        [(false, State::Unreachable, EndReason::Unreachable), (true, State::NoAnswer, EndReason::NoAnswer)]
    {
        let mut call = Call::direct();
        if delivered {
            let legs = [(client("bob.phone"), Reach::Delivered)];
            call.meeting.reached.insert(call.invite_id("bob"), legs.into());
        }
        let mut in_time = call.clone();
        assert_eq!(in_time.at(46_999).accepts("bob.phone"), Ok(()), "the ring has two seconds of grace");
        assert_eq!(call.at(47_000).accepts("bob.phone"), Err(Code::MeetingEnded));
        assert_eq!((call.state("bob"), call.end_reason()), (state, Some(reason)));
        assert!(
            call.downlinks().contains(&"bob.tablet: invitation_closed expired".to_owned()),
            "{:?}",
            call.downlinks()
        );
        assert!(call.downlinks().iter().any(|line| line.starts_with("alice.phone: meeting_ended")));
    }
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
