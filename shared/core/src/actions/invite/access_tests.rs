//! Tests of invitations of users who do not take calls of the inviter (T64) or have do-not-disturb (T65).

use crate::tests::fixture::{Call, client, create, downlinks, opening, user};
use crate::tests::scenes::{cancel, inviting, join};
use crate::{Access, Action, CreateCommand, DeliveryClass, Outgoing, SlotChange};
use serde_json::Value;
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::{
    JoinPolicy, Media, Mode, ParticipantState as State, Policy, RejectReason,
};

/// Returns Alice's create request. Her calls have this access to every invitee.
fn calling(mode: Mode, invitees: &[&str], access: Access) -> CreateCommand {
    let mut opening = opening(create(mode, invitees));
    for invitee in &mut opening.invitees {
        invitee.access = access;
    }
    opening
}

/// Returns everything that the last step sends to Alice's phone, including ids.
fn to_alice(call: &Call) -> Vec<Outgoing> {
    let all = call.last.answer.iter().chain(&call.last.notices);
    all.filter(|downlink| downlink.to == client("alice.phone")).cloned().collect()
}

/// Returns the devices of Bob to which the last step sends anything.
fn to_bob(call: &Call) -> Vec<String> {
    let lines = downlinks(&call.last).into_iter();
    lines.filter(|line| line.starts_with("bob.")).collect()
}

fn history_of(call: &Call, name: &str) -> Option<Value> {
    let entry = call.meeting.call_history().into_iter().find(|(of, _)| *of == user(name));
    entry.map(|(_, entry)| serde_json::to_value(entry).expect("serialises"))
}

/// A step of the caller, or a lapse of time.
type Step = (&'static str, fn(&mut Call));

const STEPS: [Step; 4] = [
    ("time is over", |call| {
        call.at(47_000).wakes();
    }),
    ("the caller hangs up", |call| call.at(9_000).leaves("alice.phone").expect("leaves")),
    ("the caller cancels", |call| {
        call.at(9_000).does("alice.phone", cancel(None)).expect("cancels");
    }),
    ("the caller ends it", |call| {
        call.at(9_000).does("alice.phone", Action::Destroy { text: None }).expect("ends");
    }),
];

#[test]
fn t64_a_caller_cannot_tell_a_silent_call_from_one_to_a_user_who_sleeps() {
    for mode in [Mode::Direct, Mode::Group] {
        for is_busy in [false, true] {
            for (about, step) in STEPS {
                let asleep = calling(mode, &["bob"], Access::Rings);
                let mut blocked = calling(mode, &["bob"], Access::Silent);
                // A user without a connected device is in no other call, so the caller must not learn of one.
                blocked.invitees[0].busy = is_busy;
                let (mut asleep, mut blocked) = (Call::open(&asleep), Call::open(&blocked));
                let same = |asleep: &Call, blocked: &Call| {
                    assert_eq!(to_alice(blocked), to_alice(asleep), "{mode:?}, {about}");
                    let view = |call: &Call| call.meeting.view(call.now.ms);
                    assert_eq!(view(blocked), view(asleep), "{mode:?}, {about}");
                    assert_eq!(blocked.next_deadline_ms(), asleep.next_deadline_ms(), "{mode:?}, {about}");
                    assert_eq!(history_of(blocked, "alice"), history_of(asleep, "alice"), "{about}");
                };
                same(&asleep, &blocked);
                step(&mut asleep);
                step(&mut blocked);
                same(&asleep, &blocked);
            }
        }
    }
}

#[test]
fn t64_nothing_of_a_silent_call_reaches_its_user() {
    for mode in [Mode::Direct, Mode::Group] {
        for (about, step) in STEPS {
            let mut call = Call::open(&calling(mode, &["bob"], Access::Silent));
            let nothing = |call: &Call| {
                assert_eq!(to_bob(call), Vec::<String>::new(), "{mode:?}, {about}");
                let claims = |change: &SlotChange| *change == SlotChange::Claim(user("bob"));
                assert!(!call.last.slots.iter().any(claims), "{mode:?}, {about}: the slot stays free");
                assert!(!call.meeting.new_parts().contains(&user("bob")), "{mode:?}, {about}");
                assert!(!call.meeting.involves(&user("bob")), "{mode:?}, {about}");
                assert_eq!(call.meeting.open_offer(&user("bob"), call.now.ms), None, "{mode:?}, {about}");
                assert_eq!(call.meeting.missed_call(&user("bob")), None, "{mode:?}, {about}");
            };
            nothing(&call);
            step(&mut call);
            nothing(&call);
            assert_eq!(history_of(&call, "bob"), None, "{mode:?}, {about}: no missed call is kept");
        }
    }
}

#[test]
fn t64_the_only_offer_of_a_silent_call_is_one_that_is_not_sent() {
    let call = Call::open(&calling(Mode::Direct, &["bob"], Access::Silent));
    let offers: Vec<_> = call.last.notices.iter().filter(|it| it.offered_invitation().is_some()).collect();
    assert_eq!(offers.iter().map(|offer| offer.class).collect::<Vec<_>>(), [DeliveryClass::Withheld]);
    // Only a device that will get the offer later makes a user reachable. Without one, the user is as
    // unreachable as a user who never connected.
    let mut unknown = calling(Mode::Direct, &["bob"], Access::Silent);
    for device in &mut unknown.invitees[0].devices {
        device.queue_until_ms = Some(0);
    }
    let call = Call::open(&unknown);
    assert!(call.last.notices.iter().all(|it| it.offered_invitation().is_none()));
}

#[test]
fn t64_a_guessed_invitation_is_not_found() {
    let mut call = Call::open(&calling(Mode::Group, &["bob"], Access::Silent));
    let invite_id = call.invite_id("bob");
    let (reason, text) = (RejectReason::Declined, None);
    for action in [
        Action::Ringing { invite_id: invite_id.clone() },
        Action::Accept {
            invite_id: invite_id.clone(),
            media: Media::Audio,
            name: None,
            is_in_other_call: false,
        },
        Action::Reject { invite_id: invite_id.clone(), reason, text },
        Action::Silence { invite_id },
    ] {
        assert_eq!(call.does("bob.phone", action), Err(Code::InvitationNotFound));
    }
}

#[test]
fn t64_a_user_who_does_not_take_a_members_calls_may_still_join_the_same_meeting() {
    let mut opening = calling(Mode::Group, &["bob"], Access::Silent);
    opening.create.policy = Some(Policy { join: JoinPolicy::Open, ..Policy::default() });
    let mut call = Call::open(&opening);
    join(&mut call, "bob.phone").expect("joins by own will");
    assert_eq!(call.downlinks(), ["alice.phone: participant_updated accepted", "bob.phone= joined"]);
    assert_eq!(call.meeting.new_parts(), [user("bob")], "`sync` has to find the meeting from now on");
    assert!(call.last.slots.contains(&SlotChange::Claim(user("bob"))));
    call.leaves("bob.phone").expect("leaves");
    call.does("alice.phone", Action::Destroy { text: None }).expect("ends");
    let entry = history_of(&call, "bob").expect("a call that the user was in");
    assert_eq!(entry["reason"], "left");
}

#[test]
fn t64_an_invitation_follows_the_settings_about_its_inviter_alone() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    let Action::Invite { mut invitees, ring_seconds, ext } = inviting(&["dave", "erin"]) else {
        unreachable!("an invitation")
    };
    invitees[0].access = Access::Silent;
    call.does("alice.phone", Action::Invite { invitees, ring_seconds, ext }).expect("invites");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: participant_updated invited",
            "alice.phone: participant_updated invited",
            "alice.phone= invitation_result",
            "bob.phone: participant_updated invited",
            "bob.phone: participant_updated invited",
            "erin.phone: invitation",
        ]
    );
    assert_eq!(call.meeting.new_parts(), [user("erin")]);
}

