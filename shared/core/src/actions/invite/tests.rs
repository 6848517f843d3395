//! Invitations during a call, and cancelled invitations (T10–T12).

use crate::tests::fixture::{Call, client, create, opening, user};
use crate::tests::scenes::inviting;
use crate::{Action, MAX_PEOPLE, Outgoing, Phase};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{InvitePolicy, Media, Mode, ParticipantState as State};

fn cancel(names: Option<&[&str]>) -> Action {
    Action::CancelInvite { invitees: names.map(|names| names.iter().map(|name| user(name)).collect()) }
}

#[test]
fn a_third_person_makes_a_direct_call_a_group_for_good() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.does("bob.phone", inviting(&["carol"])).expect("either side has the right");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: meeting_updated",
            "alice.phone: participant_updated invited",
            "bob.phone: meeting_updated",
            "bob.phone: participant_updated invited",
            "bob.phone= invitation_result",
            "carol.phone: invitation",
        ]
    );
    call.leaves("bob.phone").expect("leaves");
    assert_eq!(
        (*call.meeting.mode, call.meeting.end()),
        (Mode::Group, None),
        "a group does not end when one side leaves"
    );
    assert_eq!(call.meeting.new_parts(), [], "only the commit that invites a user writes a part item");
}

#[test]
fn who_declined_is_invited_again_by_another_invitation() {
    let mut call = Call::group();
    let first = call.invite_id("bob");
    call.rejects("bob.phone").expect("rejects");
    call.does("alice.phone", inviting(&["bob"])).expect("a user who declined may be invited again");
    assert_ne!(call.invite_id("bob"), first);
    assert_eq!(
        call.does("bob.phone", Action::Accept { invite_id: first, media: Media::Audio }),
        Err(Code::InvitationNotFound)
    );
    call.accepts("bob.phone").expect("the new invitation is open");
}

#[test]
fn only_hosts_invite_unless_the_policy_says_any() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(call.does("bob.phone", inviting(&["dave"])), Err(Code::Forbidden));
    call.settings_mut().policy.invite = InvitePolicy::Any;
    call.does("bob.phone", inviting(&["dave"])).expect("any member has the right");
    assert_eq!(
        call.does("dave.phone", inviting(&["eve"])),
        Err(Code::Forbidden),
        "an invitee is not a member yet"
    );
    call.settings_mut().locked = true;
    assert_eq!(call.does("alice.phone", inviting(&["eve"])), Err(Code::Locked));
    call.settings_mut().locked = false;
    call.meeting.max_participants = 4;
    assert_eq!(call.does("alice.phone", inviting(&["eve"])), Err(Code::MeetingFull));
    assert_eq!(call.does("alice.phone", inviting(&["alice"])), Err(Code::BadRequest));
}

#[test]
fn who_is_in_or_rung_already_keeps_what_they_have() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    let before = call.meeting.participants.clone();
    call.does("alice.phone", inviting(&["bob", "carol"]))
        .expect("the request is answered and changes nothing");
    assert!(call.last.next.is_none());
    assert_eq!(before, call.meeting.participants);
}

#[test]
fn t10_a_silenced_device_rings_no_more_and_the_others_do() {
    let mut call = Call::direct();
    call.rings("bob.phone").expect("rings");
    let invite_id = call.invite_id("bob");
    call.does("bob.phone", Action::Silence { invite_id }).expect("silences");
    assert_eq!(call.downlinks(), ["bob.phone= ok"]);
    call.accepts("bob.tablet").expect("the other device still rings");
    assert!(call.downlinks().contains(&"bob.phone: invitation_closed answered_elsewhere".to_owned()));
}

#[test]
fn t11_t14_a_cancelled_direct_call_is_over() {
    let mut call = Call::direct();
    call.does("alice.phone", cancel(None)).expect("cancels");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: meeting_ended cancelled",
            "alice.phone= invitation_result",
            "bob.phone: invitation_closed cancelled",
            "bob.phone: missed_call cancelled",
            "bob.tablet: invitation_closed cancelled",
            "bob.tablet: missed_call cancelled",
        ]
    );
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Cancelled));
}

// Proves: T12
#[test]
fn t11_one_of_two_is_cancelled_and_the_other_rings_on() {
    let mut call = Call::group();
    call.does("alice.phone", cancel(Some(&["bob"]))).expect("cancels");
    assert_eq!((call.state("bob"), call.state("carol")), (State::Cancelled, State::Invited));
    assert_eq!(call.accepts("bob.phone"), Err(Code::InvitationCancelled));
    assert_eq!(
        call.does("carol.phone", cancel(None)),
        Err(Code::Forbidden),
        "the sender is neither the inviter nor the host"
    );
    assert_eq!(call.meeting.phase, Phase::Ringing);
}

#[test]
fn t12_a_cancel_that_comes_after_the_accept_has_lost() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(call.does("alice.phone", cancel(None)), Err(Code::AlreadyAnswered));
    assert_eq!(call.meeting.end(), None);
}

