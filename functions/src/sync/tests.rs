use super::*;
use crate::testing::{NOW_MS, accepted, at, created, device, published, request, serve, service, user};
use serde_json::{Value, json};
use switchboard_protocol::MAX_DOWNLINK_BYTES;
use switchboard_protocol::object::{JoinPolicy, Media, Mode, Policy};
use switchboard_protocol::requests::{
    AttendRequest, CreateRequest, Deny, DestroyMeeting, DestroyRequest, JoinMeeting, Leave, LobbyUsers,
    ModerateRequest,
};
use switchboard_service::fake::FakePorts;

fn ask_all() -> SyncRequest {
    SyncRequest::SyncState(SyncState { meeting_id: None, missed_since_ms: None })
}

fn ask_one(meeting: &MeetingId) -> SyncRequest {
    SyncRequest::SyncState(SyncState { meeting_id: Some(meeting.clone()), missed_since_ms: None })
}

/// Takes the only published downlink, as JSON.
fn answer_of(service: &Service<FakePorts>) -> Value {
    let sent = service.publisher.broker.take();
    assert_eq!(sent.len(), 1, "{sent:?}");
    serde_json::to_value(&sent[0].downlink).expect("serialises")
}

#[tokio::test]
async fn a_device_gets_the_meetings_and_the_open_invitations_of_its_user() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    serve(request("bob.phone", "s1", ask_all(), at(1_000)), &service, &sync).await;
    let state = answer_of(&service);
    assert_eq!((&state["type"], &state["re"]), (&json!("state"), &json!("s1")));
    assert_eq!(state["meetings"][0]["meeting_id"], json!(call));
    assert_eq!(state["invitations"][0]["from"]["user_id"], "alice");
    serve(request("carol.phone", "s2", ask_all(), at(1_000)), &service, &sync).await;
    assert_eq!(answer_of(&service)["meetings"], json!([]));
}

#[tokio::test]
async fn a_state_shows_where_the_seat_of_the_user_is() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    let seat_for = async |device: &str, asked: SyncRequest, after_ms: i64| {
        serve(request(device, "s1", asked, at(after_ms)), &service, &sync).await;
        answer_of(&service)["meetings"][0]["seat"].clone()
    };
    assert_eq!(seat_for("bob.phone", ask_all(), 500).await, Value::Null, "the call rings");
    accepted(&service, &call, "bob.phone").await;
    for asked in [ask_all(), ask_one(&call)] {
        assert_eq!(seat_for("bob.phone", asked.clone(), 2_000).await, "here");
        assert_eq!(seat_for("bob.tablet", asked, 2_000).await, "elsewhere");
    }
}

#[tokio::test]
async fn an_expired_deadline_is_applied_to_the_answer_and_not_stored() {
    let service = service();
    let call = created(&service, &["bob"], Mode::Direct).await;
    let before = service.table.stored(&call);
    serve(request("bob.phone", "s1", ask_all(), at(600_000)), &service, &sync).await;
    let state = answer_of(&service);
    assert_eq!((&state["meetings"], &state["invitations"]), (&json!([]), &json!([])));
    assert_eq!(service.table.stored(&call), before);
}

#[tokio::test]
async fn one_meeting_is_shown_to_its_participants_only() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    serve(request("alice.phone", "s1", ask_one(&meeting), at(1_000)), &service, &sync).await;
    assert_eq!(answer_of(&service)["meetings"][0]["rev"], 1);
    serve(request("carol.phone", "s2", ask_one(&meeting), at(1_000)), &service, &sync).await;
    assert_eq!(published(&service), ["carol.phone= error forbidden"]);
    let unknown = "m0".parse().expect("an id");
    serve(request("alice.phone", "s3", ask_one(&unknown), at(1_000)), &service, &sync).await;
    assert_eq!(published(&service), ["alice.phone= error meeting_not_found"]);
    serve(request("alice.phone", "s4", ask_one(&meeting), at(100_000_000)), &service, &sync).await;
    assert_eq!(published(&service), ["alice.phone= error meeting_ended"]);
}

