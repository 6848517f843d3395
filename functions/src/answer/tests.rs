use super::*;
use crate::testing::{
    accept, accepted, another, at, commit_first, created, device, interfere, invite_id, published, request,
    rev, serve, service, user,
};
use serde_json::{Value, json};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{BusyPolicy, Media, Mode, ParticipantState, Policy};
use switchboard_protocol::requests::{
    CancelInvite, CreateRequest, InviteRequest, Reject, RejectReason, Ringing,
};
use switchboard_service::fake::FakePorts;

#[tokio::test]
async fn an_accept_gives_a_seat_and_stops_the_other_device() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    serve(accept(&service, &meeting, "bob.phone"), &service, &answer).await;
    assert_eq!(
        published(&service),
        [
            "alice.phone: participant_updated accepted",
            "bob.tablet: invitation_closed answered_elsewhere",
            "bob.phone= invitation_accepted",
        ]
    );
    let bob = service.table.stored(&meeting).meeting.participants[&user("bob")].clone();
    assert_eq!(
        (bob.state(), bob.seat().map(|seat| &seat.device)),
        (ParticipantState::Accepted, Some(&device("bob.phone")))
    );
    assert_eq!(service.table.state.borrow().slots.get(&user("bob")), Some(&meeting));
}

#[tokio::test]
async fn an_answer_to_an_unknown_meeting_is_refused() {
    let service = service();
    let (meeting_id, invite_id) = ("m0".parse().expect("an id"), "i0".parse().expect("an id"));
    let ringing = AnswerRequest::Ringing(Ringing { meeting_id, invite_id });
    let report = serve(request("bob.phone", "r1", ringing, at(0)), &service, &answer).await;
    assert_eq!(report.refused, Some(Code::MeetingNotFound));
    assert_eq!(published(&service), ["bob.phone= error meeting_not_found"]);
}

#[tokio::test]
async fn a_repeated_accept_is_answered_again_and_commits_nothing() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    serve(accept(&service, &meeting, "bob.phone"), &service, &answer).await;
    let (first, committed) = (service.publisher.broker.take(), rev(&service, &meeting));
    serve(accept(&service, &meeting, "bob.phone"), &service, &answer).await;
    assert_eq!(rev(&service, &meeting), committed);
    let again = service.publisher.broker.take();
    let ids = |sent: &[switchboard_service::fake::Sent]| -> Vec<_> {
        sent.iter().map(|sent| sent.downlink.id.clone()).collect()
    };
    assert_eq!(ids(&again), ids(&first), "devices drop the second copies");
}

#[tokio::test]
async fn of_two_devices_that_accept_at_the_same_time_one_wins() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let other = another(&service);
    serve(accept(&other, &meeting, "bob.tablet"), &other, &answer).await;
    commit_first(&other, &service);
    let report = serve(accept(&service, &meeting, "bob.phone"), &service, &answer).await;
    assert_eq!(report.refused, Some(Code::AlreadyAnswered));
    let bob = service.table.stored(&meeting).meeting.participants[&user("bob")].clone();
    assert_eq!(bob.seat().map(|seat| &seat.device), Some(&device("bob.tablet")));
}

#[tokio::test]
async fn a_decision_is_made_again_after_a_lost_race() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let before = rev(&service, &meeting);
    interfere(&service, &meeting);
    serve(accept(&service, &meeting, "bob.phone"), &service, &answer).await;
    assert_eq!(rev(&service, &meeting), before + 2);
}

#[tokio::test]
async fn a_request_that_loses_every_race_is_answered_with_unavailable() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    for _ in 0..6 {
        interfere(&service, &meeting);
    }
    let reject = Reject {
        meeting_id: meeting.clone(),
        invite_id: invite_id(&service, &meeting, &user("bob")),
        reason: RejectReason::Declined,
        text: None,
    };
    serve(request("bob.phone", "x1", AnswerRequest::Reject(reject), at(2_000)), &service, &answer).await;
    assert_eq!(published(&service), ["bob.phone= error unavailable"]);
}

