//! Tests that compare requests with those of the official Python SDK, and tests of responses.

use serde_json::{Value, json};

use crate::management::fixture::{
    AT, FakeService, RecordedRequest, ScriptedReply, account, management, vectors,
};
use crate::management::{ChannelSpec, RtcError, RtcManagement};
use crate::sign::{AccessKey, SignableRequest, tc3};
use crate::{Provider, Rights};

const ROOM: &str = "call-c-1";

fn rooms(service: &FakeService) -> Box<dyn RtcManagement> {
    management(Provider::Tencent, &account(&service.url())).expect("an account")
}

fn assert_as_the_sdk(seen: &RecordedRequest) {
    let all = vectors("tencent");
    let vector = all.iter().find(|vector| vector["headers"]["X-TC-Action"] == seen.header("x-tc-action"));
    let vector = vector.unwrap_or_else(|| panic!("no vector for {}", seen.header("x-tc-action")));
    let body: Value = serde_json::from_str(vector["body"].as_str().expect("text")).expect("JSON");
    assert_eq!(seen.json(), body);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/"));
    for name in ["X-TC-Action", "X-TC-Version", "X-TC-Timestamp", "X-TC-Region", "Content-Type"] {
        assert_eq!(
            seen.header(&name.to_lowercase()),
            vector["headers"][name].as_str().expect("text"),
            "{name}"
        );
    }
}

fn assert_signed(seen: &RecordedRequest) {
    let headers = [("content-type", seen.header("content-type")), ("host", seen.header("host"))];
    let request = SignableRequest {
        method: "POST",
        path: "/",
        query: &[],
        headers: &headers,
        body: seen.body.as_bytes(),
    };
    let key = AccessKey { id: "api-id".into(), secret: "api-secret".into() };
    let expected = tc3::authorization(&request, "trtc", AT.now_ms / 1000, &key).expect("a time");
    assert_eq!(seen.header("authorization"), expected);
}

#[tokio::test]
async fn requests_equal_those_of_the_official_sdk() {
    let service =
        FakeService::new(|_, _| ScriptedReply::Json(json!({ "Response": { "RequestId": "r" } }))).await;
    let rooms = rooms(&service);
    rooms.remove(ROOM, "user-1", AT).await.expect("removed");
    rooms.close(ROOM, AT).await.expect("closed");
    let seen = service.requests();
    assert_eq!(seen.len(), 2);
    for seen in &seen {
        assert_eq!(seen.header("host"), service.host());
        assert_signed(seen);
        assert_as_the_sdk(seen);
    }
}

#[tokio::test]
async fn errors_come_with_http_status_200() {
    let with = async |code: &'static str| {
        let answer = move |_, _: &RecordedRequest| {
            ScriptedReply::Json(json!({ "Response": { "Error": { "Code": code } } }))
        };
        let service = FakeService::new(answer).await;
        rooms(&service).close(ROOM, AT).await
    };
    assert_eq!(with("FailedOperation.RoomNotExist").await, Ok(()));
    let unauthorized = |code: &str| Err(RtcError::Unauthorized(code.into()));
    assert_eq!(with("AuthFailure.SignatureFailure").await, unauthorized("AuthFailure.SignatureFailure"));
    assert_eq!(with("UnauthorizedOperation.SdkAppId").await, unauthorized("UnauthorizedOperation.SdkAppId"));
    assert_eq!(with("RequestLimitExceeded").await, Err(RtcError::RateLimited { retry_after: None }));
    assert_eq!(with("InternalError").await, Err(RtcError::Unavailable("InternalError".into())));
    let refused = |code: &str| Err(RtcError::Refused(code.into()));
    assert_eq!(with("FailedOperation.SdkAppIdNotExist").await, refused("FailedOperation.SdkAppIdNotExist"));
    assert_eq!(with("Bad key: AKID, secret!").await, refused(""));
}

#[tokio::test]
async fn a_body_without_response_is_refused() {
    let service = FakeService::new(|_, _| ScriptedReply::Json(json!({}))).await;
    let refused = RtcError::Refused("the response has no `Response`".into());
    assert_eq!(rooms(&service).close(ROOM, AT).await, Err(refused));
}

#[tokio::test]
async fn unsupported_operations_send_nothing() {
    let service = FakeService::new(|_, _| ScriptedReply::Text(500, String::new())).await;
    let rooms = rooms(&service);
    let channel = ChannelSpec { id: ROOM, max_participants: 2, empty_seconds: 60, departure_seconds: 90 };
    assert_eq!(rooms.register(channel, AT).await, Ok(()));
    let unsupported = RtcError::Unsupported;
    assert_eq!(rooms.restrict(ROOM, "user-1", Rights::default(), AT).await, Err(unsupported.clone()));
    assert_eq!(rooms.members(ROOM, AT).await, Err(unsupported.clone()));
    assert_eq!(rooms.channels("", AT).await, Err(unsupported));
    assert!(service.requests().is_empty());
}
