//! Tests that compare requests with those of the official Python SDK, and tests of responses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::management::fixture::{
    AT, FakeService, RecordedRequest, ScriptedReply, account, management, vectors,
};
use crate::management::{ChannelSpec, RtcError, RtcManagement};
use crate::sign::{AccessKey, SignableRequest, acs3};
use crate::{Account, Provider, Rights};

const CHANNEL: &str = "call_c-1";

fn channels(service: &FakeService, mode: &str) -> Box<dyn RtcManagement> {
    let account = Account { mode: mode.into(), key_id: "iwo5l81k".into(), ..account(&service.url()) };
    management(Provider::Alibaba, &account).expect("an account")
}

/// Asserts that the request equals the SDK's in method, query, body and the headers that name the action.
fn assert_as_the_sdk(seen: &RecordedRequest, alter: impl Fn(&mut BTreeMap<String, String>)) {
    let all = vectors("alibaba");
    let vector = all.iter().find(|vector| vector["headers"]["x-acs-action"] == seen.header("x-acs-action"));
    let vector = vector.unwrap_or_else(|| panic!("no vector for {}", seen.header("x-acs-action")));
    // The SDK writes a space as a plus, while the signed text has %20.
    let path = vector["path"].as_str().expect("text").replace('+', "%20");
    let mut query = RecordedRequest { path, ..seen.clone() }.query();
    alter(&mut query);
    assert_eq!(seen.query(), query);
    assert_eq!(seen.method, vector["method"].as_str().expect("text"));
    assert_eq!(seen.body, "");
    for name in ["x-acs-version", "x-acs-action", "x-acs-content-sha256", "accept"] {
        assert_eq!(seen.header(name), vector["headers"][name].as_str().expect("text"), "{name}");
    }
}

/// Asserts that the signature covers the received request with all required headers.
fn assert_signed(seen: &RecordedRequest) {
    let query = seen.query();
    let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let signed = |name: &&String| *name == "host" || name.starts_with("x-acs-");
    let headers: Vec<_> =
        seen.headers.keys().filter(signed).map(|name| (name.as_str(), seen.header(name))).collect();
    let request =
        SignableRequest { method: &seen.method, path: "/", query: &query, headers: &headers, body: b"" };
    let key = AccessKey { id: "api-id".into(), secret: "api-secret".into() };
    assert_eq!(acs3::authorization(&request, &key), seen.header("authorization"));
    assert_eq!(seen.header("x-acs-date"), "2026-11-22T16:48:06Z");
}

#[tokio::test]
async fn requests_equal_those_of_the_official_sdk() {
    let service = FakeService::new(|_, _| ScriptedReply::Json(json!({ "RequestId": "r" }))).await;
    let artc = channels(&service, "");
    artc.close(CHANNEL, AT).await.expect("closed");
    artc.remove(CHANNEL, "user-1", AT).await.expect("removed");
    artc.members(CHANNEL, AT).await.expect("listed");
    let ding = channels(&service, "dingrtc");
    ding.close(CHANNEL, AT).await.expect("closed");
    ding.remove(CHANNEL, "user-1", AT).await.expect("removed");

    let seen = service.requests();
    assert_eq!(seen.len(), 5);
    for seen in &seen {
        assert_eq!(seen.header("host"), service.host());
        assert_signed(seen);
        // The sample removes two users.
        assert_as_the_sdk(seen, |query| drop(query.remove("TerminalIds.2")));
    }
}

