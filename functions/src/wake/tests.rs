use super::*;
use crate::testing::{
    NOW_MS, accepted, another, at, created, device, interfere, invite_id, published, request, serve, service,
    service_with_rtc, user,
};
use switchboard_core::{ASK_AGAIN_MS, CONFIRM_MS};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::{Mode, ParticipantState};
use switchboard_protocol::requests::{
    AnswerRequest, AttendRequest, MediaReport, ModerateRequest, Remove, ReportMedia, Ringing,
};
use switchboard_rtc::management::OpenChannel;
use switchboard_service::fake::{FakePorts, FakeRtc, RtcCall};

/// Delivers one message of the delay queue. Returns whether the queue has to redeliver it.
pub(super) async fn message(service: &Service<FakePorts>, meeting: &MeetingId, now: Now) -> bool {
    let body = json!({"meeting_id": meeting}).to_string();
    let event = json!({"Records": [{"messageId": "q1", "body": body}]});
    let result = wake(event, &ChannelAges::default(), now, service).await.expect("served");
    result["batchItemFailures"] == json!([{"itemIdentifier": "q1"}])
}

/// Delivers the message that checks whether the meeting knows of Bob's lost phone.
async fn lost_phone(service: &Service<FakePorts>, meeting: &MeetingId, now: Now) {
    let nudge =
        Nudge { meeting_id: meeting.clone(), lost_device: Some(device("bob.phone")), new_connection: None };
    let event = json!({"Records": [{"messageId": "q1", "body": json!(nudge).to_string()}]});
    let result = wake(event, &ChannelAges::default(), now, service).await.expect("served");
    assert_eq!(result, json!({"batchItemFailures": []}));
}

async fn sweeps(service: &Service<FakePorts>, now: Now) -> Value {
    wake(json!({}), &ChannelAges::default(), now, service).await.expect("served")
}

pub(super) fn end(service: &Service<FakePorts>, meeting: &MeetingId) -> Option<EndReason> {
    service.table.stored(meeting).meeting.end().map(|end| end.reason)
}

#[test]
fn effects_that_fail_again_wait_longer_each_time_within_bounds() {
    assert_eq!([0, 5_000, 12_000, 10_000_000].map(repeat_after_ms), [5_000, 5_000, 12_000, 600_000]);
}

#[tokio::test]
async fn a_wake_at_the_deadline_ends_a_call_without_an_answer() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    assert!(!message(&service, &call, at(60_000)).await);
    assert!(end(&service, &call).is_some());
    let published = published(&service);
    assert!(published.contains(&"bob.phone: invitation_closed expired".to_owned()), "{published:?}");
    assert!(published.contains(&"alice.phone: meeting_ended".to_owned()), "{published:?}");
    assert_eq!(service.outcomes.as_ref().expect("a bus").reports.borrow().len(), 2, "the call and its end");
}

#[tokio::test]
async fn a_wake_that_comes_early_or_again_changes_nothing() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    let before = service.table.stored(&call).meeting;
    assert!(!message(&service, &call, at(1_000)).await);
    assert_eq!(service.table.stored(&call).meeting, before);
    let is_rearmed = service
        .wakes
        .scheduled
        .borrow()
        .iter()
        .any(|(nudge, seconds)| nudge.meeting_id == call && *seconds > 30);
    assert!(is_rearmed);
    message(&service, &call, at(60_000)).await;
    let ended = service.table.stored(&call).meeting;
    published(&service);
    assert!(!message(&service, &call, at(61_000)).await);
    assert_eq!((service.table.stored(&call).meeting, published(&service)), (ended, Vec::new()));
}

#[tokio::test]
async fn a_ring_ends_in_time_though_the_phone_rang_before_the_first_wake() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    let invite_id = invite_id(&service, &call, &user("bob"));
    let ringing = AnswerRequest::Ringing(Ringing { meeting_id: call.clone(), invite_id });
    serve(request("bob.phone", "ringing", ringing, at(300)), &service, &crate::answer::answer).await;
    message(&service, &call, at(6_000)).await;
    let deadline_ms = service.table.stored(&call).due_at_ms.expect("a deadline") - NOW_MS;
    let scheduled = service.wakes.scheduled.borrow();
    let messages = scheduled.iter().filter(|(_, seconds)| i64::from(*seconds) * 1_000 >= deadline_ms - 6_000);
    assert_eq!(messages.count(), 1, "one message for the end of the ring: {scheduled:?}");
}

