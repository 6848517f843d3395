//! Tests of the embedded SFU in the stack: its URL, key and clock.

use local::{Stack, StackOptions, StartError};
use secrecy::ExposeSecret as _;
use serde_json::json;
use switchboard_rtc::livekit::{self, ApiKey, LivekitClaims, VideoGrant};

use crate::support::{binaries, post, start, template};

/// Lists the rooms with a token that is valid for a minute from `now`, in Unix seconds.
async fn rooms(sfu: &str, now: i64) -> (u16, serde_json::Value) {
    let key = ApiKey { id: "devkey".to_owned(), secret: "local-development-only-rtc-secret".into() };
    let grant = VideoGrant { room_list: true, ..VideoGrant::default() };
    let claims = LivekitClaims { video: Some(grant), ..LivekitClaims::issued_by(&key.id, now, now + 60) };
    let token = livekit::sign(&claims, &key).expect("a token");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let call = client.post(format!("{sfu}/twirp/livekit.RoomService/ListRooms"));
    let answer = call.bearer_auth(token.expose_secret()).body("{}").send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_sfu_has_the_announced_url_and_the_clock_of_the_stack() {
    let stack = start().await;
    let sfu = stack.addresses().sfu.clone().expect("an SFU");
    assert_eq!(sfu, format!("{}/sfu", stack.addresses().http));
    assert_eq!(post(&format!("{sfu}/whip"), &json!({})).await.0, 401);
    let now = stack.instruments().clock.now_ms() / 1000;
    assert_eq!(rooms(&sfu, now).await, (200, json!({"rooms": []})));
    stack.instruments().clock.advance(3_600_000);
    assert_eq!(rooms(&sfu, now).await.0, 401, "the token has expired");
    stack.shutdown().await;
}

#[tokio::test]
async fn a_stack_with_another_rtc_service_has_no_sfu() {
    let elsewhere = || {
        let mut options = StackOptions::on_free_ports(template(), binaries());
        options.parameters.insert("RtcUrl".to_owned(), "wss://rtc.example.com".to_owned());
        options
    };
    let stack = Stack::start(elsewhere()).await.expect("the stack starts");
    assert_eq!(stack.addresses().sfu, None);
    stack.shutdown().await;
    let refused = Stack::start(StackOptions { sfu: true, ..elsewhere() }).await;
    assert!(matches!(refused, Err(StartError::OtherRtcService)));
}
