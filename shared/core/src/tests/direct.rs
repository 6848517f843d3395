//! Direct calls (T1, T2, T5–T9, T13, T14, T18, T27, T40, T46, T48).

use super::fixture::{Call, START_MS, client, command, create, downlinks, opening, refused, user};
use crate::{Action, CreateMark, Decision, MarkKind, Phase, SlotChange};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::{
    BusyPolicy, Media, Mode, ParticipantState as State, Policy, Reach, RejectReason,
};

#[test]
fn t1_a_create_rings_every_device_and_seats_the_caller() {
    let call = Call::direct();
    assert_eq!(
        call.downlinks(),
        ["alice.phone= meeting_created", "bob.phone: invitation", "bob.tablet: invitation"]
    );
    assert_eq!(
        (call.state("alice"), call.state("bob"), call.meeting.phase),
        (State::Accepted, State::Invited, Phase::Ringing)
    );
    assert_eq!(call.last.slots, [SlotChange::Claim(user("alice")), SlotChange::Claim(user("bob"))]);
}

#[test]
fn t1_inviting_oneself_or_more_than_the_seats_or_while_in_a_call_is_refused() {
    let refusal = refused(&opening(create(Mode::Group, &["bob", "alice"])));
    assert_eq!((refusal.code, refusal.path.as_deref()), (Code::BadRequest, Some("invitees[1]")));
    let mut small = create(Mode::Group, &["bob", "carol"]);
    small.max_participants = Some(2);
    assert_eq!(refused(&opening(small)).code, Code::TooManyInvitees);
    let mut busy = opening(create(Mode::Direct, &["bob"]));
    busy.busy = Some("m-other".parse().expect("an id"));
    let refusal = refused(&busy);
    assert_eq!((refusal.code, refusal.meeting_id), (Code::UserBusy, busy.busy), "it names the other call");
}

#[test]
fn t2_a_busy_callee_is_not_rung_and_the_call_ends_without_a_way_in() {
    let mut busy = opening(create(Mode::Direct, &["bob"]));
    busy.invitees[0].busy = true;
    let call = Call::open(&busy);
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: invitation_updated user_busy",
            "alice.phone: meeting_ended busy",
            "alice.phone= meeting_created",
            "bob.phone: missed_call user_busy",
            "bob.tablet: missed_call user_busy",
        ]
    );
    assert_eq!(call.last.slots, [], "a call that ended at once holds no call slot");
    assert_eq!(call.last.answer.expect("the create request is answered").grant, None);
}

#[test]
fn t2_with_the_policy_ring_a_busy_callee_is_rung() {
    let mut create = create(Mode::Direct, &["bob"]);
    create.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
    let mut busy = opening(create);
    busy.invitees[0].busy = true;
    let mut call = Call::open(&busy);
    assert_eq!(
        (call.state("bob"), &call.last.slots[..]),
        (State::Invited, &[SlotChange::Claim(user("alice"))][..])
    );
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(
        call.last.slots,
        [SlotChange::Claim(user("bob"))],
        "the accept claims the call slot from the other call"
    );
}

#[test]
fn t5_the_caller_hears_of_the_first_device_that_rings_and_of_no_other() {
    let mut call = Call::direct();
    call.rings("bob.phone").expect("rings");
    assert_eq!(call.downlinks(), ["alice.phone: invitation_updated ringing"]);
    call.rings("bob.tablet").expect("rings");
    assert!(call.downlinks().is_empty() && call.last.next.is_none(), "only the first ring is committed");
    call.rings("bob.watch").expect("a device without an offer may ring");
    call.accepts("bob.phone").expect("accepts");
    assert!(call.downlinks().contains(&"bob.watch: invitation_closed answered_elsewhere".to_owned()));
}

#[test]
fn t6_t7_the_first_accept_wins_and_the_late_device_is_told_to_stop() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts first");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: participant_updated accepted",
            "bob.phone= invitation_accepted",
            "bob.tablet: invitation_closed answered_elsewhere",
        ]
    );
    assert_eq!(call.accepts("bob.tablet"), Err(Code::AlreadyAnswered));
    assert_eq!(
        call.downlinks(),
        ["bob.tablet: invitation_closed answered_elsewhere", "bob.tablet= error already_answered"]
    );
    assert_eq!(call.rings("bob.tablet"), Err(Code::AlreadyAnswered));
}

#[test]
fn t8_t14_a_reject_ends_the_direct_call() {
    let mut call = Call::direct();
    call.rejects("bob.tablet").expect("rejects");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: invitation_updated declined",
            "alice.phone: meeting_ended all_declined",
            "bob.phone: invitation_closed declined_elsewhere",
            "bob.tablet= ok",
        ]
    );
    assert_eq!(call.last.slots, [SlotChange::Free(user("bob")), SlotChange::Free(user("alice"))]);
}

