use super::*;
use crate::testing::{NOW_MS, at, device, published, request, serve, service, user};
use serde_json::{Value, json};
use switchboard_protocol::MAX_DOWNLINK_BYTES;
use switchboard_protocol::object::WhoMayCall;
use switchboard_protocol::requests::{BlockUser, ReadSettings, UnblockUser};
use switchboard_service::fake::FakePorts;

fn block(name: &str) -> SettingsRequest {
    SettingsRequest::BlockUser(BlockUser { user_id: user(name) })
}

fn read() -> SettingsRequest {
    SettingsRequest::ReadSettings(ReadSettings {})
}

/// Serves a request of Bob's phone, and returns its only answer as JSON.
async fn answer_to(id: &str, asked: SettingsRequest, at_ms: i64, service: &Service<FakePorts>) -> Value {
    serve(request("bob.phone", id, asked, at(at_ms)), service, &settings).await;
    let sent = service.publisher.broker.take();
    assert_eq!(sent.len(), 1, "{sent:?}");
    serde_json::to_value(&sent[0].downlink).expect("serialises")
}

#[tokio::test]
async fn blocking_is_answered_with_the_settings_and_repeating_it_changes_nothing() {
    let service = service();
    for id in ["b1", "b1", "b2"] {
        let answer = answer_to(id, block("mallory"), 0, &service).await;
        assert_eq!((&answer["type"], &answer["re"]), (&json!("settings"), &json!(id)));
        assert_eq!((&answer["blocked"], &answer["who"]), (&json!(["mallory"]), &json!("everyone")));
        assert_eq!((answer.get("page"), answer.get("do_not_disturb_in_ms")), (None, None));
    }
    let unblock = SettingsRequest::UnblockUser(UnblockUser { user_id: user("mallory") });
    assert_eq!(answer_to("u1", unblock, 0, &service).await["blocked"], json!([]));
}

#[tokio::test]
async fn settings_are_those_of_the_senders_user_on_every_device() {
    let service = service();
    answer_to("b1", block("mallory"), 0, &service).await;
    for (by, blocked) in [("bob.tablet", json!(["mallory"])), ("alice.phone", json!([]))] {
        serve(request(by, "s1", read(), at(0)), &service, &settings).await;
        let sent = service.publisher.broker.take();
        assert_eq!(serde_json::to_value(&sent[0].downlink).expect("serialises")["blocked"], blocked);
    }
}

#[tokio::test]
async fn do_not_disturb_counts_down_and_is_ended_by_zero() {
    let service = service();
    let set = |seconds| {
        let do_not_disturb_seconds = Some(seconds);
        SettingsRequest::SetAvailability(SetAvailability { who: None, allow: None, do_not_disturb_seconds })
    };
    assert_eq!(answer_to("t1", set(60), 0, &service).await["do_not_disturb_in_ms"], 60_000);
    assert_eq!(answer_to("t2", read(), 59_000, &service).await["do_not_disturb_in_ms"], 1_000);
    assert_eq!(answer_to("t3", read(), 60_000, &service).await.get("do_not_disturb_in_ms"), None);
    answer_to("t4", set(60), 0, &service).await;
    assert_eq!(answer_to("t5", set(0), 1_000, &service).await.get("do_not_disturb_in_ms"), None);
}

#[tokio::test]
async fn the_list_of_those_who_may_call_is_replaced_as_a_whole() {
    let service = service();
    let set = |who, allow: Option<&[&str]>| {
        let allow = allow.map(|names| names.iter().map(|name| user(name)).collect());
        SettingsRequest::SetAvailability(SetAvailability { who, allow, do_not_disturb_seconds: None })
    };
    let allowed = Some(WhoMayCall::Allowed);
    let first = answer_to("t1", set(allowed, Some(&["carol", "alice"])), 0, &service).await;
    assert_eq!((&first["who"], &first["allow"]), (&json!("allowed"), &json!(["alice", "carol"])));
    let second = answer_to("t2", set(None, Some(&["dave"])), 0, &service).await;
    assert_eq!((&second["who"], &second["allow"]), (&json!("allowed"), &json!(["dave"])));
    let third = answer_to("t3", set(Some(WhoMayCall::Nobody), None), 0, &service).await;
    assert_eq!((&third["who"], &third["allow"]), (&json!("nobody"), &json!(["dave"])));
}

#[tokio::test]
async fn blocking_oneself_and_one_user_too_many_are_refused() {
    let service = service();
    let answer = answer_to("b1", block("bob"), 0, &service).await;
    assert_eq!((&answer["code"], &answer["path"]), (&json!("bad_request"), &json!("user_id")));
    let blocked = (0..MAX_BLOCKED).map(|at| user(&format!("u{at}"))).collect();
    let full = Availability { blocked, ..Availability::default() };
    service.table.state.borrow_mut().availabilities.insert(user("bob"), full);
    let answer = answer_to("b2", block("mallory"), 0, &service).await;
    assert_eq!((&answer["code"], &answer["retryable"]), (&json!("too_many"), &json!(false)));
    // A user who is already blocked needs no room.
    serve(request("bob.phone", "b3", block("u7"), at(0)), &service, &settings).await;
    assert_eq!(published(&service), ["bob.phone= settings"]);
}

#[tokio::test]
async fn the_longest_lists_come_in_pages_that_fit_into_downlinks() {
    let service = service();
    // Account names that are longer than a client ID allows.
    let names = |prefix: &str, count: usize| {
        (0..count).map(|at| user(&format!("{prefix}{}{at:04}", "x".repeat(55)))).collect()
    };
    let full = Availability {
        blocked: names("b", MAX_BLOCKED),
        who: WhoMayCall::Allowed,
        allowed: names("a", 500),
        do_not_disturb_until_ms: Some(NOW_MS + 5_000),
    };
    service.table.state.borrow_mut().availabilities.insert(user("bob"), full.clone());
    serve(request("bob.phone", "s1", read(), at(0)), &service, &settings).await;
    let sent = service.publisher.broker.take();
    assert!(sent.len() > 1);
    let (mut blocked, mut allow) = (Vec::new(), Vec::new());
    for (at, page) in (1..).zip(&sent) {
        assert_eq!(page.to, device("bob.phone"));
        let text = serde_json::to_string(&page.downlink).expect("serialises");
        assert!(text.len() <= MAX_DOWNLINK_BYTES, "{}", text.len());
        let page: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&page["page"], &page["pages"]), (&json!(at), &json!(sent.len())));
        assert_eq!((&page["who"], &page["do_not_disturb_in_ms"]), (&json!("allowed"), &json!(5_000)));
        blocked.extend(page["blocked"].as_array().expect("a list").clone());
        allow.extend(page["allow"].as_array().expect("a list").clone());
    }
    assert_eq!((json!(blocked), json!(allow)), (json!(full.blocked), json!(full.allowed)));
}