#[tokio::test]
async fn after_a_crash_the_repeated_request_is_answered() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let crashing = another(&service);
    crashing.table.crash_after_commit();
    serve(accept(&crashing, &meeting, "bob.phone"), &crashing, &answer).await;
    assert_eq!(published(&crashing), [""; 0]);
    let service = another(&crashing);
    serve(accept(&service, &meeting, "bob.phone"), &service, &answer).await;
    let published = published(&service);
    assert!(published.contains(&"bob.phone= invitation_accepted".to_owned()), "{published:?}");
    assert!(
        published.contains(&"bob.tablet: invitation_closed answered_elsewhere".to_owned()),
        "{published:?}"
    );
}

/// Serves a create request of Carol's phone for a meeting with Bob, who may be in another call.
async fn waiting_call(service: &Service<FakePorts>, id: &str, mode: Mode) -> MeetingId {
    let mut create = crate::testing::call_to(&["bob"], mode);
    let CreateRequest::CreateMeeting(fields) = &mut create;
    fields.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
    let create = request("carol.phone", id, create, at(2_000));
    let report = serve(create, service, &crate::create_meeting::create_meeting).await;
    published(service);
    report.meeting_id.expect("a meeting")
}

/// Puts Bob's phone into a call with Alice.
async fn in_a_call(service: &Service<FakePorts>) -> MeetingId {
    let first = created(service, &["bob"], Mode::Direct).await;
    accepted(service, &first, "bob.phone").await;
    first
}

fn has_ended(service: &Service<FakePorts>, meeting: &MeetingId) -> bool {
    service.table.stored(meeting).meeting.end().is_some()
}

fn slot_of_bob(service: &Service<FakePorts>) -> Option<MeetingId> {
    service.table.state.borrow().slots.get(&user("bob")).cloned()
}

#[tokio::test]
async fn who_accepts_a_second_call_leaves_the_first() {
    let service = service();
    let first = in_a_call(&service).await;
    let second = waiting_call(&service, "c2", Mode::Direct).await;
    // Bob accepts on another device than the one in the first call.
    serve(accept(&service, &second, "bob.tablet"), &service, &answer).await;
    let news = published(&service);
    for heard in ["alice.phone: meeting_ended", "bob.phone: meeting_ended", "bob.tablet= invitation_accepted"]
    {
        assert!(news.contains(&heard.to_owned()), "{heard}: {news:?}");
    }
    assert!(has_ended(&service, &first));
    assert_eq!(slot_of_bob(&service), Some(second));
}

#[tokio::test]
async fn the_call_that_an_accept_leaves_has_an_event_of_its_own() {
    let service = Service { is_forwarded: true, ..service() };
    let first = in_a_call(&service).await;
    let second = waiting_call(&service, "c2", Mode::Direct).await;
    let report = serve(accept(&service, &second, "bob.tablet"), &service, &answer).await;
    assert_eq!(report.meeting_id, Some(second), "Lambda forwards the result of the request");
    let reports = service.outcomes.as_ref().expect("a bus").reports.borrow();
    let [left] = &reports[..] else { panic!("one event: {reports:?}") };
    assert_eq!(
        (&left["meeting_id"], &left["ended"], &left["request"]),
        (&json!(first), &json!("completed"), &Value::Null)
    );
    let leg = left["legs"].as_array().and_then(|legs| legs.iter().find(|leg| leg["user_id"] == "bob"));
    let leg = leg.expect("the leg of the user");
    assert_eq!((&leg["reason"], &leg["sip"]), (&json!("completed"), &json!(200)));
    assert_eq!(leg["device"], "GID@@@bob.phone");
}

