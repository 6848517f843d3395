//! Tests that a repeated request is never applied again, and is answered from the present state.

use super::fixture::{Call, client, key, user};
use crate::{Action, Cause, Decision, MAX_REQUESTS_PER_DEVICE, Outgoing, Standing};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::{Body, ClosedReason};
use switchboard_protocol::object::{Media, RejectReason, Role};

/// Returns the type and the id of each downlink to one device.
fn ids(call: &Call, device: &str) -> Vec<(&'static str, String)> {
    let id = |downlink: &Outgoing| (downlink.body.kind(), downlink.id(&key()).to_string());
    let to = client(device);
    call.last.notices.iter().chain(&call.last.answer).filter(|downlink| downlink.to == to).map(id).collect()
}

#[test]
fn a_create_that_comes_again_changes_nothing_and_rings_with_the_same_ids() {
    let mut call = Call::direct();
    let (answer, ring) = (ids(&call, "alice.phone"), ids(&call, "bob.phone"));
    call.sends("alice.phone", "c1", "create", Action::CreateAgain).expect("a repeat is answered");
    assert!(call.last.next.is_none());
    assert_eq!((ids(&call, "alice.phone"), ids(&call, "bob.phone")), (answer, ring));
}

#[test]
fn the_same_id_with_another_body_is_a_bad_request() {
    let mut call = Call::direct();
    assert_eq!(call.sends("alice.phone", "c1", "other body", Action::CreateAgain), Err(Code::BadRequest));
    let invite_id = call.invite_id("bob");
    call.sends(
        "bob.phone",
        "a1",
        "accept",
        Action::Accept { invite_id, media: Media::Audio, name: None, is_in_other_call: false },
    )
    .expect("accepts");
    assert_eq!(call.sends("bob.phone", "a1", "leave", Action::Leave), Err(Code::BadRequest));
    assert!(call.last.next.is_none());
}

// Proves: token-entitlement
#[test]
fn an_accept_that_comes_again_gets_a_token_only_while_its_seat_holds() {
    let mut call = Call::direct();
    let accept = Action::Accept {
        invite_id: call.invite_id("bob"),
        media: Media::Audio,
        name: None,
        is_in_other_call: false,
    };
    call.sends("bob.phone", "a1", "accept", accept.clone()).expect("accepts");
    let answer = ids(&call, "bob.phone");
    call.sends("bob.phone", "a1", "accept", accept.clone()).expect("a repeat is answered");
    assert_eq!(ids(&call, "bob.phone"), answer);
    assert!(
        call.downlinks().contains(&"bob.tablet: invitation_closed answered_elsewhere".to_owned()),
        "the notice still holds"
    );
    call.leaves("bob.phone").expect("leaves");
    assert_eq!(call.sends("bob.phone", "a1", "accept", accept), Err(Code::MeetingEnded));
}

// Proves: true-effects
#[test]
fn what_is_not_true_any_more_is_not_told_again() {
    let mut call = Call::direct();
    let ringing = Action::Ringing { invite_id: call.invite_id("bob") };
    call.sends("bob.phone", "k1", "ringing", ringing.clone()).expect("rings");
    call.accepts("bob.phone").expect("accepts");
    call.sends("bob.phone", "k1", "ringing", ringing).expect("a repeat is accepted");
    assert!(call.downlinks().is_empty(), "no device rings: {:?}", call.downlinks());
}

#[test]
fn answers_without_a_way_in_are_given_again_even_when_the_meeting_is_over() {
    let mut call = Call::direct();
    call.sends(
        "bob.phone",
        "x1",
        "reject",
        Action::Reject { invite_id: call.invite_id("bob"), reason: RejectReason::Declined, text: None },
    )
    .expect("rejects");
    call.sends(
        "bob.phone",
        "x1",
        "reject",
        Action::Reject { invite_id: call.invite_id("bob"), reason: RejectReason::Declined, text: None },
    )
    .expect("a repeat is answered");
    assert!(call.downlinks().contains(&"bob.phone= ok".to_owned()));
    assert!(call.downlinks().contains(&"alice.phone: meeting_ended all_declined".to_owned()));
    assert_eq!(call.sends("alice.phone", "c1", "create", Action::CreateAgain), Err(Code::MeetingEnded));
}

#[test]
fn a_repeat_of_news_to_all_members_claims_no_gap() {
    let mut call = Call::group();
    let accept = Action::Accept {
        invite_id: call.invite_id("bob"),
        media: Media::Audio,
        name: None,
        is_in_other_call: false,
    };
    call.sends("bob.phone", "a1", "accept", accept.clone()).expect("accepts");
    assert!(call.last.notices.iter().any(|downlink| downlink.prev_rev.is_some()));
    call.sends("bob.phone", "a1", "accept", accept).expect("a repeat is answered");
    assert!(call.last.notices.iter().all(|downlink| downlink.prev_rev.is_none()));
}