#[tokio::test]
async fn a_malformed_message_is_ignored_and_an_unknown_meeting_too() {
    let service = service();
    let event = json!({"Records": [{"messageId": "q1", "body": "{}"}]});
    let result = wake(event, &ChannelAges::default(), at(0), &service).await.expect("served");
    assert_eq!(result, json!({"batchItemFailures": []}));
    assert!(!message(&service, &"m0".parse().expect("an id"), at(0)).await);
}

#[tokio::test]
async fn a_message_is_delivered_again_if_the_table_fails() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    service.table.fail("commit");
    assert!(message(&service, &call, at(60_000)).await);
    service.table.recover();
    assert!(!message(&service, &call, at(60_000)).await);
    assert!(end(&service, &call).is_some());
}

#[tokio::test]
async fn effects_of_a_crashed_function_are_repeated() {
    let service = service();
    service.table.crash_after_commit();
    let call = created(&service, &["bob"], Mode::Direct).await;
    let service = another(&service);
    message(&service, &call, at(1_000)).await;
    assert!(published(&service).is_empty(), "the function may still run");
    message(&service, &call, at(6_000)).await;
    let published = published(&service);
    assert!(published.contains(&"alice.phone= meeting_created".to_owned()), "{published:?}");
    assert!(published.contains(&"bob.phone: invitation".to_owned()), "{published:?}");
    assert!(service.table.stored(&call).pending.is_empty());
}

#[tokio::test]
async fn effects_that_fail_again_stay_pending() {
    let service = service();
    service.table.crash_after_commit();
    let call = created(&service, &["bob"], Mode::Direct).await;
    let service = another(&service);
    service.table.fail("mark_effects_done");
    assert!(!message(&service, &call, at(6_000)).await);
    let stored = service.table.stored(&call);
    assert_eq!(stored.pending.len(), 1);
    assert_eq!(stored.due_at_ms, Some(NOW_MS + 11_000), "repeated 5 s later");
}

// Proves: crash-wake
#[tokio::test]
async fn effects_that_a_wake_did_not_mark_as_done_are_found_by_the_sweep() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    service.table.fail("mark_effects_done");
    assert!(!message(&service, &call, at(60_000)).await);
    let stored = service.table.stored(&call);
    assert!(stored.meeting.end().is_some() && !stored.pending.is_empty());
    assert_eq!(stored.due_at_ms, Some(NOW_MS + 65_000), "no nudge may be needed to find them");
    service.table.recover();
    sweeps(&service, at(66_000)).await;
    let stored = service.table.stored(&call);
    assert!(stored.pending.is_empty());
    assert_eq!(stored.due_at_ms, None);
}

#[tokio::test]
async fn a_throttled_lookup_is_weather_and_the_seat_waits() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &call, "bob.phone").await;
    let dropped = Input::Device { client_id: device("bob.phone"), status: DeviceStatus::Disconnected };
    let loaded = service.load(&call).await.expect("stored");
    let (_, loaded) = service.apply(loaded, &dropped, at(2_000)).await.expect("committed");
    let seat = loaded.meeting.participants[&user("bob")].seat().expect("a seat");
    let late = seat.check_at_ms.expect("a check") - NOW_MS + 120_000;
    let state = || service.table.stored(&call).meeting.participants[&user("bob")].state();
    service.publisher.broker.connected.borrow_mut().insert(device("bob.phone"));

    service.publisher.broker.is_throttled.set(true);
    service.wakes.scheduled.borrow_mut().clear();
    assert!(!message(&service, &call, at(late)).await, "the queue must not count it as failed");
    let scheduled = service.wakes.scheduled.borrow().clone();
    let [(nudge, seconds)] = &scheduled[..] else { panic!("one wake: {scheduled:?}") };
    assert_eq!(nudge.meeting_id, call);
    assert!((2..=8).contains(seconds), "{seconds}");
    assert_eq!(state(), ParticipantState::Accepted, "nobody loses a seat because nobody looked");
    let swept = sweeps(&service, at(late)).await;
    assert_eq!(swept["failed"], 0);
    assert_eq!(state(), ParticipantState::Accepted);

    service.publisher.broker.is_throttled.set(false);
    assert!(!message(&service, &call, at(late + 5_000)).await);
    assert_eq!(state(), ParticipantState::Accepted, "back at its seat");
}