#[tokio::test]
async fn a_state_that_is_too_large_is_answered_in_pages() {
    let service = service();
    {
        let mut state = service.table.state.borrow_mut();
        let devices: Vec<_> = (0..10).map(|at| device(&format!("alice.d{at}"))).collect();
        state.add_user(&user("alice"), Some(&"A".repeat(200)), &devices, NOW_MS);
    }
    for at_ms in 0..40 {
        let names: Vec<String> = (0..15).map(|at| format!("{}{at}", "guest".repeat(4))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let create = crate::testing::call_to(&names, Mode::Group);
        let create = request("alice.phone", &format!("c{at_ms}"), create, at(at_ms));
        serve(create, &service, &crate::create_meeting::create_meeting).await;
        // The slots are cleared, because a caller may be in only one call at a time.
        service.table.state.borrow_mut().slots.clear();
    }
    service.publisher.broker.take();
    serve(request("alice.phone", "s1", ask_all(), at(1_000)), &service, &sync).await;
    let pages = service.publisher.broker.take();
    assert!(pages.len() > 1);
    let shown: usize = pages
        .iter()
        .map(|page| serde_json::to_value(&page.downlink).expect("serialises"))
        .map(|page| page["meetings"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(shown, 40);
}

#[tokio::test]
async fn the_history_is_read_page_by_page() {
    let service = service();
    for call in 0..3 {
        let create = crate::testing::call_to(&["bob"], Mode::Direct);
        let create = request("alice.phone", &format!("c{call}"), create, at(call * 10_000));
        let report = serve(create, &service, &crate::create_meeting::create_meeting).await;
        let leave = AttendRequest::Leave(Leave { meeting_id: report.meeting_id.expect("a meeting") });
        let leave = request("alice.phone", &format!("l{call}"), leave, at(call * 10_000 + 5_000));
        serve(leave, &service, &crate::attend::attend).await;
    }
    service.publisher.broker.take();
    let page = |cursor: Option<String>| SyncRequest::History(History { cursor, limit: Some(2) });
    serve(request("bob.phone", "h1", page(None), at(100_000)), &service, &sync).await;
    let first = answer_of(&service);
    let ended: Vec<i64> = first["calls"]
        .as_array()
        .expect("calls")
        .iter()
        .filter_map(|call| call["ended_ms"].as_i64())
        .collect();
    assert_eq!(ended, [NOW_MS + 25_000, NOW_MS + 15_000]);
    let cursor = first["cursor"].as_str().map(str::to_owned);
    assert!(cursor.is_some());
    serve(request("bob.phone", "h2", page(cursor), at(100_000)), &service, &sync).await;
    let second = answer_of(&service);
    assert_eq!((second["calls"].as_array().map(Vec::len), second.get("cursor")), (Some(1), None));
    serve(request("bob.phone", "h3", page(Some("wrong".to_owned())), at(100_000)), &service, &sync).await;
    assert_eq!(answer_of(&service)["path"], "cursor");
}

#[tokio::test]
async fn pages_of_history_that_are_too_large_are_cut_and_join_without_a_gap() {
    let service = service();
    for call in 0..30 {
        let names: Vec<String> = (0..45).map(|at| format!("{}{at}", "guest".repeat(7))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let create = crate::testing::call_to(&names, Mode::Group);
        let create = request("alice.phone", &format!("c{call}"), create, at(call * 10_000));
        let report = serve(create, &service, &crate::create_meeting::create_meeting).await;
        let meeting_id = report.meeting_id.expect("a meeting");
        let destroy = DestroyMeeting { meeting_id: Some(meeting_id), create_id: None, reason: None };
        let destroy = DestroyRequest::DestroyMeeting(destroy);
        let destroy = request("alice.phone", &format!("d{call}"), destroy, at(call * 10_000 + 5_000));
        serve(destroy, &service, &crate::destroy::destroy).await;
    }
    service.publisher.broker.take();
    let (mut cursor, mut ended, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = SyncRequest::History(History { cursor, limit: Some(30) });
        serve(request("alice.phone", &format!("h{pages}"), page, at(900_000)), &service, &sync).await;
        let answer = answer_of(&service);
        assert!(answer.to_string().len() <= MAX_DOWNLINK_BYTES);
        ended.extend(
            answer["calls"].as_array().expect("calls").iter().filter_map(|call| call["ended_ms"].as_i64()),
        );
        pages += 1;
        cursor = answer["cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert!(pages > 1);
    let expected: Vec<i64> = (0..30).rev().map(|call| NOW_MS + call * 10_000 + 5_000).collect();
    assert_eq!(ended, expected);
}

#[tokio::test]
async fn a_repeated_request_is_answered_from_the_current_state() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    serve(request("alice.phone", "s1", ask_one(&meeting), at(500)), &service, &sync).await;
    let first = answer_of(&service);
    accepted(&service, &meeting, "bob.phone").await;
    serve(request("alice.phone", "s1", ask_one(&meeting), at(2_000)), &service, &sync).await;
    let second = answer_of(&service);
    assert_eq!((&first["meetings"][0]["rev"], &second["meetings"][0]["rev"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_table_that_cannot_be_reached_is_answered_with_unavailable() {
    let service = service();
    service.table.fail("meetings_of");
    serve(request("alice.phone", "s1", ask_all(), at(0)), &service, &sync).await;
    assert_eq!(published(&service), ["alice.phone= error unavailable"]);
}

fn ask_missed(since_ms: i64) -> SyncRequest {
    SyncRequest::SyncState(SyncState { meeting_id: None, missed_since_ms: Some(since_ms) })
}

/// Returns meeting, reason and time of each missed call in the answer.
fn missed_in(state: &Value) -> Vec<(String, String, i64)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let missed = state["missed"].as_array().expect("a list");
    missed
        .iter()
        .map(|one| (text(&one["meeting_id"]), text(&one["reason"]), one["at_ms"].as_i64().expect("a time")))
        .collect()
}

// Proves: missed-later
#[tokio::test]
async fn the_calls_that_a_user_missed_are_listed_newest_first_since_the_time_of_the_request() {
    let service = service();
    let gave_up = created(&service, &["bob"], Mode::Direct).await;
    let leave = AttendRequest::Leave(Leave { meeting_id: gave_up.clone() });
    serve(request("alice.phone", "l1", leave, at(2_000)), &service, &crate::attend::attend).await;
    // In a group that continues, the user misses the call before a call record exists.
    let group = crate::testing::call_to(&["bob"], Mode::Group);
    let group = request("carol.phone", "c2", group, at(600_000));
    let group = serve(group, &service, &crate::create_meeting::create_meeting).await;
    let group = group.meeting_id.expect("a meeting");
    let cancel = switchboard_protocol::requests::CancelInvite { meeting_id: group.clone(), invitees: None };
    let cancel = switchboard_protocol::requests::InviteRequest::CancelInvite(cancel);
    serve(request("carol.phone", "x1", cancel, at(610_000)), &service, &crate::invite::invite).await;
    service.publisher.broker.take();

    let first = (gave_up.to_string(), "cancelled".to_owned(), NOW_MS + 2_000);
    let second = (group.to_string(), "cancelled".to_owned(), NOW_MS + 610_000);
    for (since_ms, expected) in [
        (0, vec![second.clone(), first.clone()]),
        // A call that was stored late has a time before the last answer.
        (NOW_MS + 2_000 + 60_000, vec![second.clone(), first]),
        (NOW_MS + 2_001 + 60_000, vec![second]),
        (NOW_MS + 900_000, vec![]),
    ] {
        let sync_id = format!("s{since_ms}");
        serve(request("bob.new", &sync_id, ask_missed(since_ms), at(900_000)), &service, &sync).await;
        let state = answer_of(&service);
        assert_eq!(missed_in(&state), expected, "{since_ms}");
        assert_eq!(state["meetings"], json!([]), "{since_ms}");
    }
    serve(request("bob.new", "s2", ask_missed(0), at(900_000)), &service, &sync).await;
    assert_eq!(answer_of(&service)["missed"][1]["from"]["user_id"], "alice");
    serve(request("alice.phone", "s3", ask_missed(0), at(900_000)), &service, &sync).await;
    assert_eq!(answer_of(&service)["missed"], json!([]), "the caller missed nothing");
    serve(request("bob.new", "s4", ask_all(), at(900_000)), &service, &sync).await;
    assert_eq!(answer_of(&service).get("missed"), None, "not requested");
}

/// Requests the state of one meeting as `device`. Returns the code if the request is refused.
async fn refusal_of(
    service: &Service<FakePorts>,
    device: &str,
    id: &str,
    meeting: &MeetingId,
) -> Option<String> {
    serve(request(device, id, ask_one(meeting), at(3_000)), service, &sync).await;
    answer_of(service)["code"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_stranger_who_knocks_sees_nothing_before_and_after_giving_up_or_being_denied() {
    let service = service();
    let CreateRequest::CreateMeeting(mut create) = crate::testing::call_to(&[], Mode::Group);
    create.policy = Some(Policy { join: JoinPolicy::Lobby, ..Policy::default() });
    let create = request("alice.phone", "c1", CreateRequest::CreateMeeting(create), at(0));
    let report = serve(create, &service, &crate::create_meeting::create_meeting).await;
    let meeting = report.meeting_id.expect("a meeting was made");
    let join = |device: &str, id: &str| {
        let join = JoinMeeting { meeting_id: meeting.clone(), media: Media::Audio, takeover: None };
        request(device, id, AttendRequest::JoinMeeting(join), at(1_000))
    };
    for device in ["bob.phone", "carol.phone"] {
        serve(join(device, "j1"), &service, &crate::attend::attend).await;
        service.publisher.broker.take();
        assert_eq!(refusal_of(&service, device, "s1", &meeting).await.as_deref(), Some("forbidden"), "waits");
    }
    let leave = AttendRequest::Leave(Leave { meeting_id: meeting.clone() });
    serve(request("bob.phone", "l1", leave, at(2_000)), &service, &crate::attend::attend).await;
    let deny = Deny { meeting_id: meeting.clone(), users: LobbyUsers::Users(vec![user("carol")]), ban: None };
    let deny = request("alice.phone", "d1", ModerateRequest::Deny(deny), at(2_000));
    serve(deny, &service, &crate::moderate::moderate).await;
    service.publisher.broker.take();
    for device in ["bob.phone", "carol.phone"] {
        assert_eq!(
            refusal_of(&service, device, "s2", &meeting).await.as_deref(),
            Some("forbidden"),
            "{device}"
        );
    }
    assert_eq!(refusal_of(&service, "alice.phone", "s3", &meeting).await, None);
}