// Proves: own-answer-id
#[test]
fn an_answer_is_no_copy_of_news_that_came_before_it() {
    let mut call = Call::direct();
    call.sends("alice.phone", "d1", "destroy", Action::Destroy { text: None })
        .expect("the host has the right");
    let cause =
        Cause::Request { client_id: client("alice.phone"), request_id: "d1".parse().expect("a valid id") };
    // The function that applied the request crashed. The effects are repeated, and then the terminal retries.
    call.last = call.repeat_effects(call.meeting.rev, &cause);
    let notices = ids(&call, "alice.phone");
    assert_eq!(notices.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["meeting_ended"]);
    call.sends("alice.phone", "d1", "destroy", Action::Destroy { text: None }).expect("a repeat is answered");
    let answer = call.last.answer.as_ref().expect("the repeat is answered");
    assert_eq!(answer.body.kind(), "meeting_ended");
    assert_ne!(
        answer.id(&key()).to_string(),
        notices[0].1,
        "with the notice's id, the terminal would drop the answer as a copy"
    );
}

#[test]
fn sixteen_requests_are_remembered_for_each_device() {
    let mut call = Call::group();
    for _ in 0..=MAX_REQUESTS_PER_DEVICE {
        call.rings("bob.phone").expect("rings");
        let Standing::Invited(pending) = call.participant_mut("bob").standing.amend() else {
            unreachable!("Bob only rings")
        };
        pending.is_ringing = false;
    }
    assert_eq!(call.meeting.requests[&client("bob.phone")].len(), MAX_REQUESTS_PER_DEVICE);
}

#[test]
fn an_offer_that_may_stand_behind_its_end_is_closed_again_under_an_id_that_is_news_to_its_device() {
    let mut call = Call::group();
    call.does("alice.phone", Action::CancelInvite { invitees: None }).expect("cancels");
    let closed =
        |call: &Call| ids(call, "bob.phone").into_iter().find(|(kind, _)| *kind == "invitation_closed");
    let first = closed(&call).expect("the device gets the notice");
    let offer = (call.invite_id("bob"), client("bob.phone"));
    call.last.notices = call.meeting.repeat_closings(&[&offer]);
    let second = closed(&call).expect("the device gets the notice again");
    assert_ne!(second, first);
    call.last.notices = call.meeting.repeat_closings(&[&offer]);
    assert_eq!(closed(&call), Some(second), "each further repeat has the same id");
}

#[test]
fn an_offer_is_closed_again_with_the_reason_for_which_it_ended_and_never_while_it_is_open() {
    let reason = |call: &Call, device: &str| {
        let offer = (call.invite_id("bob"), client(device));
        match call.meeting.repeat_closings(&[&offer])[..] {
            [Outgoing { body: Body::InvitationClosed { reason, .. }, .. }] => Some(reason),
            _ => None,
        }
    };
    let mut call = Call::group();
    assert_eq!(reason(&call, "bob.phone"), None, "the offer is open");
    call.accepts("bob.phone").expect("accepts");
    assert_eq!(reason(&call, "bob.phone"), None, "this device accepted");
    assert_eq!(reason(&call, "bob.tablet"), Some(ClosedReason::AnsweredElsewhere));

    let mut call = Call::group();
    call.rejects("bob.phone").expect("rejects");
    assert_eq!(reason(&call, "bob.tablet"), Some(ClosedReason::DeclinedElsewhere));

    let mut call = Call::group();
    call.does("alice.phone", Action::CancelInvite { invitees: None }).expect("cancels");
    assert_eq!(reason(&call, "bob.phone"), Some(ClosedReason::Cancelled));

    let mut call = Call::group();
    call.at(47_000).wakes();
    assert_eq!(reason(&call, "bob.phone"), Some(ClosedReason::Expired));

    let mut call = Call::group();
    call.does("alice.phone", Action::Destroy { text: None }).expect("the host ends the meeting");
    assert_eq!(reason(&call, "bob.phone"), Some(ClosedReason::MeetingEnded));
    let unknown = ("unknown".parse().expect("a valid id"), client("bob.phone"));

    let [closing] = &call.meeting.repeat_closings(&[&unknown])[..] else { panic!("one notice") };
    let is_cancelled = matches!(closing.body, Body::InvitationClosed { reason: ClosedReason::Cancelled, .. });
    assert!(is_cancelled, "the offer of an invitation that is not known any more is closed: {closing:?}");
}

#[test]
fn a_repeat_that_is_refused_now_hears_the_refusal_that_holds_now() {
    let mut call = Call::group();
    let invite_id = call.invite_id("bob");
    let ringing = Action::Ringing { invite_id: invite_id.clone() };
    let accept = Action::Accept { invite_id, media: Media::Audio, name: None, is_in_other_call: false };
    call.sends("bob.phone", "k1", "ringing", ringing.clone()).expect("rings");
    call.sends("bob.tablet", "a1", "accept", accept.clone()).expect("accepts");
    assert_eq!(
        call.sends("bob.phone", "k1", "ringing", ringing.clone()),
        Err(Code::AlreadyAnswered),
        "the device must stop ringing"
    );
    call.leaves("bob.tablet").expect("leaves");
    assert_eq!(call.sends("bob.tablet", "a1", "accept", accept), Err(Code::AlreadyAnswered));
    call.does("alice.phone", Action::Destroy { text: None }).expect("the host ends the meeting");
    assert_eq!(call.sends("bob.phone", "k1", "ringing", ringing), Err(Code::MeetingEnded));
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
    call.sends("alice.phone", "s1", "role", cohost.clone()).expect("the host has the right");
    let before = ids(&call, "carol.phone");
    call.rtc.reports_presence = true;
    call.at(20_000)
        .sends("alice.phone", "s1", "role", cohost)
        .expect("a repeat is answered after Bob's seat has failed");
    let failed = ids(&call, "carol.phone").into_iter().filter(|id| !before.contains(id));
    let kinds: Vec<_> = failed.map(|(kind, _)| kind).collect();
    assert_eq!(
        kinds,
        ["participant_updated"],
        "with the id of the notice about the role, the terminal would drop this one as a copy"
    );
}