#[tokio::test]
async fn a_wake_that_loses_a_race_decides_again() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    interfere(&service, &call);
    assert!(!message(&service, &call, at(60_000)).await);
    assert!(end(&service, &call).is_some());
}

#[tokio::test]
async fn a_lost_device_is_looked_up_at_the_broker_before_its_seat_is_given_up() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &call, "bob.phone").await;
    let client_id = device("bob.phone");
    let dropped = Input::Device { client_id, status: DeviceStatus::Disconnected };
    let loaded = service.load(&call).await.expect("stored");
    let (_, loaded) = service.apply(loaded, &dropped, at(2_000)).await.expect("committed");
    let seat = loaded.meeting.participants[&user("bob")].seat().expect("a seat");
    let check_ms = seat.check_at_ms.expect("a check") - NOW_MS;
    let state = || service.table.stored(&call).meeting.participants[&user("bob")].state();

    service.publisher.broker.is_down.set(true);
    assert!(!message(&service, &call, at(check_ms)).await, "the broker does not answer");
    assert_eq!(state(), ParticipantState::Accepted, "the check is put off");
    service.publisher.broker.is_down.set(false);
    assert!(!message(&service, &call, at(check_ms + 10_000)).await);
    assert_eq!(state(), ParticipantState::Reconnecting);
    service.publisher.broker.connected.borrow_mut().insert(device("bob.phone"));
    assert!(!message(&service, &call, at(check_ms + 70_000)).await);
    assert_eq!(state(), ParticipantState::Accepted, "back at its seat");
    let confirm_ms = check_ms + 70_000 + CONFIRM_MS;
    assert!(!message(&service, &call, at(confirm_ms)).await);
    assert_eq!(
        state(),
        ParticipantState::Reconnecting,
        "its terminal restarted and does not know of the seat"
    );
}

// Proves: media-asked
#[tokio::test]
async fn t26_a_seat_that_an_outage_of_the_rtc_service_kept_is_checked_again() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let call = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &call, "bob.phone").await;
    let seen = |users: &[&str], rev| ChannelPresence::Exactly {
        users: users.iter().map(|name| user(name)).collect(),
        rev,
    };
    for users in [["alice", "bob"].as_slice(), &["alice"]] {
        let loaded = service.load(&call).await.expect("stored");
        let seen = Input::Presence(seen(users, loaded.meeting.rev));
        service.apply(loaded, &seen, at(2_000)).await.expect("committed");
    }
    let state = || service.table.stored(&call).meeting.participants[&user("bob")].state();
    assert_eq!(state(), ParticipantState::Reconnecting, "Bob's app crashed and forgot the call");

    service.publisher.broker.connected.borrow_mut().insert(device("bob.phone"));
    rtc.set_down(true);
    assert!(!message(&service, &call, at(32_000)).await);
    assert_eq!(state(), ParticipantState::Joined, "nobody can say that Bob is not there");
    rtc.set_down(false);
    rtc.set_members(&["alice"]);
    assert!(!message(&service, &call, at(32_000 + ASK_AGAIN_MS)).await);
    assert_eq!(state(), ParticipantState::Reconnecting);
    assert!(!message(&service, &call, at(100_000)).await);
    assert_eq!(end(&service, &call), Some(EndReason::Lost));
}

#[tokio::test]
async fn a_sweep_wakes_due_meetings_and_schedules_near_deadlines() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    service.wakes.scheduled.borrow_mut().clear();
    let result = sweeps(&service, at(1_000)).await;
    assert_eq!(
        result,
        json!({"found": 1, "failed": 0, "channels_without_meeting": 0, "meetings_without_channel": 0})
    );
    assert!(end(&service, &call).is_none());
    assert_eq!(service.wakes.scheduled.borrow().len(), 1);
    service.table.fail("meeting");
    assert_eq!(sweeps(&service, at(60_000)).await["failed"], 1);
    service.table.recover();
    assert_eq!(sweeps(&service, at(60_000)).await["failed"], 0);
    assert!(end(&service, &call).is_some());
    service.table.fail("due");
    let failed = wake(json!({}), &ChannelAges::default(), at(60_000), &service).await.expect_err("no index");
    assert_eq!(failed.error_type(), "TableUnavailable");
}

