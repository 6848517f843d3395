//! Tests of a sweep with more meetings than one invocation reads.

use super::*;
use crate::testing::{NOW_MS, at, created, service};
use std::sync::Arc;
use switchboard_protocol::object::Mode;
use switchboard_service::fake::FakePorts;
use switchboard_service::ports::MAX_DUE;

/// Stores copies of a ringing call, whose rings have all expired, and returns their ids. The first
/// [`MAX_DUE`] of them hang when they are read.
async fn many_calls(service: &Service<FakePorts>, count: usize) -> Vec<MeetingId> {
    let call = created(service, &["bob"], Mode::Group).await;
    let mut stored = service.table.stored(&call);
    service.table.state.borrow_mut().meetings.remove(&call);
    let mut ids = Vec::new();
    for number in 0..count {
        let id: MeetingId = format!("m{number:05}").parse().expect("an id");
        Arc::make_mut(&mut stored.meeting).id = id.clone();
        stored.due_at_ms = Some(NOW_MS + i64::try_from(number).expect("a small number"));
        service.table.state.borrow_mut().meetings.insert(id.clone(), stored.clone());
        if number < MAX_DUE {
            service.table.hang(&id);
        }
        ids.push(id);
    }
    ids
}

fn is_rung(service: &Service<FakePorts>, id: &MeetingId) -> bool {
    service.table.stored(id).meeting.pending().next().is_some()
}

// Proves: sweep
#[tokio::test]
async fn a_thousand_meetings_whose_wakes_hang_do_not_keep_a_sweep_from_the_others() {
    let service = service();
    let ids = many_calls(&service, MAX_DUE + 1).await;
    let swept = wake_within(Duration::ZERO, json!({}), &ChannelAges::default(), at(60_000), &service).await;
    let swept = swept.expect("served");
    assert_eq!((&swept["found"], &swept["failed"]), (&json!(MAX_DUE), &json!(MAX_DUE)));
    assert!(is_rung(&service, &ids[MAX_DUE]), "this one is left");

    let rest = service.wakes.sweeps.take();
    assert_eq!(rest.len(), 1, "{rest:?}");
    let event = json!({"Records": [{"messageId": "q1", "body": json!(rest[0]).to_string()}]});
    let result = wake(event, &ChannelAges::default(), at(60_000), &service).await.expect("served");
    assert_eq!(result, json!({"batchItemFailures": []}));
    assert!(!is_rung(&service, &ids[MAX_DUE]), "another invocation wakes it");
    assert!(service.wakes.sweeps.borrow().is_empty(), "no meeting is left");
}

#[tokio::test]
async fn a_part_of_a_sweep_is_delivered_again_if_the_table_fails() {
    let service = service();
    let rest = SweepRest { sweep_rest: DueRange::until(NOW_MS) };
    let event = json!({"Records": [{"messageId": "q1", "body": json!(rest).to_string()}]});
    service.table.fail("due");
    let result = wake(event, &ChannelAges::default(), at(0), &service).await.expect("served");
    assert_eq!(result, json!({"batchItemFailures": [{"itemIdentifier": "q1"}]}));
}

#[test]
fn the_live_meetings_are_compared_with_the_channels_part_by_part() {
    let ages = ChannelAges::default();
    assert_eq!(ages.next_live(), DueRange::until(i64::MAX));
    let rest = DueRange { until_ms: i64::MAX, after: Some([].into()) };
    ages.remember_live(Some(rest.clone()));
    assert_eq!(ages.next_live(), rest, "the next sweep reads the others");
    ages.remember_live(None);
    assert_eq!(ages.next_live(), DueRange::until(i64::MAX), "and the one after the last begins anew");
}
