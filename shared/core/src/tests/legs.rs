//! What each device did with an offer, and how far it got (T3, T4, T5, T10, T13).

use super::fixture::{Call, client, user};
use crate::cause::Cause;
use crate::{Action, Leg};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{ParticipantState, Reach};

fn leg(call: &Call, device: &str) -> Leg {
    let bob = call.meeting.participants[&user("bob")].invitation.as_ref();
    bob.expect("was invited").legs[&client(device)]
}

fn reach(call: &Call) -> Reach {
    let invitation = call.meeting.participants[&user("bob")].invitation.as_ref();
    call.meeting.reach(invitation.expect("was invited"))
}

/// Notes how far the offer got on one device, as is done beside the record.
fn got(call: &mut Call, device: &str, reach: Reach) {
    let invite_id = call.invite_id("bob");
    call.meeting.reached.entry(invite_id).or_default().insert(client(device), reach);
}

#[test]
fn t3_one_device_that_confirmed_the_offer_makes_it_delivered() {
    let mut call = Call::direct();
    assert_eq!(reach(&call), Reach::Unknown);
    let rev = call.meeting.rev;
    got(&mut call, "bob.phone", Reach::Delivered);
    got(&mut call, "bob.tablet", Reach::Queued);
    assert_eq!((reach(&call), call.meeting.rev), (Reach::Delivered, rev));
    call.rings("bob.tablet").expect("rings");
    let told = call.last.tells.iter().find_map(|tell| match &tell.body {
        Body::InvitationUpdated { reach, .. } => Some(*reach),
        _ => None,
    });
    assert_eq!(told, Some(Reach::Delivered), "the caller learns it with the ringing");
}

#[test]
fn t4_the_inviter_is_told_that_an_offer_waits_only_if_no_device_has_it() {
    let mut call = Call::direct();
    let invite_id = call.invite_id("bob");
    let cause = Cause::Deadline { meeting_id: call.meeting.id.clone(), rev: call.meeting.rev };
    let told = |call: &Call, best: Reach| {
        let best = [(call.invite_id("bob"), best)].into();
        call.meeting.tell_waiting(&best, &cause)
    };
    let waits = told(&call, Reach::Queued);
    let [tell] = &waits[..] else { panic!("one inviter is told: {waits:?}") };
    assert_eq!(tell.to, client("alice.phone"));
    let body = &tell.body;
    let queued = matches!(body, Body::InvitationUpdated { reach: Reach::Queued, invite_id: of, .. } if *of == invite_id);
    assert!(queued, "{body:?}");
    assert!(told(&call, Reach::Delivered).is_empty());
    call.accepts("bob.phone").expect("accepts");
    assert!(told(&call, Reach::Queued).is_empty(), "it does not wait any more");
}

#[test]
fn t5_t10_each_device_rings_and_is_silenced_for_itself() {
    let mut call = Call::direct();
    assert_eq!((leg(&call, "bob.phone"), leg(&call, "bob.tablet")), (Leg::Offered, Leg::Offered));
    call.rings("bob.phone").expect("rings");
    assert_eq!((leg(&call, "bob.phone"), leg(&call, "bob.tablet")), (Leg::Alerting, Leg::Offered));
    let invite_id = call.invite_id("bob");
    call.does("bob.phone", Action::Silence { invite_id: invite_id.clone() }).expect("silences");
    assert_eq!((leg(&call, "bob.phone"), leg(&call, "bob.tablet")), (Leg::Silenced, Leg::Offered));
    assert!(call.last.next.is_some() && call.last.tells.is_empty());
    call.does("bob.phone", Action::Silence { invite_id }).expect("is silent");
    assert!(call.last.next.is_none(), "once is enough");
}

#[test]
fn t13_a_device_that_was_silenced_had_the_offer() {
    let mut call = Call::direct();
    call.rings("bob.phone").expect("it rings");
    let invite_id = call.invite_id("bob");
    call.does("bob.phone", Action::Silence { invite_id }).expect("it is silenced");
    call.at(47_000).rings("bob.tablet").expect_err("the ring is over");
    assert_eq!(call.state("bob"), ParticipantState::NoAnswer);
}