#[test]
fn t65_a_user_who_is_not_to_be_disturbed_is_not_rung_and_has_a_missed_call() {
    for is_busy in [false, true] {
        let mut opening = calling(Mode::Direct, &["bob"], Access::DoNotDisturb);
        opening.invitees[0].busy = is_busy;
        let call = Call::open(&opening);
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone: invitation_updated unreachable",
                "alice.phone: meeting_ended unreachable",
                "alice.phone= meeting_created",
                "bob.phone: missed_call do_not_disturb",
                "bob.tablet: missed_call do_not_disturb",
            ]
        );
        let updated = &call.sent_to("alice.phone", "invitation_updated")[0];
        assert_eq!(updated["code"], "do_not_disturb");
        assert_eq!(call.last.answer.as_ref().and_then(|answer| answer.grant.clone()), None, "no way in");
        assert_eq!((call.last.slots.as_slice(), call.end_reason()), (&[][..], Some(EndReason::Unreachable)));
        for (name, direction) in [("alice", "out"), ("bob", "in")] {
            let entry = history_of(&call, name).expect("an entry");
            assert_eq!(entry["direction"], direction);
        }
        let missed = history_of(&call, "bob").expect("an entry");
        assert_eq!((&missed["reason"], &missed["sip"]), (&"do_not_disturb".into(), &480.into()));
    }
}

#[test]
fn t65_in_a_group_the_others_ring_and_the_user_may_be_invited_again() {
    let mut opening = calling(Mode::Group, &["bob", "carol"], Access::Rings);
    opening.invitees[0].access = Access::DoNotDisturb;
    let mut call = Call::open(&opening);
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: invitation_updated unreachable",
            "alice.phone= meeting_created",
            "bob.phone: missed_call do_not_disturb",
            "bob.tablet: missed_call do_not_disturb",
            "carol.phone: invitation",
            "carol.tablet: invitation",
        ]
    );
    call.does("alice.phone", inviting(&["bob"])).expect("invites once more");
    assert_eq!(call.state("bob"), State::Invited);
}