#[test]
fn t11_who_is_not_in_the_meeting_any_more_takes_no_invitation_back() {
    let mut call = Call::group();
    call.settings_mut().policy.invite = InvitePolicy::Any;
    call.accepts("bob.phone").expect("accepts");
    call.does("bob.phone", inviting(&["dave"])).expect("any member has the right");
    call.does("alice.phone", Action::Remove { user: user("bob"), ban: false, for_seconds: None, text: None })
        .expect("removes");
    assert_eq!(call.does("bob.phone", cancel(Some(&["dave"]))), Err(Code::Forbidden));
    assert_eq!(call.state("dave"), State::Invited);
    call.does("alice.phone", cancel(Some(&["dave"]))).expect("the host has the right");
}

#[test]
fn the_end_of_an_offer_waits_at_the_broker_as_long_as_the_offer_may() {
    let mut call = Call::group();
    let Action::Invite { invitees, .. } = inviting(&["dave"]) else {
        unreachable!("invite builds Action::Invite")
    };
    call.does("alice.phone", Action::Invite { invitees, ring_seconds: Some(180), ext: None })
        .expect("invites");
    let keeps = |call: &Call, device: &str| {
        let to = |downlink: &&Outgoing| {
            downlink.to == client(device) && downlink.body.kind().starts_with("invitation")
        };
        call.last.notices.iter().find(to).map(|downlink| downlink.keep_ms)
    };
    assert_eq!(keeps(&call, "dave.phone"), Some(180_000));
    call.at(1_000).does("alice.phone", cancel(None)).expect("cancels");
    assert_eq!(
        keeps(&call, "dave.phone"),
        Some(180_000),
        "the broker may still keep the offer that it closes"
    );
    assert_eq!(keeps(&call, "bob.phone"), Some(45_000));
}

#[test]
fn invitations_cannot_swell_the_record() {
    let ext = serde_json::Map::from_iter([("topic".to_owned(), "a long text".into())]);
    let mut call = Call::group();
    call.does("alice.phone", cancel(None)).expect("cancels");
    let more = |call: &mut Call, at: usize| {
        let Action::Invite { invitees, .. } = inviting(&[&format!("guest-{at}")]) else {
            unreachable!("invite builds Action::Invite")
        };
        call.does("alice.phone", Action::Invite { invitees, ring_seconds: None, ext: Some(ext.clone()) })
    };
    for at in call.meeting.participants.len()..MAX_PEOPLE {
        more(&mut call, at).expect("the user is invited");
        call.does("alice.phone", cancel(None)).expect("cancels");
    }
    assert_eq!(more(&mut call, MAX_PEOPLE), Err(Code::MeetingFull));
    call.does("alice.phone", inviting(&["bob"])).expect("a user who was invited before takes no new entry");
    let mut kept: Vec<_> =
        call.meeting.participants.values().filter_map(|p| p.invitation()?.ext.as_ref()).collect();
    kept.dedup();
    assert_eq!(kept.len(), 1, "the record of the call shows the object, and the stored meeting has it once");
}

#[test]
fn t11_a_repeated_cancel_shows_the_invitations_that_it_cancelled() {
    let mut call = Call::group();
    call.does("alice.phone", cancel(Some(&["bob"]))).expect("cancels");
    for _ in 0..2 {
        call.sends("alice.phone", "x1", "cancel", cancel(None)).expect("cancels, or answers the repeat");
        let Some(Body::InvitationResult { invitations }) =
            call.last.answer.as_ref().map(|answer| &answer.body)
        else {
            panic!("the answer is not invitation_result: {:?}", call.last.answer)
        };
        let users: Vec<&str> = invitations.iter().map(|invitation| invitation.user_id.as_str()).collect();
        assert_eq!(users, ["carol"]);
    }
}

#[test]
fn t11_a_member_cancels_only_the_invitations_that_the_member_made() {
    let mut call = Call::group();
    call.settings_mut().policy.invite = InvitePolicy::Any;
    call.accepts("bob.phone").expect("accepts");
    call.does("bob.phone", inviting(&["dave"])).expect("any member has the right");
    call.does("bob.phone", cancel(None)).expect("the inviter has the right");
    assert_eq!((call.state("dave"), call.state("carol")), (State::Cancelled, State::Invited));
}

#[test]
fn t1_an_invitation_takes_the_last_seat_and_an_open_one_counts_as_taken() {
    let mut call = Call::group();
    call.meeting.max_participants = 4;
    call.does("alice.phone", inviting(&["dave"])).expect("one seat is free");
    assert_eq!(call.does("alice.phone", inviting(&["eve"])), Err(Code::MeetingFull));
}

#[test]
fn t1_the_first_invitation_makes_an_empty_group_ring() {
    let mut call = Call::open(&opening(create(Mode::Group, &[])));
    assert_eq!(call.meeting.phase, Phase::Created);
    call.does("alice.phone", inviting(&["bob"])).expect("the host has the right");
    assert_eq!(call.meeting.phase, Phase::Ringing);
    call.joins_media("alice.phone").expect("joins");
    call.does("alice.phone", inviting(&["carol"])).expect("the host has the right");
    assert_eq!(call.meeting.phase, Phase::Active);
}
