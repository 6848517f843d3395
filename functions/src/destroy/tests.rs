use super::*;
use crate::testing::{
    NOW_MS, accepted, another, at, call_to, commit_first, created, interfere, published, request, serve,
    service, user,
};
use serde_json::json;
use switchboard_protocol::code::EndReason;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::Mode;
use switchboard_protocol::requests::DestroyMeeting;

fn by_id(meeting: &MeetingId) -> DestroyRequest {
    let meeting_id = Some(meeting.clone());
    DestroyRequest::DestroyMeeting(DestroyMeeting { meeting_id, create_id: None, reason: None })
}

fn by_create(create_id: &str) -> DestroyRequest {
    let create_id = Some(create_id.parse().expect("an id"));
    DestroyRequest::DestroyMeeting(DestroyMeeting { meeting_id: None, create_id, reason: None })
}

fn end(service: &Service<switchboard_service::fake::FakePorts>, meeting: &MeetingId) -> Option<EndReason> {
    service.table.stored(meeting).meeting.end().map(|end| end.reason)
}

#[tokio::test]
async fn the_host_ends_the_meeting_for_all() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &meeting, "bob.phone").await;
    serve(request("alice.phone", "d1", by_id(&meeting), at(2_000)), &service, &destroy).await;
    assert_eq!(published(&service), ["bob.phone: meeting_ended", "alice.phone= meeting_ended"]);
    assert_eq!(end(&service, &meeting), Some(EndReason::HostEnded));
}

#[tokio::test]
async fn a_member_who_is_not_host_is_refused() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &meeting, "bob.phone").await;
    serve(request("bob.phone", "d1", by_id(&meeting), at(2_000)), &service, &destroy).await;
    assert_eq!(published(&service), ["bob.phone= error not_host"]);
    assert_eq!(end(&service, &meeting), None);
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_same_end() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    for _ in 0..2 {
        serve(request("alice.phone", "d1", by_id(&meeting), at(2_000)), &service, &destroy).await;
        assert!(published(&service).contains(&"alice.phone= meeting_ended".to_owned()));
    }
}

#[tokio::test]
async fn a_create_request_is_taken_back_by_its_id() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    serve(request("alice.phone", "d1", by_create("c1"), at(1_000)), &service, &destroy).await;
    let published = published(&service);
    assert_eq!(published.last().map(String::as_str), Some("alice.phone= meeting_ended"));
    assert!(published.contains(&"bob.phone: invitation_closed meeting_ended".to_owned()), "{published:?}");
    assert!(end(&service, &meeting).is_some());
}

#[tokio::test]
async fn a_create_request_that_arrives_after_it_was_taken_back_makes_no_call() {
    let service = service();
    serve(request("alice.phone", "d1", by_create("c1"), at(0)), &service, &destroy).await;
    assert_eq!(published(&service), ["alice.phone= meeting_ended"]);
    let late = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(1_000));
    serve(late, &service, &crate::create_meeting::create_meeting).await;
    let published = published(&service);
    assert!(published.iter().all(|line| line.starts_with("alice.phone=")), "{published:?}");
    assert!(service.table.state.borrow().slots.is_empty());
}

#[tokio::test]
async fn a_create_request_that_is_committed_first_is_ended() {
    let service = service();
    let other = another(&service);
    let meeting = created(&other, &["bob"], Mode::Direct).await;
    commit_first(&other, &service);
    serve(request("alice.phone", "d1", by_create("c1"), at(1_000)), &service, &destroy).await;
    assert!(end(&service, &meeting).is_some());
}

#[tokio::test]
async fn a_merged_create_request_is_taken_back_from_the_call_that_it_met() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let back = request("bob.phone", "c1", call_to(&["alice"], Mode::Direct), at(500));
    serve(back, &service, &crate::create_meeting::create_meeting).await;
    published(&service);
    serve(request("bob.phone", "d1", by_create("c1"), at(1_000)), &service, &destroy).await;
    assert!(published(&service).contains(&"bob.phone= meeting_ended".to_owned()));
    assert!(end(&service, &meeting).is_some(), "a direct call without its other side");
}

#[tokio::test]
async fn after_a_crash_the_end_is_pending() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    service.table.crash_after_commit();
    serve(request("alice.phone", "d1", by_id(&meeting), at(2_000)), &service, &destroy).await;
    assert!(published(&service).is_empty());
    assert_eq!(service.table.stored(&meeting).pending.len(), 1, "no terminal has to retry an end");
}

/// Invokes the function like the operator.
async fn order(
    service: &Service<switchboard_service::fake::FakePorts>,
    order: Value,
) -> Result<Value, InvocationFailure> {
    super::serve(json!({"admin": order}), at(3_000), service).await
}

#[tokio::test]
async fn an_operator_ends_any_meeting_once() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    interfere(&service, &meeting);
    let report = order(&service, json!({"meeting_id": meeting})).await.expect("served");
    assert_eq!(report["ended"], "admin");
    assert!(published(&service).contains(&"alice.phone: meeting_ended".to_owned()));
    let again = order(&service, json!({"meeting_id": meeting})).await.expect("served");
    assert_eq!((&again["ended"], &again["rev"]), (&report["ended"], &report["rev"]));
    assert!(published(&service).is_empty());
}

#[tokio::test]
async fn an_order_for_an_unknown_meeting_or_without_one_ends_nothing() {
    let service = service();
    let report = order(&service, json!({"meeting_id": "m0"})).await.expect("served");
    assert_eq!(report["refused"], "meeting_not_found");
    let malformed = order(&service, json!({})).await.expect_err("refused");
    assert_eq!(malformed.error_type(), "MalformedEvent");
    service.table.fail("meeting");
    let failed = order(&service, json!({"meeting_id": "m0"})).await.expect_err("the table failed");
    assert_eq!(failed.error_type(), "TableUnavailable");
}

#[tokio::test]
async fn the_event_of_a_rule_is_served_for_the_device_that_the_broker_names() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let service = service();
    let meeting = created(&service, &[], Mode::Group).await;
    let body = json!({"v": 1, "id": "d1", "type": "destroy_meeting", "meeting_id": meeting});
    let event = |client_id: Value| {
        let payload = BASE64_STANDARD.encode(body.to_string());
        json!({"payload": payload, "client_id": client_id, "received_ms": NOW_MS, "trace_id": "t"})
    };
    let dropped = super::serve(event(Value::Null), at(1_000), &service).await.expect("served");
    assert_eq!(
        (dropped, published(&service)),
        (json!({}), Vec::new()),
        "without a sender there is no answer"
    );
    let refused = super::serve(event(json!("GID@@@carol.phone")), at(1_000), &service).await.expect("served");
    assert_eq!(refused["refused"], "forbidden");
    let late = super::serve(event(json!("GID@@@alice.phone")), at(60_000), &service).await.expect("served");
    assert_eq!(late["refused"], "request_expired");
    let report = super::serve(event(json!("GID@@@alice.phone")), at(1_000), &service).await.expect("served");
    assert_eq!((&report["request"], &report["ended"]), (&json!("destroy_meeting"), &json!("host_ended")));
    assert!(!service.table.state.borrow().slots.contains_key(&user("alice")));
}
