//! Tests that a terminal which repeats a request without need disturbs nobody (decision 41).

use super::*;
use crate::attend::attend;
use crate::create_meeting::create_meeting;
use crate::testing::{accept, accepted, another, at, call_to, created, published, request, serve, service};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::Mode;
use switchboard_protocol::requests::{AttendRequest, CreateRequest, Leave};
use switchboard_service::fake::FakePorts;

/// Returns the create request that made the meeting, sent `after_ms` after it.
fn create_again(ring_seconds: Option<u32>, after_ms: i64) -> ReceivedRequest<CreateRequest> {
    let CreateRequest::CreateMeeting(mut create) = call_to(&["bob"], Mode::Direct);
    create.ring_seconds = ring_seconds;
    request("alice.phone", "c1", CreateRequest::CreateMeeting(create), at(after_ms))
}

fn leave(meeting: &MeetingId, by: &str, after_ms: i64) -> ReceivedRequest<AttendRequest> {
    request(by, "l1", AttendRequest::Leave(Leave { meeting_id: meeting.clone() }), at(after_ms))
}

/// Serves Bob's accept once more, `after_ms` after the call.
async fn accepts_again(service: &Service<FakePorts>, meeting: &MeetingId, after_ms: i64) -> Vec<String> {
    let again = ReceivedRequest { now: at(after_ms), ..accept(service, meeting, "bob.phone") };
    serve(again, service, &answer).await;
    published(service)
}

// Proves: bounded-repeats
#[tokio::test]
async fn a_request_repeated_without_end_tells_others_three_times_and_is_always_answered() {
    let service = service();
    created(&service, &["bob"], Mode::Direct).await;
    for time in 1..=10 {
        let report = serve(create_again(None, time), &service, &create_meeting).await;
        let sent = published(&service);
        assert!(sent.contains(&"alice.phone= meeting_created".to_owned()), "{sent:?}");
        let rings = sent.iter().filter(|line| line.ends_with(": invitation")).count();
        let expected = if time <= 3 { (2, 1) } else { (0, 0) };
        assert_eq!((rings, report.push_wanted.len()), expected, "repeat {time}: {sent:?}");
    }
}

// Proves: bounded-repeats
#[tokio::test]
async fn a_repeat_more_than_a_minute_after_the_end_tells_nobody() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &meeting, "bob.phone").await;
    serve(leave(&meeting, "bob.phone", 2_000), &service, &attend).await;
    published(&service);
    assert_eq!(
        accepts_again(&service, &meeting, 62_000).await,
        ["bob.tablet: invitation_closed answered_elsewhere", "bob.phone= error meeting_ended"]
    );
    assert_eq!(accepts_again(&service, &meeting, 62_001).await, ["bob.phone= error meeting_ended"]);
    serve(leave(&meeting, "bob.phone", 62_001), &service, &attend).await;
    assert_eq!(published(&service), ["bob.phone= ok"], "the end is told once");
}

// Proves: bounded-repeats
#[tokio::test]
async fn an_accept_whose_function_crashed_stops_the_other_device_as_long_as_it_may_ring() {
    let crashing = service();
    let report = serve(create_again(Some(180), 0), &crashing, &create_meeting).await;
    let meeting = report.meeting_id.expect("a meeting");
    published(&crashing);
    crashing.table.crash_after_commit();
    serve(accept(&crashing, &meeting, "bob.phone"), &crashing, &answer).await;
    let service = another(&crashing);
    serve(leave(&meeting, "alice.phone", 2_000), &service, &attend).await;
    assert!(
        !published(&service).iter().any(|line| line.starts_with("bob.tablet")),
        "only the accept tells it"
    );
    let stop = "bob.tablet: invitation_closed answered_elsewhere".to_owned();
    assert!(accepts_again(&service, &meeting, 100_000).await.contains(&stop), "it may ring for 80 s");
    assert!(!accepts_again(&service, &meeting, 182_001).await.contains(&stop), "its ring is over");
}

// Proves: bounded-repeats
#[tokio::test]
async fn effects_that_are_known_to_be_pending_are_told_whatever_the_time() {
    let crashing = service();
    let meeting = created(&crashing, &["bob"], Mode::Direct).await;
    accepted(&crashing, &meeting, "bob.phone").await;
    crashing.table.crash_after_commit();
    serve(leave(&meeting, "bob.phone", 2_000), &crashing, &attend).await;
    let service = another(&crashing);
    for time in 0..5 {
        serve(leave(&meeting, "bob.phone", 600_000 + time), &service, &attend).await;
        let expected: &[&str] =
            if time < 3 { &["alice.phone: meeting_ended", "bob.phone= ok"] } else { &["bob.phone= ok"] };
        assert_eq!(published(&service), expected, "repeat {time}");
    }
}

// Proves: bounded-repeats
#[tokio::test]
async fn each_request_has_repeats_of_its_own() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &meeting, "bob.phone").await;
    for time in 0..4 {
        serve(create_again(None, 2_000 + time), &service, &create_meeting).await;
        published(&service);
        let told = accepts_again(&service, &meeting, 2_000 + time).await.len();
        assert_eq!(told > 1, time < 3, "repeat {time}");
    }
}