#[tokio::test]
async fn t49_t50_a_sweep_compares_channels_with_meetings() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let call = created(&service, &["bob"], Mode::Direct).await;
    let report = ReportMedia {
        meeting_id: call.clone(),
        state: MediaReport::Joined,
        audio: None,
        video: None,
        screen: None,
    };
    rtc.set_members(&["alice"]);
    let now = |after_ms| at(after_ms);
    let report = request("alice.phone", "m1", AttendRequest::ReportMedia(report), now(1_000));
    serve(report, &service, &crate::attend::attend).await;
    let _ = rtc.take_calls();
    rtc.set_members(&[]);
    let leaked = OpenChannel { id: "sb-m9".to_owned(), created_ms: Some(NOW_MS - 300_000) };
    let foreign = OpenChannel { id: "other-m9".to_owned(), created_ms: Some(0) };
    rtc.set_channels(vec![leaked, foreign]);
    let result = sweeps(&service, now(2_000)).await;
    assert_eq!(
        (&result["channels_without_meeting"], &result["meetings_without_channel"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(rtc.take_calls(), [RtcCall::Close("sb-m9".to_owned())]);
    let alice = service.table.stored(&call).meeting.participants[&user("alice")].state();
    assert_eq!(alice, ParticipantState::Reconnecting, "the meeting has no channel");
    let again = sweeps(&service, now(3_000)).await;
    assert_eq!(again["meetings_without_channel"], 0, "nobody of the meeting is in the media any more");
    rtc.set_down(true);
    assert_eq!(sweeps(&service, now(4_000)).await["channels_without_meeting"], 0);
}

#[tokio::test]
async fn a_lost_device_that_the_meeting_does_not_know_of_is_checked_later() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &call, "bob.phone").await;
    let check_at_ms = || {
        let meeting = service.table.stored(&call).meeting;
        meeting.participants[&user("bob")].seat().expect("a seat").check_at_ms
    };
    lost_phone(&service, &call, at(6_000)).await;
    let check = check_at_ms();
    assert!(check.is_some_and(|at_ms| at_ms > NOW_MS + 6_000), "{check:?}");
    lost_phone(&service, &call, at(8_000)).await;
    assert_eq!(check_at_ms(), check, "the message may come twice");
    service.publisher.broker.connected.borrow_mut().insert(device("bob.phone"));
    message(&service, &call, at(17_000)).await;
    assert_eq!(check_at_ms(), None, "the device is back");
}

/// Returns a group of Alice with Bob, both in the media, from which Alice removed Bob, and its channel.
async fn removal(service: &Service<FakePorts>, rtc: &FakeRtc) -> (MeetingId, String) {
    let meeting = created(service, &["bob"], Mode::Group).await;
    accepted(service, &meeting, "bob.phone").await;
    rtc.set_members(&["alice", "bob"]);
    let loaded = service.load(&meeting).await.expect("stored");
    let users = [user("alice"), user("bob")].into();
    let seen = Input::Presence(ChannelPresence::Exactly { users, rev: loaded.meeting.rev });
    service.apply(loaded, &seen, at(2_000)).await.expect("committed");
    let remove = Remove {
        meeting_id: meeting.clone(),
        user_id: user("bob"),
        ban: None,
        for_seconds: None,
        reason: None,
    };
    let remove = request("alice.phone", "m1", ModerateRequest::Remove(remove), at(3_000));
    serve(remove, service, &crate::moderate::moderate).await;
    let channel = service.channel_of(&meeting);
    (meeting, channel)
}

#[tokio::test]
async fn t62_t63_a_wake_after_a_removal_asks_the_rtc_service_and_removes_again_whom_it_finds() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let (meeting, channel) = removal(&service, &rtc).await;
    let removed = RtcCall::Remove(channel, "bob".to_owned());
    assert!(rtc.take_calls().contains(&removed));
    let proof = || {
        let view = service.table.stored(&meeting).meeting.participants[&user("bob")].view(NOW_MS);
        (view.confirmed_gone_ms.map(|ms| ms - NOW_MS), view.reentries_stopped)
    };
    assert_eq!(proof(), (None, None));
    published(&service);

    rtc.set_down(true);
    message(&service, &meeting, at(4_000)).await;
    rtc.set_down(false);
    assert_eq!(proof(), (None, None), "the RTC service did not answer");
    message(&service, &meeting, at(5_000)).await;
    assert_eq!((proof(), rtc.take_calls()), ((None, None), vec![removed.clone()]), "Bob is still there");
    rtc.set_members(&["alice"]);
    message(&service, &meeting, at(10_000)).await;
    assert_eq!((proof(), rtc.take_calls()), ((Some(10_000), None), Vec::new()));
    assert_eq!(published(&service), ["alice.phone: participant_updated removed"]);

    rtc.set_members(&["alice", "bob"]);
    message(&service, &meeting, at(70_000)).await;
    assert_eq!((proof(), rtc.take_calls()), ((None, None), vec![removed]));
    rtc.set_members(&["alice"]);
    message(&service, &meeting, at(71_000)).await;
    assert_eq!(proof(), (Some(71_000), Some(1)));
}

