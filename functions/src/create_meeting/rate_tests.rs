//! Tests of the limits of invitations: of one caller, and of one caller to the same callee.

use super::create_meeting;
use crate::attend::attend;
use crate::destroy::destroy;
use crate::invite::invite;
use crate::testing::{accepted, at, call_to, request, serve, service, user};
use switchboard_core::{Availability, RequestLimits, RungUsers};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{BusyPolicy, Mode, Policy};
use switchboard_protocol::requests::{
    AttendRequest, CreateRequest, DestroyMeeting, DestroyRequest, Invite, InviteRequest, Leave,
};
use switchboard_service::fake::{FakePorts, TableState};
use switchboard_service::{InvocationReport, Service};

fn limited(invitations_per_minute: u32, unanswered_rings_per_hour: u32) -> Service<FakePorts> {
    let limits =
        RequestLimits { invitations_per_minute, unanswered_rings_per_hour, ..RequestLimits::default() };
    Service { limits, ..service() }
}

/// Lets Alice's phone call a user, with this request id.
async fn calls(service: &Service<FakePorts>, id: &str, callee: &str, at_ms: i64) -> InvocationReport {
    serve(request("alice.phone", id, call_to(&[callee], Mode::Direct), at(at_ms)), service, &create_meeting)
        .await
}

async fn hangs_up(service: &Service<FakePorts>, meeting_id: Option<MeetingId>, at_ms: i64) {
    let meeting_id = meeting_id.expect("a meeting");
    let leave = AttendRequest::Leave(Leave { meeting_id });
    let id = format!("l{at_ms}");
    let report = serve(request("alice.phone", &id, leave, at(at_ms)), service, &attend).await;
    assert_eq!(report.refused, None, "hanging up is never limited");
}

/// Lets another device of Alice call Carol just before the next commit.
fn interfere(service: &Service<FakePorts>) {
    service.table.before_next_commit(|state: &mut TableState| {
        let stored = state.rings.entry(user("alice")).or_default();
        let meeting_id = "m-other".parse().expect("an id");
        stored.log.requests.push(RungUsers {
            at_ms: at(0).ms,
            meeting_id,
            users: vec![user("carol")],
            answered: 0,
        });
        stored.version += 1;
    });
}

// Proves: rate-limits
#[tokio::test]
async fn a_caller_beyond_the_limit_is_refused_with_the_time_to_wait_and_hangs_up_nevertheless() {
    let service = limited(2, 6);
    for (at_ms, id) in [(0, "c1"), (10_000, "c2")] {
        let report = calls(&service, id, "bob", at_ms).await;
        hangs_up(&service, report.meeting_id, at_ms + 1_000).await;
    }
    service.publisher.broker.take();
    assert_eq!(calls(&service, "c3", "bob", 20_000).await.refused, Some(Code::RateLimited));
    let sent = service.publisher.broker.take();
    assert_eq!(sent.len(), 1, "{sent:?}");
    let Body::Error { retryable, retry_after_ms, .. } = sent[0].downlink.body else { panic!("{sent:?}") };
    assert_eq!((retryable, retry_after_ms), (true, Some(40_000)));
    let create_id = "c3".parse().expect("an id");
    let take_back = DestroyMeeting { meeting_id: None, create_id: Some(create_id), reason: None };
    let take_back = DestroyRequest::DestroyMeeting(take_back);
    let report = serve(request("alice.phone", "d1", take_back, at(21_000)), &service, &destroy).await;
    assert_eq!(report.refused, None);
    assert_eq!(calls(&service, "c4", "bob", 60_000).await.refused, None, "after the wait");
}

// Proves: rate-limits
#[tokio::test]
async fn a_repeated_request_counts_once() {
    let service = limited(2, 6);
    for _ in 0..5 {
        assert_eq!(calls(&service, "c1", "bob", 0).await.refused, None);
    }
    let stored = service.table.state.borrow().rings[&user("alice")].clone();
    assert_eq!((stored.version, stored.log.requests.len()), (1, 1));
}

// Proves: rate-limits
#[tokio::test]
async fn two_devices_of_a_user_share_the_limit_also_if_both_call_at_once() {
    let service = limited(2, 6);
    interfere(&service);
    assert_eq!(calls(&service, "c1", "bob", 0).await.refused, None, "there is room for both");
    let count = service.table.state.borrow().rings[&user("alice")].log.requests.len();
    assert_eq!(count, 2, "neither of the two is forgotten");

    let service = limited(1, 6);
    interfere(&service);
    assert_eq!(
        calls(&service, "c1", "bob", 0).await.refused,
        Some(Code::RateLimited),
        "the other one was first"
    );
    assert!(service.table.state.borrow().meetings.is_empty());
}