#[tokio::test]
async fn an_accept_that_loses_a_race_costs_no_other_call() {
    let service = service();
    let first = in_a_call(&service).await;
    let second = waiting_call(&service, "c2", Mode::Direct).await;
    let other = another(&service);
    let cancel = InviteRequest::CancelInvite(CancelInvite { meeting_id: second.clone(), invitees: None });
    serve(request("carol.phone", "x2", cancel, at(3_000)), &other, &crate::invite::invite).await;
    commit_first(&other, &service);
    let report = serve(accept(&service, &second, "bob.phone"), &service, &answer).await;
    assert_eq!(report.refused, Some(Code::MeetingEnded));
    assert!(!has_ended(&service, &first));
    assert_eq!(slot_of_bob(&service), Some(first));
}

#[tokio::test]
async fn after_a_crash_the_repeated_accept_leaves_the_other_call() {
    let service = service();
    let first = in_a_call(&service).await;
    let second = waiting_call(&service, "c2", Mode::Direct).await;
    let crashing = another(&service);
    crashing.table.crash_after_commit();
    serve(accept(&crashing, &second, "bob.tablet"), &crashing, &answer).await;
    assert!(!has_ended(&crashing, &first), "the function crashed before");
    let service = another(&crashing);
    serve(accept(&service, &second, "bob.tablet"), &service, &answer).await;
    assert!(has_ended(&service, &first));
    assert!(published(&service).contains(&"bob.tablet= invitation_accepted".to_owned()));
}

#[tokio::test]
async fn an_accept_is_not_answered_before_the_other_call_is_left() {
    let service = service();
    let first = in_a_call(&service).await;
    let second = waiting_call(&service, "c2", Mode::Direct).await;
    service.table.fail("meetings_of");
    serve(accept(&service, &second, "bob.tablet"), &service, &answer).await;
    let news = published(&service);
    assert!(news.contains(&"bob.tablet= error unavailable".to_owned()), "{news:?}");
    assert!(!news.contains(&"bob.tablet= invitation_accepted".to_owned()), "{news:?}");
    assert!(news.contains(&"carol.phone: participant_updated accepted".to_owned()), "{news:?}");
    service.table.recover();
    serve(accept(&service, &second, "bob.tablet"), &service, &answer).await;
    assert!(has_ended(&service, &first));
    assert!(published(&service).contains(&"bob.tablet= invitation_accepted".to_owned()));
}

#[tokio::test]
async fn of_two_calls_that_a_user_accepts_at_the_same_time_the_one_with_the_slot_stays() {
    let service = service();
    in_a_call(&service).await;
    let second = waiting_call(&service, "c2", Mode::Direct).await;
    let third = waiting_call(&service, "c3", Mode::Group).await;
    let other = another(&service);
    serve(accept(&other, &third, "bob.tablet"), &other, &answer).await;
    commit_first(&other, &service);
    serve(accept(&service, &second, "bob.phone"), &service, &answer).await;
    assert_eq!(slot_of_bob(&service), Some(second.clone()));
    let is_in = |meeting: &MeetingId| service.table.stored(meeting).meeting.has_member(&user("bob"));
    assert_eq!((is_in(&second), is_in(&third)), (true, false));
    // The function that lost the slot runs last, and finds the call that took the slot.
    service.leave_other_calls(&user("bob"), &third, at(4_000)).await.expect("the table answers");
    assert!(is_in(&second));
}

#[tokio::test]
async fn an_accept_that_is_refused_leaves_no_call() {
    let service = service();
    let first = in_a_call(&service).await;
    let second = request("carol.phone", "c2", crate::testing::call_to(&["alice"], Mode::Group), at(2_000));
    let second = serve(second, &service, &crate::create_meeting::create_meeting).await;
    let second = second.meeting_id.expect("a meeting");
    let refused =
        Accept { meeting_id: second, invite_id: "none".parse().expect("an id"), media: Media::Audio };
    let report =
        serve(request("bob.phone", "a2", AnswerRequest::Accept(refused), at(3_000)), &service, &answer);
    assert_eq!(report.await.refused, Some(Code::Forbidden));
    assert!(service.table.stored(&first).meeting.end().is_none());
}