fn message_of(meeting: &MeetingId, id: &str) -> Value {
    json!({"messageId": id, "body": json!({"meeting_id": meeting}).to_string()})
}

/// Returns two calls whose rings have expired. The wake of the first one hangs.
async fn one_of_two_hangs(service: &Service<FakePorts>) -> (MeetingId, MeetingId) {
    let slow = created(service, &["bob"], Mode::Direct).await;
    let other = request("carol.phone", "c1", crate::testing::call_to(&["dave"], Mode::Direct), at(0));
    let report = serve(other, service, &crate::create_meeting::create_meeting).await;
    service.publisher.broker.take();
    service.table.hang(&slow);
    (slow, report.meeting_id.expect("a meeting was made"))
}

#[tokio::test]
async fn a_slow_meeting_takes_no_other_one_of_its_batch_with_it() {
    let service = service();
    let (slow, healthy) = one_of_two_hangs(&service).await;
    let event = json!({"Records": [message_of(&slow, "q1"), message_of(&healthy, "q2")]});
    let result = wake_within(Duration::ZERO, event, &ChannelAges::default(), at(60_000), &service).await;
    assert_eq!(result.expect("served"), json!({"batchItemFailures": [{"itemIdentifier": "q1"}]}));
    assert!(end(&service, &healthy).is_some());
}

#[tokio::test]
async fn a_meeting_that_cannot_be_woken_does_not_stand_in_front_of_the_sweep() {
    let service = service();
    let (slow, healthy) = one_of_two_hangs(&service).await;
    let limit = Duration::from_secs(1);
    let result = wake_within(limit, json!({}), &ChannelAges::default(), at(60_000), &service).await;
    assert_eq!(result.expect("served")["failed"], 1);
    assert!(end(&service, &healthy).is_some());
    assert_eq!(service.table.stored(&slow).due_at_ms, Some(at(60_000 + POSTPONED_MS).ms), "it is put off");
    let none_left = sweeps(&service, at(120_000)).await;
    assert_eq!(none_left["failed"], 0, "the next sweep passes over it: {none_left}");
    service.table.recover();
}

#[tokio::test]
async fn a_broker_that_does_not_answer_holds_up_no_other_deadline_and_costs_nobody_the_seat() {
    let service = service();
    let call = created(&service, &["bob", "carol"], Mode::Group).await;
    accepted(&service, &call, "bob.phone").await;
    let input = Input::Device { client_id: device("bob.phone"), status: DeviceStatus::Disconnected };
    let loaded = service.table.stored(&call).loaded();
    service.apply(loaded, &input, at(30_000)).await.expect("applied");
    service.publisher.broker.is_down.set(true);
    message(&service, &call, at(50_000)).await;
    let meeting = service.table.stored(&call).meeting;
    assert!(meeting.participants[&user("carol")].out_reason().is_some(), "the ring of another user is over");
    assert_eq!(meeting.participants[&user("bob")].state(), ParticipantState::Accepted);
    service.publisher.broker.is_down.set(false);
    message(&service, &call, at(61_000)).await;
    let meeting = service.table.stored(&call).meeting;
    assert_eq!(meeting.participants[&user("bob")].state(), ParticipantState::Reconnecting, "looked up later");
}

#[tokio::test]
async fn copies_of_a_message_bring_forth_no_others() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    message(&service, &call, at(1_000)).await;
    let count = || service.wakes.scheduled.borrow().len();
    let before = count();
    for after_ms in [1_100, 1_200, 1_300] {
        message(&service, &call, at(after_ms)).await;
    }
    assert_eq!(count(), before);
}
