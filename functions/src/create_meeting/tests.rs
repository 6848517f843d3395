use super::*;
use crate::attend::attend;
use crate::testing::{
    another, at, call_to, commit_first, created, published, request, rev, serve, service, service_with_rtc,
    user,
};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{Media, Mode};
use switchboard_protocol::requests::{AttendRequest, CreateMeeting, CreateRequest, Leave};
use switchboard_service::fake::{FakeMinter, FakeRtc, RtcCall};
use switchboard_service::service::HANG_UP_WAITS;

#[tokio::test]
async fn a_create_request_is_answered_first_and_rings_every_device() {
    let service = service();
    let create = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(0));
    let report = serve(create, &service, &create_meeting).await;
    assert_eq!(
        published(&service),
        [
            "alice.phone= meeting_created",
            "bob.phone: invitation",
            "bob.tablet: invitation",
            "alice.phone: invitation_updated invited",
        ]
    );
    let meeting = report.meeting_id.expect("a meeting");
    let state = service.table.state.borrow();
    assert_eq!(state.slots, [(user("alice"), meeting.clone()), (user("bob"), meeting.clone())].into());
    assert_eq!(state.meetings[&meeting].pending, [].into(), "the effects are done");
    assert_eq!(report.push_wanted.len(), 1, "no device of Bob is connected");
    assert!(service.wakes.scheduled.borrow().iter().any(|(nudge, _)| nudge.meeting_id == meeting));
}

#[tokio::test]
async fn a_caller_in_another_call_is_refused() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let create = request("alice.phone", "c2", call_to(&["carol"], Mode::Direct), at(1_000));
    let report = serve(create, &service, &create_meeting).await;
    assert_eq!(report.refused, Some(Code::UserBusy));
    let sent = service.publisher.broker.take();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].downlink.meeting_id, Some(meeting), "the error names the call that holds the caller");
}

#[tokio::test]
async fn t17_a_caller_who_calls_the_same_user_again_is_back_in_the_call() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    for attempt in ["the request", "its repetition"] {
        let again = request("alice.phone", "c2", call_to(&["bob"], Mode::Direct), at(1_000));
        let report = serve(again, &service, &create_meeting).await;
        assert_eq!(report.meeting_id.as_ref(), Some(&meeting), "{attempt}");
        assert_eq!(published(&service), ["alice.phone= meeting_merged"], "{attempt}");
    }
}

#[tokio::test]
async fn a_hang_up_that_its_next_call_overtakes_is_waited_for() {
    for callee in ["carol", "bob"] {
        let service = Service { hang_up_waits: HANG_UP_WAITS, ..service() };
        let meeting = created(&service, &["bob"], Mode::Direct).await;
        let leave = AttendRequest::Leave(Leave { meeting_id: meeting.clone() });
        let leave = request("alice.phone", "l1", leave, at(1_000));
        let next = request("alice.phone", "c2", call_to(&[callee], Mode::Direct), at(1_000));
        // The futures are polled in this order, so the hang-up is served while the create request waits.
        let (next, hang_up) = (serve(next, &service, &create_meeting), serve(leave, &service, &attend));
        let (report, _) = tokio::join!(biased; next, hang_up);
        assert_eq!(report.refused, None, "{callee}");
        assert_ne!(report.meeting_id, Some(meeting), "{callee}: it is a new call");
    }
}

#[tokio::test]
async fn a_user_whom_the_rtc_service_does_not_accept_is_refused_by_the_path_of_the_field() {
    let service = service();
    let invitees = call_to(&["bob", FakeMinter::UNACCEPTED_USER], Mode::Group);
    let report = serve(request("alice.phone", "c1", invitees, at(0)), &service, &create_meeting).await;
    assert_eq!(report.refused, Some(Code::BadRequest));
    let sent = service.publisher.broker.take();
    let body = serde_json::to_value(&sent[0].downlink).expect("serialises");
    assert_eq!(body["path"], "invitees[1]");
}

#[tokio::test]
async fn a_repeated_create_request_is_answered_with_the_same_meeting() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let again = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(1_000));
    let report = serve(again, &service, &create_meeting).await;
    assert_eq!(report.meeting_id.as_ref(), Some(&meeting));
    assert!(published(&service).contains(&"alice.phone= meeting_created".to_owned()));
    assert_eq!(service.table.state.borrow().meetings.len(), 1);
}

#[tokio::test]
async fn a_create_request_that_arrives_twice_at_the_same_time_makes_one_meeting() {
    let service = service();
    let other = another(&service);
    let meeting = created(&other, &["bob"], Mode::Direct).await;
    commit_first(&other, &service);
    let create = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(0));
    let report = serve(create, &service, &create_meeting).await;
    assert_eq!(report.meeting_id, Some(meeting));
    assert_eq!(service.table.state.borrow().meetings.len(), 1);
}

