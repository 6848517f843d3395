//! The leg and the reach of an offer on each device (T3, T4, T5, T10, T13).

use super::fixture::{Call, client};
use crate::{Action, Leg};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{ParticipantState, Reach};

fn leg(call: &Call, device: &str) -> Leg {
    let invitation = call.participant("bob").invitation();
    invitation.expect("was invited").legs[&client(device)]
}

fn reach(call: &Call) -> Reach {
    let invitation = call.participant("bob").invitation();
    call.meeting.reach(invitation.expect("was invited"))
}

/// Stores the reach of the offer on one device, as the service does beside the record.
fn set_reach(call: &mut Call, device: &str, reach: Reach) {
    let invite_id = call.invite_id("bob");
    call.meeting.reached.entry(invite_id).or_default().insert(client(device), reach);
}

#[test]
fn t3_one_device_that_confirmed_the_offer_makes_it_delivered() {
    let mut call = Call::direct();
    assert_eq!(reach(&call), Reach::Unknown);
    let rev = call.meeting.rev;
    set_reach(&mut call, "bob.phone", Reach::Delivered);
    set_reach(&mut call, "bob.tablet", Reach::Queued);
    assert_eq!((reach(&call), call.meeting.rev), (Reach::Delivered, rev));
    call.rings("bob.tablet").expect("rings");
    let shown = call.last.notices.iter().find_map(|downlink| match &downlink.body {
        Body::InvitationUpdated { reach, .. } => Some(*reach),
        _ => None,
    });
    assert_eq!(shown, Some(Reach::Delivered), "the notice of the ring shows the reach");
}

#[test]
fn t4_the_inviter_is_told_that_an_offer_waits_only_if_no_device_has_it() {
    let mut call = Call::direct();
    let invite_id = call.invite_id("bob");
    let cause = call.deadline_cause();
    let notices = |call: &Call, best: Reach| {
        let best = [(call.invite_id("bob"), best)].into();
        call.meeting.queued_notices(&best, &cause)
    };
    let queued = notices(&call, Reach::Queued);
    let [notice] = &queued[..] else { panic!("the inviter gets one notice: {queued:?}") };
    assert_eq!(notice.to, client("alice.phone"));
    let body = &notice.body;
    let shows_queued = matches!(body, Body::InvitationUpdated { reach: Reach::Queued, invite_id: of, .. } if *of == invite_id);
    assert!(shows_queued, "{body:?}");
    assert!(notices(&call, Reach::Delivered).is_empty());
    call.accepts("bob.phone").expect("accepts");
    assert!(notices(&call, Reach::Queued).is_empty(), "the invitation is closed");
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
    assert!(call.last.next.is_some() && call.last.notices.is_empty());
    call.does("bob.phone", Action::Silence { invite_id }).expect("a second silence is answered");
    assert!(call.last.next.is_none(), "a second silence changes nothing");
}

#[test]
fn t13_a_device_that_was_silenced_had_the_offer() {
    let mut call = Call::direct();
    call.rings("bob.phone").expect("rings");
    let invite_id = call.invite_id("bob");
    call.does("bob.phone", Action::Silence { invite_id }).expect("silences");
    call.at(47_000).rings("bob.tablet").expect_err("the invitation has expired");
    assert_eq!(call.state("bob"), ParticipantState::NoAnswer);
}