#[test]
fn a_request_that_changes_nothing_is_not_remembered_when_a_deadline_is_committed_with_it() {
    let mut call = Call::group();
    let rev = call.meeting.rev;
    call.at(47_000).does("alice.phone", Action::RefreshToken).expect("the device has the seat");
    assert_eq!(call.meeting.rev, rev + 1, "the expired invitations are committed");
    assert!(!call.meeting.requests.contains_key(&client("alice.phone")));
}

#[test]
fn t46_t48_after_the_end_only_a_participant_may_repeat_the_destroy_request_or_take_a_create_request_back() {
    let mut call = Call::direct();
    call.does("alice.phone", Action::Destroy { text: None }).expect("the host ends the meeting");
    for action in [Action::Destroy { text: None }, Action::TakeBack { text: None }] {
        assert_eq!(call.does("bob.phone", action.clone()), Ok(()));
        assert_eq!(call.does("mallory.phone", action), Err(Code::MeetingEnded));
    }
}

#[test]
fn repeated_effects_answer_the_create_request_of_their_revision_and_no_other_request() {
    let call = Call::direct();
    let create =
        Cause::Request { client_id: client("alice.phone"), request_id: "c1".parse().expect("a valid id") };
    let answer =
        |rev: u64, cause: &Cause| call.repeat_effects(rev, cause).answer.map(|answer| answer.body.kind());
    assert_eq!(answer(1, &create), Some("meeting_created"));
    assert_eq!(answer(1, &call.deadline_cause()), None);
    assert_eq!(answer(2, &create), None);
}

#[test]
fn repeated_effects_claim_no_gap_between_revisions() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    assert!(call.last.notices.iter().any(|downlink| downlink.prev_rev.is_some()));
    let repeated = call.repeat_effects(call.meeting.rev, &call.deadline_cause());
    assert!(!repeated.notices.is_empty());
    assert!(repeated.notices.iter().all(|downlink| downlink.prev_rev.is_none()));
}

#[test]
fn t6_repeated_effects_of_an_accept_stop_the_other_devices_though_the_user_has_left() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    let (rev, cause) = (call.meeting.rev, call.deadline_cause());
    call.leaves("bob.phone").expect("leaves");
    call.last = call.repeat_effects(rev, &cause);
    let closed = "bob.tablet: invitation_closed answered_elsewhere".to_owned();
    assert!(call.downlinks().contains(&closed), "{:?}", call.downlinks());
}

#[test]
fn a_commit_whose_effects_no_terminal_would_retry_is_recognised() {
    let request = |device: &str, id: &str| Cause::request(&client(device), &id.parse().expect("a valid id"));
    let mut call = Call::group();
    assert!(!call.wakes().has_no_retrying_client(None), "nothing was committed");
    call.accepts("bob.phone").expect("accepts");
    assert!(!call.last.has_no_retrying_client(Some(&request("bob.phone", "r1"))), "the terminal retries");
    assert!(
        call.last.has_no_retrying_client(Some(&request("bob.phone", "r2"))),
        "a deadline made the commit"
    );
    assert!(call.last.has_no_retrying_client(None), "an event made the commit");
    let silent = Decision { notices: Vec::new(), ..call.last.clone() };
    assert!(!silent.has_no_retrying_client(None), "no notice can be lost");
    call.does("alice.phone", Action::Destroy { text: None }).expect("ends");
    assert!(call.last.has_no_retrying_client(Some(&request("alice.phone", "r2"))), "an end must arrive");
}

#[test]
fn t48_a_repeat_of_a_removed_user_is_answered_by_the_end_of_the_meeting() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    let raise = |call: &mut Call| call.sends("bob.phone", "h1", "hand", Action::RaiseHand);
    raise(&mut call).expect("raises");
    let remove = Action::Remove { user: user("bob"), ban: false, for_seconds: None, text: None };
    call.does("alice.phone", remove).expect("the host has the right");
    assert_eq!(raise(&mut call), Err(Code::Forbidden));
    call.does("alice.phone", Action::Destroy { text: None }).expect("the host ends the meeting");
    assert_eq!(raise(&mut call), Err(Code::MeetingEnded));
    assert_eq!(call.downlinks(), ["bob.phone= error host_ended"]);
}