#[tokio::test]
async fn a_slot_that_is_taken_between_read_and_commit_makes_the_invitee_busy() {
    let service = service();
    let other = another(&service);
    let carols = request("carol.phone", "c9", call_to(&["bob"], Mode::Direct), at(0));
    serve(carols, &other, &create_meeting).await;
    commit_first(&other, &service);
    let create = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(0));
    serve(create, &service, &create_meeting).await;
    let published = published(&service);
    assert!(!published.contains(&"bob.phone: invitation".to_owned()), "{published:?}");
    assert!(published.contains(&"alice.phone= meeting_created".to_owned()), "{published:?}");
}

#[tokio::test]
async fn t16_two_users_who_call_each_other_are_in_one_call() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    for attempt in ["the request", "its repetition"] {
        let back = request("bob.phone", "c1", call_to(&["alice"], Mode::Direct), at(1_000));
        let report = serve(back, &service, &create_meeting).await;
        assert_eq!(report.meeting_id.as_ref(), Some(&meeting), "{attempt}");
        let published = published(&service);
        assert!(published.contains(&"bob.phone= meeting_merged".to_owned()), "{attempt}: {published:?}");
    }
    let live = service.table.state.borrow().meetings.values().filter(|m| m.meeting.end().is_none()).count();
    assert_eq!(live, 1);
}

#[tokio::test]
async fn a_call_that_ends_before_the_merge_is_committed_is_called_back() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let other = another(&service);
    let leave = AttendRequest::Leave(Leave { meeting_id: meeting.clone() });
    serve(request("alice.phone", "l1", leave, at(500)), &other, &crate::attend::attend).await;
    commit_first(&other, &service);
    let back = request("bob.phone", "c1", call_to(&["alice"], Mode::Direct), at(1_000));
    let report = serve(back, &service, &create_meeting).await;
    assert_ne!(report.meeting_id, Some(meeting));
    assert!(published(&service).contains(&"alice.phone: invitation".to_owned()));
}

#[tokio::test]
async fn after_a_crash_the_meeting_is_pending_and_the_repeated_request_is_answered() {
    let service = service();
    service.table.crash_after_commit();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    assert_eq!(service.table.stored(&meeting).pending.len(), 1);
    let service = another(&service);
    let again = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(1_000));
    serve(again, &service, &create_meeting).await;
    let published = published(&service);
    assert!(published.contains(&"alice.phone= meeting_created".to_owned()), "{published:?}");
    assert!(published.contains(&"bob.phone: invitation".to_owned()), "{published:?}");
    assert_eq!(rev(&service, &meeting), 1);
}

#[tokio::test]
async fn a_meeting_exists_only_with_its_channel() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let create = || request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(0));
    rtc.set_down(true);
    let report = serve(create(), &service, &create_meeting).await;
    assert_eq!(report.refused, Some(Code::RtcUnavailable));
    assert_eq!(service.table.state.borrow().meetings.len(), 0);
    rtc.set_down(false);
    let report = serve(create(), &service, &create_meeting).await;
    let channel = service.channel_of(&report.meeting_id.expect("a meeting"));
    assert_eq!(rtc.take_calls(), [RtcCall::Register(channel)]);
}

#[tokio::test]
async fn a_table_that_cannot_be_reached_is_answered_with_unavailable() {
    let service = service();
    service.table.fail("opening");
    let create = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(0));
    let report = serve(create, &service, &create_meeting).await;
    assert_eq!(report.refused, Some(Code::Unavailable));
    assert_eq!(published(&service), ["alice.phone= error unavailable"]);
}

#[tokio::test]
async fn an_object_that_the_table_cannot_store_is_refused_before_anything_is_made() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let body = serde_json::json!({"v": 1, "type": "create_meeting", "id": "c1", "mode": "group", "media": "audio",
        "invitees": ["bob"], "ext": {"a": [1, {"b": 1e300}]}});
    let payload = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, body.to_string());
    let event = serde_json::json!({"payload": payload, "client_id": "GID@@@alice.phone"});
    let report = switchboard_service::request::serve_event(event, at(0), &service, &create_meeting).await;
    assert_eq!(report.expect("served").refused, Some(Code::BadRequest));
    let sent = service.publisher.broker.take();
    let answer = serde_json::to_value(&sent[0].downlink).expect("serialises");
    assert_eq!((&answer["re"], &answer["path"]), (&"c1".into(), &"ext.a[1].b".into()));
    assert!(rtc.take_calls().is_empty(), "no channel was made");
    assert!(service.table.state.borrow().meetings.is_empty());
}

#[tokio::test]
async fn the_object_of_the_app_is_in_the_outcome_and_in_the_wish_for_a_push() {
    let service = service();
    let mut create = CreateMeeting::new(Mode::Direct, Media::Audio, vec![user("bob")]);
    create.ext = serde_json::json!({"ticket": "A-17"}).as_object().cloned();
    let create = request("alice.phone", "c1", CreateRequest::CreateMeeting(create), at(0));
    let report = serve(create, &service, &create_meeting).await.to_value();
    assert_eq!(report["ext"]["ticket"], "A-17");
    assert_eq!(report["push_wanted"][0]["ext"]["ticket"], "A-17");
}
