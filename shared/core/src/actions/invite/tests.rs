//! Tests of `invite` (T1): users who are invited during a call, or once more.

use crate::tests::fixture::{Call, create, opening, user};
use crate::tests::scenes::{cancel, group_with_entry, inviting, join, set_role};
use crate::{Action, MAX_PEOPLE, Phase};
use serde_json::{Value, json};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{InvitePolicy, JoinPolicy, Media, Mode, Role};

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
        call.does(
            "bob.phone",
            Action::Accept { invite_id: first, media: Media::Audio, name: None, is_in_other_call: false }
        ),
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

/// Returns the users without an invitation in the answer of the last step.
fn not_invited(call: &Call) -> Value {
    let answer = call.last.answer.as_ref().expect("is answered");
    serde_json::to_value(&answer.body).expect("serialises")["not_invited"].clone()
}

#[test]
fn each_user_who_is_named_stands_in_the_answer() {
    let mut call = group_with_entry(JoinPolicy::Open);
    call.accepts("bob.phone").expect("accepts");
    set_role(&mut call, "alice.phone", "bob", Role::Cohost).expect("the host has the right");
    for device in ["dave.phone", "mallory.phone"] {
        join(&mut call, device).expect("the meeting is open");
    }
    let ban = Action::Remove { user: user("mallory"), ban: true, for_seconds: None, text: None };
    call.does("alice.phone", ban).expect("the host has the right");
    for _ in 0..2 {
        call.sends("bob.phone", "i1", "invite", inviting(&["alice", "dave", "mallory", "erin"]))
            .expect("is answered, or answers the repeat");
        assert_eq!(
            not_invited(&call),
            json!([
                {"user_id": "alice", "state": "joined"},
                {"user_id": "dave", "state": "accepted"},
                {"user_id": "mallory", "state": "banned", "code": "banned"},
            ])
        );
    }
    call.does("bob.phone", inviting(&["frank"])).expect("a cohost has the right");
    assert_eq!(not_invited(&call), json!(null));
    call.does("alice.phone", cancel(Some(&["frank", "dave", "nobody"]))).expect("the host has the right");
    assert_eq!(
        not_invited(&call),
        json!([{"user_id": "dave", "state": "accepted"}, {"user_id": "nobody", "code": "user_not_found"}])
    );
}
