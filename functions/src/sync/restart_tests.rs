//! Tests of a terminal that restarted, forgot its call and sends only `sync`, while the broker's events are lost.

use super::*;
use crate::testing::{
    NOW_MS, accepted, at, created, device, request, serve, service, service_with_rtc, user,
};
use serde_json::json;
use std::sync::Arc;
use switchboard_core::{CONFIRM_MS, RECONNECT_DIRECT_MS};
use switchboard_protocol::object::{Mode, ParticipantState};
use switchboard_protocol::requests::{AttendRequest, MediaReport, ReportMedia};
use switchboard_service::fake::{FakePorts, FakeRtc};

/// Time of the restart in milliseconds after the beginning.
const RESTART_MS: i64 = 100_000;

async fn reports(service: &Service<FakePorts>, meeting: &MeetingId, by: &str, after_ms: i64) {
    let report = ReportMedia {
        meeting_id: meeting.clone(),
        state: MediaReport::Joined,
        audio: Some(true),
        video: None,
        screen: None,
    };
    let id = format!("m{after_ms}");
    serve(
        request(by, &id, AttendRequest::ReportMedia(report), at(after_ms)),
        service,
        &crate::attend::attend,
    )
    .await;
}

/// Puts Alice and Bob into a direct call. Then Bob's phone connects anew, of which only `authorize` knows.
async fn restarted(service: &Service<FakePorts>) -> MeetingId {
    let call = created(service, &["bob"], Mode::Direct).await;
    accepted(service, &call, "bob.phone").await;
    for by in ["alice.phone", "bob.phone"] {
        reports(service, &call, by, 2_000).await;
    }
    let mut state = service.table.state.borrow_mut();
    let bob = Arc::make_mut(&mut state.users).get_mut(&user("bob")).expect("a user");
    bob.devices.get_mut(&device("bob.phone")).expect("a device").seen_ms = NOW_MS + RESTART_MS;
    drop(state);
    call
}

/// Serves a `sync`. Returns the messages of the delay queue about new connections, and their delay in seconds.
async fn synced(service: &Service<FakePorts>, by: &str, after_ms: i64) -> Vec<(serde_json::Value, i32)> {
    service.wakes.scheduled.take();
    let ask = SyncRequest::SyncState(SyncState { meeting_id: None, missed_since_ms: None });
    serve(request(by, &format!("s{after_ms}"), ask, at(after_ms)), service, &sync).await;
    let scheduled = service.wakes.scheduled.take().into_iter();
    let of_connections = scheduled.filter(|(nudge, _)| nudge.new_connection.is_some());
    of_connections.map(|(nudge, seconds)| (json!(nudge), seconds)).collect()
}

async fn wakes(service: &Service<FakePorts>, body: &serde_json::Value, after_ms: i64) {
    let event = json!({"Records": [{"messageId": "q1", "body": body.to_string()}]});
    crate::wake::wake(event, &crate::wake::ChannelAges::default(), at(after_ms), service)
        .await
        .expect("served");
}

#[tokio::test]
async fn t24_t26_a_terminal_that_only_syncs_loses_the_seat_though_the_events_of_its_restart_are_lost() {
    let service = service();
    let call = restarted(&service).await;
    let [(check, seconds)] = &synced(&service, "bob.phone", RESTART_MS + 1_000).await[..] else {
        panic!("one check is scheduled");
    };
    let checked_ms = RESTART_MS + 1_000 + i64::from(*seconds) * 1_000;
    wakes(&service, check, checked_ms).await;
    let bob = || service.table.stored(&call).meeting.participants[&user("bob")].state();
    assert_eq!(bob(), ParticipantState::Joined);
    assert_eq!(synced(&service, "bob.phone", checked_ms + 1_000).await, [], "the seat has a deadline");
    service.publisher.broker.connected.borrow_mut().insert(device("bob.phone"));
    let nudge = json!({"meeting_id": call});
    wakes(&service, &nudge, checked_ms + CONFIRM_MS).await;
    assert_eq!(bob(), ParticipantState::Reconnecting);
    wakes(&service, &nudge, checked_ms + CONFIRM_MS + RECONNECT_DIRECT_MS).await;
    assert_eq!(bob(), ParticipantState::Lost);
}

#[tokio::test]
async fn a_terminal_that_reports_its_media_again_keeps_the_seat() {
    let service = service();
    let call = restarted(&service).await;
    let check = synced(&service, "bob.phone", RESTART_MS + 1_000).await.remove(0).0;
    reports(&service, &call, "bob.phone", RESTART_MS + 2_000).await;
    let before = service.table.stored(&call).meeting;
    wakes(&service, &check, RESTART_MS + 6_000).await;
    assert_eq!(service.table.stored(&call).meeting, before, "there is nothing to confirm");
    assert_eq!(synced(&service, "bob.phone", RESTART_MS + 60_000).await, []);
}

#[tokio::test]
async fn a_sync_of_another_device_or_with_a_managed_rtc_service_checks_nothing() {
    let service = service();
    restarted(&service).await;
    assert_eq!(synced(&service, "bob.tablet", RESTART_MS + 1_000).await, []);
    let rtc = FakeRtc::capable();
    rtc.set_members(&["alice", "bob"]);
    let service = service_with_rtc(&rtc);
    restarted(&service).await;
    assert_eq!(synced(&service, "bob.phone", RESTART_MS + 1_000).await, []);
}