#[tokio::test]
async fn users_invited_during_a_call_count_also_if_another_device_calls_at_once() {
    let service = limited(3, 6);
    let created =
        serve(request("alice.phone", "c1", call_to(&[], Mode::Group), at(0)), &service, &create_meeting);
    let meeting_id = created.await.meeting_id.expect("a meeting");
    interfere(&service);
    for (id, name, refused) in [("i1", "bob", None), ("i2", "carol", Some(Code::RateLimited))] {
        let invitees = vec![user(name)];
        let meeting_id = meeting_id.clone();
        let more = InviteRequest::Invite(Invite { meeting_id, invitees, ring_seconds: None, ext: None });
        let report = serve(request("alice.phone", id, more, at(1_000)), &service, &invite).await;
        assert_eq!(report.refused, refused, "{name}");
    }
}

#[tokio::test]
async fn a_user_who_takes_no_call_is_rung_a_few_times_and_one_who_takes_them_as_often_as_wanted() {
    for takes in [false, true] {
        let service = limited(30, 2);
        for call in 0..2 {
            let at_ms = call * 10_000;
            let report = calls(&service, &format!("c{call}"), "bob", at_ms).await;
            let meeting = report.meeting_id.expect("a meeting");
            if takes {
                accepted(&service, &meeting, "bob.phone").await;
            }
            hangs_up(&service, Some(meeting), at_ms + 5_000).await;
        }
        let refused = (!takes).then_some(Code::RateLimited);
        assert_eq!(calls(&service, "c2", "bob", 100_000).await.refused, refused, "takes calls: {takes}");
        if !takes {
            assert_eq!(calls(&service, "c3", "carol", 100_000).await.refused, None, "others are called");
        }
    }
}

#[tokio::test]
async fn a_blocked_caller_has_the_limits_of_every_other_caller() {
    let service = limited(30, 2);
    let blocked = [user("alice")].into();
    let availability = Availability { blocked, ..Availability::default() };
    service.table.state.borrow_mut().availabilities.insert(user("bob"), availability);
    for (at_ms, id, refused) in
        [(0, "c1", None), (10_000, "c2", None), (20_000, "c3", Some(Code::RateLimited))]
    {
        let report = calls(&service, id, "bob", at_ms).await;
        assert_eq!(report.refused, refused, "{id}");
        if refused.is_none() {
            hangs_up(&service, report.meeting_id, at_ms + 1_000).await;
        }
    }
}

#[tokio::test]
async fn a_missed_call_of_a_user_in_another_call_counts_as_a_ring() {
    let service = limited(30, 2);
    let other = request("carol.phone", "o1", call_to(&["bob"], Mode::Direct), at(0));
    let other = serve(other, &service, &create_meeting).await.meeting_id.expect("a meeting");
    accepted(&service, &other, "bob.phone").await;
    for (id, refused) in [("c1", None), ("c2", None), ("c3", Some(Code::RateLimited))] {
        let report = calls(&service, id, "bob", 1_000).await;
        let missed = service.publisher.broker.take();
        let missed = missed.iter().filter(|sent| sent.downlink.body.kind() == "missed_call").count();
        assert_eq!((report.refused, missed), (refused, if refused.is_none() { 2 } else { 0 }), "{id}");
    }
}

/// Lets Alice's phone open a group without invitees, whatever other calls she is in.
async fn opens(service: &Service<FakePorts>, id: &str, at_ms: i64) -> InvocationReport {
    let CreateRequest::CreateMeeting(mut create) = call_to(&[], Mode::Group);
    create.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
    serve(
        request("alice.phone", id, CreateRequest::CreateMeeting(create), at(at_ms)),
        service,
        &create_meeting,
    )
    .await
}

#[tokio::test]
async fn a_flood_of_meetings_without_invitees_has_the_limit_of_invitations() {
    let service = limited(2, 6);
    for (id, refused) in [("c1", None), ("c2", None), ("c3", Some(Code::RateLimited))] {
        assert_eq!(opens(&service, id, 0).await.refused, refused, "{id}");
    }
    assert_eq!(service.table.state.borrow().meetings.len(), 2);
    assert_eq!(opens(&service, "c4", 60_000).await.refused, None, "a minute later");
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_live_meetings_and_another_one_after_the_end_of_one() {
    let limits = RequestLimits { live_meetings_per_user: 2, ..RequestLimits::NONE };
    let service = Service { limits, ..service() };
    let first = opens(&service, "c1", 0).await.meeting_id;
    opens(&service, "c2", 0).await;
    service.publisher.broker.take();
    assert_eq!(opens(&service, "c3", 1_000).await.refused, Some(Code::RateLimited));
    let sent = service.publisher.broker.take();
    let Body::Error { retry_after_ms, .. } = sent[0].downlink.body else { panic!("{sent:?}") };
    assert_eq!(retry_after_ms, Some(60_000));
    let end = DestroyMeeting { meeting_id: first, create_id: None, reason: None };
    let end = request("alice.phone", "d1", DestroyRequest::DestroyMeeting(end), at(2_000));
    serve(end, &service, &destroy).await;
    assert_eq!(opens(&service, "c4", 3_000).await.refused, None, "one has ended");
    assert_eq!(opens(&service, "c5", 4_000).await.refused, Some(Code::RateLimited));
    assert_eq!(opens(&service, "c6", 304_000).await.refused, None, "nobody joined them in time");
}
