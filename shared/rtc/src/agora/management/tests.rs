//! Tests that compare requests with Agora's documentation, since there is no official client, and tests of
//! responses.

use serde_json::{Value, json};

use crate::management::fixture::{AT, FakeService, RecordedRequest, ScriptedReply, account, management};
use crate::management::{ChannelSpec, RtcError, RtcManagement};
use crate::{Provider, Rights};

/// `api-id:api-secret`.
const BASIC: &str = "Basic YXBpLWlkOmFwaS1zZWNyZXQ=";
const APP: &str = "1400000000";

fn channels(service: &FakeService) -> Box<dyn RtcManagement> {
    management(Provider::Agora, &account(&service.url())).expect("an account")
}

fn called(seen: &RecordedRequest) -> (String, Value) {
    assert_eq!(seen.header("authorization"), BASIC);
    assert_eq!(seen.header("content-type"), "application/json");
    let body = if seen.body.is_empty() { Value::Null } else { seen.json() };
    (format!("{} {}", seen.method, seen.path), body)
}

#[tokio::test]
async fn removing_and_closing_create_rules_with_a_life_of_0() {
    let service = FakeService::new(|_, _| ScriptedReply::Json(json!({ "status": "success", "id": 5 }))).await;
    let channels = channels(&service);
    channels.remove("room", "7", AT).await.expect("removed");
    channels.close("room", AT).await.expect("closed");
    let join = json!(["join_channel"]);
    let rule = |rest: Value| {
        let mut rule =
            json!({ "appid": APP, "cname": "room", "privileges": join.clone(), "time_in_seconds": 0 });
        if rest != Value::Null {
            rule["uid"] = rest;
        }
        ("POST /dev/v1/kicking-rule".to_owned(), rule)
    };
    let seen: Vec<_> = service.requests().iter().map(called).collect();
    assert_eq!(seen, [rule(json!(7)), rule(Value::Null)]);
}

#[tokio::test]
async fn withholding_creates_a_rule_and_giving_back_deletes_it() {
    let listed = json!({ "status": "success", "rules": [
        { "id": 1, "appid": APP, "cname": "room", "uid": 7, "privileges": ["publish_audio"] },
        { "id": 2, "appid": APP, "cname": "room", "uid": 8, "privileges": ["publish_audio"] },
        { "id": 3, "appid": APP, "cname": "other", "uid": 7, "privileges": ["publish_audio"] },
        { "id": 4, "appid": APP, "cname": null, "uid": 7, "privileges": ["join_channel"] },
    ] });
    let script = move |_, seen: &RecordedRequest| match seen.method.as_str() {
        "GET" => ScriptedReply::Json(listed.clone()),
        _ => ScriptedReply::Json(json!({ "status": "success", "id": 9 })),
    };
    let service = FakeService::new(script).await;
    let channels = channels(&service);
    channels.restrict("room", "9", Rights::ALL.without_microphone(), AT).await.expect("withheld");
    channels.restrict("room", "7", Rights::ALL.without_microphone(), AT).await.expect("withheld already");
    channels.restrict("room", "7", Rights::ALL, AT).await.expect("given back");
    let seen: Vec<_> = service.requests().iter().map(called).collect();
    let get = (format!("GET /dev/v1/kicking-rule?appid={APP}"), Value::Null);
    let made = json!({
        "appid": APP,
        "cname": "room",
        "uid": 9,
        "privileges": ["publish_audio"],
        "time_in_seconds": 86_400,
    });
    let post = ("POST /dev/v1/kicking-rule".to_owned(), made);
    let delete = ("DELETE /dev/v1/kicking-rule".to_owned(), json!({ "appid": APP, "id": 1 }));
    assert_eq!(seen, [get.clone(), post, get.clone(), get, delete]);
}

#[tokio::test]
async fn participants_of_both_channel_profiles_are_listed() {
    let with = async |data: Value| {
        let answer = json!({ "success": true, "data": data });
        let service = FakeService::new(move |_, _| ScriptedReply::Json(answer.clone())).await;
        let members = channels(&service).members("room", AT).await.expect("listed");
        assert_eq!(called(&service.only()).0, format!("GET /dev/v1/channel/user/{APP}/room"));
        members
    };
    let communication =
        json!({ "channel_exist": true, "mode": 1, "total": 2, "users": [1, 4_294_967_295_u32] });
    assert_eq!(with(communication).await, ["1", "4294967295"]);
    let live = json!({ "channel_exist": true, "mode": 2, "broadcasters": [1], "audience": [2, 3] });
    assert_eq!(with(live).await, ["1", "2", "3"]);
    assert_eq!(with(json!({ "channel_exist": false })).await, [""; 0]);
}

#[tokio::test]
async fn every_page_of_channels_is_read() {
    let script = |_, seen: &RecordedRequest| {
        let page: usize = seen.query()["page_no"].parse().expect("a number");
        let names =
            (500 * page..700.min(500 * (page + 1))).map(|n| json!({ "channel_name": format!("c{n}") }));
        let channels: Vec<_> = names.collect();
        ScriptedReply::Json(json!({ "success": true, "data": { "channels": channels, "total_size": 700 } }))
    };
    let service = FakeService::new(script).await;
    let found = channels(&service).channels("c69", AT).await.expect("listed");
    assert_eq!(found.len(), 11, "c69 and c690 to c699");
    assert_eq!(service.requests().len(), 2);
}

#[tokio::test]
async fn a_media_id_that_is_not_a_uid_is_refused() {
    let service = FakeService::new(|_, _| ScriptedReply::Json(json!({}))).await;
    let channels = channels(&service);
    for media_id in ["alice", "0", "-1", "4294967296", ""] {
        let error = channels.remove("room", media_id, AT).await.expect_err(media_id);
        assert!(matches!(error, RtcError::Refused(_)), "{error}");
    }
    let channel = ChannelSpec { id: "room", max_participants: 2, empty_seconds: 60, departure_seconds: 90 };
    assert_eq!(channels.register(channel, AT).await, Ok(()));
    assert!(service.requests().is_empty());
}
