//! A known request is never applied again: it is answered from the present state.

use super::fixture::{Call, key, user};
use super::join::{admit, join, joining, room, take_over};
use crate::cause::Cause;
use crate::{Action, KNOWN_REQUESTS, Tell, redo};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{JoinPolicy, Role};

/// The ids of the downlinks to one device, by type.
fn ids(call: &Call, device: &str) -> Vec<(&'static str, String)> {
    let id = |tell: &Tell| (tell.body.kind(), tell.id(&key()).to_string());
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

// Proves: token-entitlement
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

// Proves: true-effects
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

// Proves: own-answer-id
#[test]
fn an_answer_is_no_copy_of_news_that_came_before_it() {
    let mut call = Call::direct();
    call.asks("alice.phone", "d1", "destroy", Action::Destroy).expect("the host may");
    let cause = Cause::Request {
        client_id: super::fixture::client("alice.phone"),
        request_id: "d1".parse().expect("an id"),
    };
    // Its function died: somebody else tells what it would have told, and then the request comes again.
    call.last = redo(&call.meeting, call.meeting.rev, &cause, call.now);
    let news = ids(&call, "alice.phone");
    assert_eq!(news.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["meeting_ended"]);
    call.asks("alice.phone", "d1", "destroy", Action::Destroy).expect("again");
    let answer = call.last.answer.as_ref().expect("it is answered");
    assert_eq!(answer.body.kind(), "meeting_ended");
    assert_ne!(answer.id(&key()).to_string(), news[0].1, "or she would drop it and wait on");
}

#[test]
fn sixteen_requests_are_remembered_for_each_device() {
    let mut call = Call::group();
    for _ in 0..=KNOWN_REQUESTS {
        call.rings("bob.phone").expect("rings");
        let bob = call.meeting.participants.get_mut(&super::fixture::user("bob")).expect("was invited");
        bob.state = switchboard_protocol::object::ParticipantState::Invited;
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

#[test]
fn a_repeat_that_is_refused_now_hears_the_refusal_that_holds_now() {
    let mut call = Call::group();
    let invite_id = call.invite_id("bob");
    let ringing = Action::Ringing { invite_id: invite_id.clone() };
    let accept = Action::Accept { invite_id };
    call.asks("bob.phone", "k1", "ringing", ringing.clone()).expect("rings");
    call.asks("bob.tablet", "a1", "accept", accept.clone()).expect("accepts");
    assert_eq!(
        call.asks("bob.phone", "k1", "ringing", ringing.clone()),
        Err(Code::AlreadyAnswered),
        "must not ring on"
    );
    call.leaves("bob.tablet").expect("leaves");
    assert_eq!(call.asks("bob.tablet", "a1", "accept", accept), Err(Code::AlreadyAnswered));
    call.does("alice.phone", Action::Destroy).expect("ends it");
    assert_eq!(call.asks("bob.phone", "k1", "ringing", ringing), Err(Code::MeetingEnded));
}

#[test]
fn what_time_did_is_no_news_of_the_request_that_came_again_then() {
    let mut call = Call::group();
    for device in ["alice.phone", "carol.phone"] {
        if device != "alice.phone" {
            call.accepts(device).expect("accepts");
        }
        call.joins_media(device).expect("joins");
    }
    call.accepts("bob.phone").expect("accepts");
    let cohost = Action::SetRole { user: user("bob"), role: Role::Cohost };
    call.asks("alice.phone", "s1", "role", cohost.clone()).expect("the host may");
    let told = ids(&call, "carol.phone");
    call.now.rtc_tells = true;
    call.at(20_000).asks("alice.phone", "s1", "role", cohost).expect("when bob's seat has failed");
    let failed = ids(&call, "carol.phone").into_iter().filter(|id| !told.contains(id));
    let kinds: Vec<_> = failed.map(|(kind, _)| kind).collect();
    assert_eq!(
        kinds,
        ["participant_updated"],
        "or she would drop it as a copy of what she was told of his role"
    );
}

#[test]
fn a_token_or_a_join_that_is_asked_for_again_is_given_while_it_is_due() {
    let mut call = room(JoinPolicy::Lobby);
    join(&mut call, "dave.phone").expect("waits");
    call.does("alice.phone", admit(None)).expect("lets him in");
    let token = |call: &mut Call| call.asks("dave.tablet", "t1", "token", Action::RefreshToken);
    token(&mut call).expect("takes the seat");
    token(&mut call).expect("its answer was lost");
    assert_eq!((call.told(), call.last.next.is_some()), (vec!["dave.tablet= token".to_owned()], false));
    let again = |call: &mut Call| call.asks("dave.tv", "j1", "join", joining("dave", true));
    again(&mut call).expect("moves here");
    assert_eq!(token(&mut call), Err(Code::NotAdmitted));
    take_over(&mut call, "dave.phone").expect("moves on");
    assert_eq!(again(&mut call), Err(Code::StateConflict), "in on another device");
    call.does("alice.phone", Action::Remove { user: user("dave"), ban: true, for_seconds: None })
        .expect("bans");
    assert_eq!((again(&mut call), token(&mut call)), (Err(Code::Banned), Err(Code::Banned)));
}
