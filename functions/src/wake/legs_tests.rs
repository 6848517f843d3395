//! Tests of the legs in the events that `wake` puts on the bus.

use super::tests::{end, message};
use super::*;
use crate::testing::{another, at, created, request, serve, service};
use switchboard_protocol::object::Mode;
use switchboard_protocol::requests::{AttendRequest, Leave};
use switchboard_service::fake::FakePorts;

/// Returns the user and the reason of each leg in the last event on the bus.
fn legs_on_the_bus(service: &Service<FakePorts>) -> Vec<(String, String)> {
    let reports = service.outcomes.as_ref().expect("a bus").reports.borrow();
    let legs = reports.last().expect("an event")["legs"].as_array().cloned().unwrap_or_default();
    let text = |leg: &Value, name: &str| leg[name].as_str().unwrap_or_default().to_owned();
    legs.iter().map(|leg| (text(leg, "user_id"), text(leg, "reason"))).collect()
}

#[tokio::test]
async fn the_event_of_an_end_has_the_leg_of_each_user() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    service.table.crash_after_commit();
    message(&service, &call, at(60_000)).await;
    let service = another(&service);
    assert!(!message(&service, &call, at(66_000)).await);
    let expected = [("alice", "unreachable"), ("bob", "unreachable")];
    assert_eq!(
        legs_on_the_bus(&service),
        expected.map(|(user, reason)| (user.to_owned(), reason.to_owned()))
    );
}

#[tokio::test]
async fn an_end_of_which_no_device_is_notified_has_an_event() {
    let service = service();
    let group = created(&service, &[], Mode::Group).await;
    let leave = AttendRequest::Leave(Leave { meeting_id: group.clone() });
    serve(request("alice.phone", "l1", leave, at(1_000)), &service, &crate::attend::attend).await;
    message(&service, &group, at(400_000)).await;
    assert!(end(&service, &group).is_some());
    assert_eq!(legs_on_the_bus(&service), [("alice".to_owned(), "left".to_owned())]);
}