#[test]
fn t9_a_late_reject_does_not_kill_the_call() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(call.rejects("bob.tablet"), Err(Code::AlreadyAnswered));
    assert_eq!(call.end_reason(), None);
}

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
fn t18_both_in_the_media_make_the_call_active() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.at(3_000).joins_media("alice.phone").expect("joins");
    assert_eq!(
        call.downlinks(),
        ["alice.phone: participant_updated joined", "bob.phone: participant_updated joined"]
    );
    assert_eq!(call.meeting.phase, Phase::Ringing);
    call.at(4_000).joins_media("bob.phone").expect("joins");
    assert_eq!((call.meeting.phase, call.meeting.active_since_ms), (Phase::Active, Some(START_MS + 4_000)));
    assert_eq!(
        call.joins_media("bob.tablet"),
        Err(Code::NotAdmitted),
        "only the device that has the seat reports"
    );
}

#[test]
fn t27_t40_hanging_up_ends_the_call_for_the_other_side() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(call.downlinks(), ["alice.phone= ok", "bob.phone: meeting_ended completed"]);
    assert_eq!(call.leaves("bob.phone"), Err(Code::MeetingEnded));
}

#[test]
fn t40_a_caller_who_gives_up_stops_the_ringing() {
    let mut call = Call::direct();
    call.rings("bob.phone").expect("rings");
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone= ok",
            "bob.phone: invitation_closed cancelled",
            "bob.phone: missed_call cancelled",
            "bob.tablet: invitation_closed cancelled",
            "bob.tablet: missed_call cancelled",
        ]
    );
    assert_eq!(call.end_reason(), Some(EndReason::Cancelled));
    assert_eq!(call.accepts("bob.phone"), Err(Code::MeetingEnded));
}

#[test]
fn t46_t48_the_host_ends_it_and_every_later_command_hears_why() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(call.does("bob.phone", Action::Destroy { text: None }), Err(Code::NotHost));
    assert_eq!(call.does("mallory", Action::Destroy { text: None }), Err(Code::Forbidden));
    call.does("alice.laptop", Action::Destroy { text: None }).expect("the host may use any device");
    assert_eq!(
        call.downlinks(),
        [
            "alice.laptop= meeting_ended host_ended",
            "alice.phone: meeting_ended host_ended",
            "bob.phone: meeting_ended host_ended",
        ]
    );
    assert_eq!(call.joins_media("bob.phone"), Err(Code::MeetingEnded));
    call.does("bob.phone", Action::Destroy { text: None }).expect("is answered by the end");
    assert_eq!(call.downlinks(), ["bob.phone= meeting_ended host_ended"]);
}

#[test]
fn a_create_that_was_taken_back_before_it_came_is_cancelled() {
    let opening = opening(create(Mode::Direct, &["bob"]));
    let mark = CreateMark {
        meeting_id: opening.meeting_id.clone(),
        caller: opening.by.user(),
        at_ms: START_MS,
        kind: MarkKind::TakenBack,
    };
    assert_eq!(mark.meeting_id, Call::open(&opening).meeting.id);
    assert_eq!(mark.end_reason(), EndReason::Cancelled);
    let late = mark.decide(&command("alice.phone", "c1", "create", Action::CreateAgain));
    assert_eq!(late.refused, Some(Code::MeetingEnded));
    assert_eq!(downlinks(&late), ["alice.phone= error cancelled"]);
    let repeat = mark.decide(&command("alice.phone", "r1", "r1", Action::Destroy { text: None }));
    assert_eq!(repeat.refused, None);
    assert_eq!(downlinks(&repeat), ["alice.phone= meeting_ended cancelled"]);
    for decision in [late, repeat] {
        let only_answer =
            Decision { answer: decision.answer.clone(), refused: decision.refused, ..Decision::default() };
        assert_eq!(decision, only_answer, "the mark changes nothing and has no other effect");
    }
    let stranger = mark.decide(&command("mallory", "r1", "r1", Action::Destroy { text: None }));
    assert_eq!(stranger.refused, Some(Code::MeetingEnded), "only the caller takes the create request back");
}

#[test]
fn an_invitation_of_somebody_else_or_of_nobody_is_not_found() {
    let mut call = Call::group();
    let (of_bob, unknown) = (call.invite_id("bob"), "i7q".parse().expect("a valid id"));
    assert_eq!(
        call.does("carol.phone", Action::Accept { invite_id: of_bob.clone(), media: Media::Audio }),
        Err(Code::InvitationNotFound)
    );
    assert_eq!(
        call.does(
            "bob.phone",
            Action::Reject { invite_id: unknown, reason: RejectReason::Declined, text: None }
        ),
        Err(Code::InvitationNotFound)
    );
    assert_eq!(call.does("mallory", Action::Ringing { invite_id: of_bob }), Err(Code::Forbidden));
    assert!(call.last.next.is_none(), "a refused request commits nothing");
}

#[test]
fn t7_a_late_accept_without_a_seat_elsewhere_gets_the_refusal_alone() {
    let mut call = Call::group();
    call.rejects("bob.phone").expect("rejects");
    assert_eq!(call.accepts("bob.tablet"), Err(Code::AlreadyAnswered));
    assert_eq!(call.downlinks(), ["bob.tablet= error already_answered"]);
}

#[test]
fn t13_an_accept_after_the_ring_expired_is_refused_with_that_reason() {
    let mut call = Call::group();
    assert_eq!(call.at(47_000).accepts("bob.phone"), Err(Code::InvitationExpired));
}
