//! Tests of the reach of an offer (T3, T4).

use super::fixture::{Call, client};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::Reach;

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
