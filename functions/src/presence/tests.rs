use super::*;
use crate::testing::{NOW_MS, accepted, at, created, device, interfere, published, service, user};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::json;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{BusyPolicy, Mode, Policy};
use switchboard_protocol::requests::{AttendRequest, CreateRequest, RefreshToken};
use switchboard_service::fake::{FakePorts, SESSION_MS};
use switchboard_service::ports::Nudge;

/// Serves a lifecycle event of Bob's phone.
async fn event(
    service: &Service<FakePorts>,
    event_type: &str,
    version: i64,
    after_ms: i64,
) -> Result<Value, InvocationFailure> {
    let event = json!({
        "clientId": "GID@@@bob.phone",
        "eventType": event_type,
        "timestamp": NOW_MS + after_ms,
        "sessionIdentifier": format!("session-{version}"),
        "versionNumber": version,
    });
    Box::pin(presence(of_rule(&event), at(after_ms), service)).await
}

fn of_rule(event: &Value) -> Value {
    json!({"payload": BASE64_STANDARD.encode(event.to_string())})
}

async fn call(service: &Service<FakePorts>) -> MeetingId {
    let meeting = created(service, &["bob"], Mode::Direct).await;
    accepted(service, &meeting, "bob.phone").await;
    meeting
}

fn check_at_ms(service: &Service<FakePorts>, meeting: &MeetingId) -> Option<i64> {
    service.table.stored(meeting).meeting.participants[&user("bob")].seat().expect("a seat").check_at_ms
}

#[tokio::test]
async fn a_lost_connection_is_checked_later_unless_the_device_comes_back() {
    let service = service();
    let meeting = call(&service).await;
    event(&service, "connected", 1, 1_500).await.expect("served");
    let report = event(&service, "disconnected", 1, 2_000).await.expect("served");
    assert_eq!(report["meeting_id"], json!(meeting));
    assert!(check_at_ms(&service, &meeting).is_some_and(|at_ms| at_ms > NOW_MS + 2_000));
    assert!(published(&service).is_empty(), "a disconnect alone changes no call");
    event(&service, "connected", 2, 3_000).await.expect("served");
    assert_eq!(check_at_ms(&service, &meeting), None);
}

#[tokio::test]
async fn events_that_are_late_or_repeated_change_nothing() {
    let service = service();
    let meeting = call(&service).await;
    event(&service, "connected", 2, 1_500).await.expect("served");
    for (event_type, version) in [("connected", 1), ("connected", 2), ("disconnected", 1)] {
        let before = service.table.stored(&meeting);
        event(&service, event_type, version, 2_000).await.expect("served");
        assert_eq!(service.table.stored(&meeting), before, "{event_type} {version}");
    }
    assert_eq!(check_at_ms(&service, &meeting), None);
}

#[tokio::test]
async fn a_lost_race_is_decided_again() {
    let service = service();
    let meeting = call(&service).await;
    interfere(&service, &meeting);
    event(&service, "disconnected", 1, 2_000).await.expect("served");
    assert!(check_at_ms(&service, &meeting).is_some());
}

#[tokio::test]
async fn a_new_device_is_stored_and_rung_by_the_next_call() {
    let service = service();
    let tablet = json!({"clientId": "GID@@@carol.tablet", "eventType": "connected", "timestamp": NOW_MS});
    presence(of_rule(&tablet), at(0), &service).await.expect("served");
    created(&service, &["carol"], Mode::Direct).await;
    let state = service.table.state.borrow();
    assert!(state.users[&user("carol")].devices.contains_key(&device("carol.tablet")));
}

#[tokio::test]
async fn events_of_other_programs_and_of_other_types_are_ignored() {
    let service = service();
    let other = json!({"clientId": "monitor", "eventType": "connected", "timestamp": NOW_MS});
    assert_eq!(presence(of_rule(&other), at(0), &service).await.expect("served"), Value::Null);
    assert_eq!(event(&service, "throttled", 1, 0).await.expect("served"), json!({}));
}

#[tokio::test]
async fn a_malformed_event_and_a_failed_table_fail_the_invocation() {
    let service = service();
    let malformed =
        presence(of_rule(&json!({"eventType": 1})), at(0), &service).await.expect_err("malformed");
    assert_eq!(malformed.error_type(), "MalformedEvent");
    service.table.fail("device_connected");
    let failed = event(&service, "connected", 1, 0).await.expect_err("the table failed");
    assert_eq!(failed.error_type(), "TableUnavailable");
}