#[tokio::test]
async fn a_retry_is_signed_anew() {
    let script = |count, _: &RecordedRequest| {
        if count == 0 { ScriptedReply::Text(503, String::new()) } else { ScriptedReply::Json(json!({})) }
    };
    let service = FakeService::new(script).await;
    channels(&service, "artc").close(CHANNEL, AT).await.expect("closed");
    let seen = service.requests();
    seen.iter().for_each(assert_signed);
    let nonces: Vec<_> = seen.iter().map(|seen| seen.header("x-acs-signature-nonce")).collect();
    assert_eq!(nonces.len(), 2);
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn registering_sends_nothing_and_restricting_is_unsupported() {
    let service = FakeService::new(|_, _| ScriptedReply::Text(500, String::new())).await;
    for mode in ["artc", "dingrtc"] {
        let channels = channels(&service, mode);
        let channel =
            ChannelSpec { id: CHANNEL, max_participants: 2, empty_seconds: 60, departure_seconds: 90 };
        assert_eq!(channels.register(channel, AT).await, Ok(()));
        let muted = channels.restrict(CHANNEL, "user-1", Rights::default(), AT).await;
        assert_eq!(muted, Err(RtcError::Unsupported));
        assert!(!channels.capabilities().enforces_rights);
    }
    assert_eq!(channels(&service, "dingrtc").channels("", AT).await, Err(RtcError::Unsupported));
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn error_codes_map_to_errors() {
    let with = async |status: u16, code: &'static str| {
        let service =
            FakeService::new(move |_, _| ScriptedReply::Error(status, json!({ "Code": code }))).await;
        channels(&service, "artc").close(CHANNEL, AT).await
    };
    assert_eq!(with(404, "ChannelNotExist").await, Ok(()));
    assert_eq!(with(400, "Channel.NotFound").await, Ok(()));
    let refused = |code: &str| Err(RtcError::Refused(code.into()));
    let unauthorized = |code: &str| Err(RtcError::Unauthorized(code.into()));
    assert_eq!(with(404, "InvalidAccessKeyId.NotFound").await, unauthorized("InvalidAccessKeyId.NotFound"));
    assert_eq!(with(400, "SignatureDoesNotMatch").await, unauthorized("SignatureDoesNotMatch"));
    assert_eq!(with(404, "AppNotFound").await, refused("HTTP 404 AppNotFound"));
    assert_eq!(with(400, "InvalidChannelId.Malformed").await, refused("HTTP 400 InvalidChannelId.Malformed"));
    assert_eq!(with(400, "Throttling.User").await, Err(RtcError::RateLimited { retry_after: None }));
}

#[tokio::test]
async fn a_failed_removal_is_an_error_only_while_the_user_is_present() {
    let list = |present: bool| {
        move |_, seen: &RecordedRequest| match seen.header("x-acs-action") {
            "RemoveTerminals" => ScriptedReply::Json(
                json!({ "Terminals": [{ "Id": "user-1", "Code": 1, "Message": "Failed" }] }),
            ),
            "RemoveUsers" => ScriptedReply::Json(json!({ "Users": [{ "UserId": "user-1", "Code": 1 }] })),
            "DescribeChannelAllUsers" if present => {
                ScriptedReply::Json(json!({ "Users": [{ "UserId": "user-1" }] }))
            }
            _ if present => ScriptedReply::Json(json!({ "UserList": ["user-1"], "TotalNum": 1 })),
            _ => ScriptedReply::Json(json!({})),
        }
    };
    for mode in ["artc", "dingrtc"] {
        let gone = FakeService::new(list(false)).await;
        assert_eq!(channels(&gone, mode).remove(CHANNEL, "user-1", AT).await, Ok(()), "{mode}");
        let there = FakeService::new(list(true)).await;
        let failed = channels(&there, mode).remove(CHANNEL, "user-1", AT).await;
        assert!(matches!(failed, Err(RtcError::Unavailable(_))), "{mode}: {failed:?}");
    }
}

#[tokio::test]
async fn every_page_is_read() {
    let page = |seen: &RecordedRequest, name: &str| seen.query()[name].parse::<usize>().expect("a number");
    let script = move |_, seen: &RecordedRequest| {
        let names = |page: usize| -> Vec<_> {
            (50 * (page - 1)..120.min(50 * page)).map(|n| Value::from(format!("call-{n}"))).collect()
        };
        match seen.header("x-acs-action") {
            "ListRTCLiveRooms" => {
                ScriptedReply::Json(json!({ "Rooms": names(page(seen, "PageNo")), "Total": 120 }))
            }
            _ => ScriptedReply::Json(json!({ "UserList": names(page(seen, "PageNum")), "TotalNum": 120 })),
        }
    };
    let service = FakeService::new(script).await;
    let artc = channels(&service, "artc");
    assert_eq!(artc.members(CHANNEL, AT).await.expect("listed").len(), 120);
    assert_eq!(service.requests().len(), 3);
    let ours = artc.channels("call-1", AT).await.expect("listed");
    assert_eq!(ours.len(), 1 + 10 + 20, "call-1, call-10 to 19, call-100 to 119");
    let nonces: std::collections::BTreeSet<_> =
        service.requests()[..3].iter().map(|seen| seen.header("x-acs-signature-nonce").to_owned()).collect();
    assert_eq!(nonces.len(), 3);
}
