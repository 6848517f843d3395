//! A known request is never applied again: it is answered from the present state.

use super::fixture::{Call, key};
use crate::meeting::{Action, KNOWN_REQUESTS, Tell};
use crate::message::code::Code;

/// The ids of the downlinks to one device, by type.
fn ids(call: &Call, device: &str) -> Vec<(&'static str, String)> {
    let id = |tell: &Tell| {
        let id = tell.cause.downlink_id(&key(), &tell.to, tell.body.kind(), &tell.subject);
        (tell.body.kind(), id.to_string())
    };
    let to = super::fixture::client(device);
    call.last.tells.iter().chain(&call.last.answer).filter(|tell| tell.to == to).map(id).collect()
}

#[test]
fn a_create_that_comes_again_changes_nothing_and_rings_with_the_same_ids() {
    let mut call = Call::direct();
    let (answer, ring) = (ids(&call, "alice.phone"), ids(&call, "bob.phone"));
    call.asks("alice.phone", "c1", "create", Action::CreateAgain).expect("answered again");
    assert!(call.last.next.is_none());
    assert_eq!((ids(&call, "alice.phone"), ids(&call, "bob.phone")), (answer, ring));
}

#[test]
fn the_same_id_with_another_body_is_a_bad_request() {
    let mut call = Call::direct();
    assert_eq!(call.asks("alice.phone", "c1", "another", Action::CreateAgain), Err(Code::BadRequest));
    let invite_id = call.invite_id("bob");
    call.asks("bob.phone", "a1", "accept", Action::Accept { invite_id }).expect("accepts");
    assert_eq!(call.asks("bob.phone", "a1", "leave", Action::Leave), Err(Code::BadRequest));
    assert!(call.last.next.is_none());
}

#[test]
fn an_accept_that_comes_again_gets_a_token_only_while_its_seat_holds() {
    let mut call = Call::direct();
    let accept = Action::Accept { invite_id: call.invite_id("bob") };
    call.asks("bob.phone", "a1", "accept", accept.clone()).expect("accepts");
    let answer = ids(&call, "bob.phone");
    call.asks("bob.phone", "a1", "accept", accept.clone()).expect("answered again");
    assert_eq!(ids(&call, "bob.phone"), answer);
    assert!(
        call.told().contains(&"bob.tablet: invitation_closed answered_elsewhere".to_owned()),
        "still true"
    );
    call.leaves("bob.phone").expect("leaves");
    assert_eq!(call.asks("bob.phone", "a1", "accept", accept), Err(Code::MeetingEnded));
}

#[test]
fn what_is_not_true_any_more_is_not_told_again() {
    let mut call = Call::direct();
    let ringing = Action::Ringing { invite_id: call.invite_id("bob") };
    call.asks("bob.phone", "k1", "ringing", ringing.clone()).expect("rings");
    call.accepts("bob.phone").expect("accepts");
    call.asks("bob.phone", "k1", "ringing", ringing).expect("known");
    assert!(call.told().is_empty(), "nobody rings any more: {:?}", call.told());
}

#[test]
fn answers_without_a_way_in_are_given_again_even_when_the_meeting_is_over() {
    let mut call = Call::direct();
    call.asks("bob.phone", "x1", "reject", Action::Reject { invite_id: call.invite_id("bob") })
        .expect("rejects");
    call.asks("bob.phone", "x1", "reject", Action::Reject { invite_id: call.invite_id("bob") })
        .expect("again");
    assert!(call.told().contains(&"bob.phone= ok".to_owned()));
    assert!(call.told().contains(&"alice.phone: meeting_ended all_declined".to_owned()));
    assert_eq!(call.asks("alice.phone", "c1", "create", Action::CreateAgain), Err(Code::MeetingEnded));
}

#[test]
fn a_repeat_of_news_to_all_members_claims_no_gap() {
    let mut call = Call::group();
    let accept = Action::Accept { invite_id: call.invite_id("bob") };
    call.asks("bob.phone", "a1", "accept", accept.clone()).expect("accepts");
    assert!(call.last.tells.iter().any(|tell| tell.prev_rev.is_some()));
    call.asks("bob.phone", "a1", "accept", accept).expect("again");
    assert!(call.last.tells.iter().all(|tell| tell.prev_rev.is_none()));
}

#[test]
fn sixteen_requests_are_remembered_for_each_device() {
    let mut call = Call::group();
    for _ in 0..=KNOWN_REQUESTS {
        call.rings("bob.phone").expect("rings");
        let bob = call.meeting.participants.get_mut(&super::fixture::user("bob")).expect("was invited");
        bob.state = crate::message::object::ParticipantState::Invited;
    }
    assert_eq!(call.meeting.requests[&super::fixture::client("bob.phone")].len(), KNOWN_REQUESTS);
}

#[test]
fn an_offer_that_may_stand_behind_its_end_is_closed_again_under_an_id_that_is_news_to_its_device() {
    let mut call = Call::group();
    call.does("alice.phone", Action::CancelInvite { invitees: None }).expect("cancels");
    let closed =
        |call: &Call| ids(call, "bob.phone").into_iter().find(|(kind, _)| *kind == "invitation_closed");
    let first = closed(&call).expect("was told");
    let offer = (call.invite_id("bob"), super::fixture::client("bob.phone"));
    call.last.tells = call.meeting.close_again(&[&offer]);
    let second = closed(&call).expect("is told again");
    assert_ne!(second, first);
    call.last.tells = call.meeting.close_again(&[&offer]);
    assert_eq!(closed(&call), Some(second), "but always the same one");
}