#[tokio::test]
async fn an_event_whose_write_was_stored_without_an_answer_informs_the_meeting_when_it_comes_again() {
    let service = service();
    let meeting = call(&service).await;
    event(&service, "connected", 1, 1_500).await.expect("served");
    service.table.lose_answer("device_disconnected");
    event(&service, "disconnected", 1, 2_000).await.expect_err("the table did not answer");
    assert_eq!(check_at_ms(&service, &meeting), None);
    event(&service, "disconnected", 1, 2_000).await.expect("served");
    assert!(check_at_ms(&service, &meeting).is_some());

    service.table.lose_answer("device_connected");
    event(&service, "connected", 2, 3_000).await.expect_err("the table did not answer");
    event(&service, "connected", 2, 3_000).await.expect("served");
    assert_eq!(check_at_ms(&service, &meeting), None);
}

#[tokio::test]
async fn a_check_of_the_device_is_on_the_queue_before_its_end_is_stored() {
    let service = service();
    let meeting = call(&service).await;
    event(&service, "connected", 1, 1_500).await.expect("served");
    service.table.fail("device_disconnected");
    event(&service, "disconnected", 1, 2_000).await.expect_err("the table failed");
    let check = Nudge { meeting_id: meeting, lost_device: Some(device("bob.phone")), new_connection: None };
    let scheduled = service.wakes.scheduled.borrow();
    assert!(scheduled.iter().any(|(nudge, _)| *nudge == check), "{scheduled:?}");
}

#[tokio::test]
async fn a_device_in_two_meetings_is_checked_in_both() {
    let service = service();
    let first = call(&service).await;
    let mut waiting = crate::testing::call_to(&["carol"], Mode::Direct);
    let CreateRequest::CreateMeeting(create) = &mut waiting;
    create.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
    let waiting = crate::testing::request("bob.phone", "c2", waiting, at(1_500));
    let second = crate::testing::serve(waiting, &service, &crate::create_meeting::create_meeting).await;
    let second = second.meeting_id.expect("a meeting");
    event(&service, "disconnected", 1, 2_000).await.expect("served");
    for meeting in [&first, &second] {
        assert!(check_at_ms(&service, meeting).is_some(), "{meeting}");
    }
}

#[tokio::test]
async fn a_new_connection_has_to_confirm_the_seat() {
    let service = service();
    let meeting = call(&service).await;
    event(&service, "connected", 1, 1_500).await.expect("served");
    let confirm_by_ms = || {
        let stored = service.table.stored(&meeting);
        stored.meeting.participants[&user("bob")].seat().expect("a seat").confirm_by_ms
    };
    assert_eq!(confirm_by_ms(), Some(NOW_MS + 1_500 + switchboard_core::CONFIRM_MS));
    let refresh = AttendRequest::RefreshToken(RefreshToken { meeting_id: meeting.clone() });
    let refresh = crate::testing::request("bob.phone", "t1", refresh, at(2_000));
    crate::testing::serve(refresh, &service, &crate::attend::attend).await;
    assert_eq!(confirm_by_ms(), None);
}

#[tokio::test]
async fn a_connect_stores_for_how_long_the_queue_of_the_device_lasts_and_a_disconnect_keeps_it() {
    let service = service();
    let queue_ms = || service.table.state.borrow().users[&user("bob")].devices[&device("bob.phone")].queue_ms;
    event(&service, "connected", 1, 1_500).await.expect("served");
    assert_eq!(queue_ms(), Some(SESSION_MS));
    event(&service, "disconnected", 1, 2_000).await.expect("served");
    assert_eq!(queue_ms(), Some(SESSION_MS));
    service.publisher.broker.sessionless.borrow_mut().insert(device("bob.phone"));
    event(&service, "connected", 2, 3_000).await.expect("served");
    assert_eq!(queue_ms(), Some(0), "a clean session has no queue");
}

#[tokio::test]
async fn a_connect_is_stored_though_the_broker_does_not_say_for_how_long_the_queue_lasts() {
    let service = service();
    event(&service, "connected", 1, 1_500).await.expect("served");
    service.publisher.broker.is_throttled.set(true);
    event(&service, "connected", 2, 2_000).await.expect("served");
    let state = service.table.state.borrow();
    let phone = &state.users[&user("bob")].devices[&device("bob.phone")];
    assert_eq!((phone.queue_ms, phone.is_online), (None, true));
    assert_eq!(phone.session, Some(("session-2".to_owned(), 2)));
}
