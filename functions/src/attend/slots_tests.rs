//! Tests of the call slot of a user who is in two calls.

use super::*;
use crate::testing::{
    accepted, another, at, call_to, calls_of_bob, created, group_of, joined, published, request, serve,
    service,
};
use serde_json::json;
use std::sync::Arc;
use switchboard_core::{Input, RtcCapabilities, decide};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{JoinPolicy, Mode};
use switchboard_protocol::requests::Leave;
use switchboard_service::fake::FakePorts;

/// Puts Bob's phone into a direct call with Alice, and his tablet into an open group of Carol. Returns the call
/// and the group.
async fn in_two_calls(service: &Service<FakePorts>) -> (MeetingId, MeetingId) {
    let call = created(service, &["bob"], Mode::Direct).await;
    accepted(service, &call, "bob.phone").await;
    let group = group_of(service, "carol.phone", JoinPolicy::Open).await;
    joined(service, &group, "bob.tablet").await;
    assert_eq!(
        calls_of_bob(service).await.1,
        Some(group.clone()),
        "the slot names the call of the last entry"
    );
    (call, group)
}

async fn leaves(service: &Service<FakePorts>, meeting: &MeetingId, by: &str) {
    let leave = AttendRequest::Leave(Leave { meeting_id: meeting.clone() });
    serve(request(by, "l1", leave, at(5_000)), service, &attend).await;
}

#[tokio::test]
async fn the_call_in_which_a_user_stays_gets_the_slot_back() {
    let service = service();
    let (call, group) = in_two_calls(&service).await;
    leaves(&service, &group, "bob.tablet").await;
    assert_eq!(calls_of_bob(&service).await.1, Some(call));
    published(&service);
    let again = call_to(&["bob"], Mode::Direct);
    serve(request("dave.phone", "c3", again, at(6_000)), &service, &crate::create_meeting::create_meeting)
        .await;
    let told = published(&service);
    assert!(told.contains(&"dave.phone: invitation_updated user_busy".to_owned()), "{told:?}");
}

#[tokio::test]
async fn a_call_that_has_ended_gets_no_slot_back() {
    let service = service();
    let (call, group) = in_two_calls(&service).await;
    leaves(&service, &call, "alice.phone").await;
    assert_eq!(calls_of_bob(&service).await.1, Some(group.clone()));
    leaves(&service, &group, "bob.tablet").await;
    assert_eq!(calls_of_bob(&service).await.1, None);
}

#[tokio::test]
async fn a_call_that_ends_while_it_gets_the_slot_back_does_not_get_it() {
    let service = service();
    let (call, group) = in_two_calls(&service).await;
    let live = service.table.stored(&call).meeting;
    let ended = decide(&live, &Input::AdminEnd, at(5_000), RtcCapabilities::default()).next.expect("ends");
    service.table.before_next_commit(|_| {});
    let id = call.clone();
    service.table.before_next_commit(move |state| {
        state.meetings.get_mut(&id).expect("the call is stored").meeting = Arc::new(ended);
    });
    leaves(&service, &group, "bob.tablet").await;
    assert!(service.table.stored(&call).meeting.end().is_some());
    assert_eq!(calls_of_bob(&service).await.1, None);
}

#[tokio::test]
async fn after_a_crash_wake_returns_the_slot() {
    let service = service();
    let (call, group) = in_two_calls(&service).await;
    service.table.crash_after_commit();
    leaves(&service, &group, "bob.tablet").await;
    let service = another(&service);
    assert_eq!(calls_of_bob(&service).await.1, None);
    let body = json!({"meeting_id": group}).to_string();
    let event = json!({"Records": [{"messageId": "q1", "body": body}]});
    crate::wake::wake(event, &crate::wake::ChannelAges::default(), at(11_000), &service)
        .await
        .expect("served");
    assert_eq!(calls_of_bob(&service).await.1, Some(call));
    assert!(service.table.stored(&group).pending.is_empty());
}

#[tokio::test]
async fn the_slot_returns_to_the_first_call_when_the_one_between_has_ended() {
    let service = service();
    let (call, group) = in_two_calls(&service).await;
    let third = group_of(&service, "dave.phone", JoinPolicy::Open).await;
    joined(&service, &third, "bob.watch").await;
    let end = Input::AdminEnd;
    let stored = service.table.stored(&group).loaded();
    service.apply(stored, &end, at(4_000)).await.expect("committed");
    assert_eq!(calls_of_bob(&service).await.1, Some(third.clone()));
    leaves(&service, &third, "bob.watch").await;
    assert_eq!(calls_of_bob(&service).await.1, Some(call));
}
