//! The embedded SFU as a part of the stack: where it is said to be, under the stack's key and clock.

use local::{Options, Stack, StartError};
use secrecy::ExposeSecret as _;
use serde_json::json;
use switchboard_rtc::livekit::{self, ApiKey, LivekitClaims, VideoGrant};

use crate::support::{binaries, post, start, template};

/// Lists the rooms with a token that is valid around `now`, Unix seconds.
async fn rooms(sfu: &str, now: i64) -> (u16, serde_json::Value) {
    let key = ApiKey { id: "devkey".to_owned(), secret: "local-development-only-rtc-secret".into() };
    let grant = VideoGrant { room_list: true, ..VideoGrant::default() };
    let claims = LivekitClaims { video: Some(grant), ..LivekitClaims::issued_by(&key.id, now, now + 60) };
    let token = livekit::sign(&claims, &key).expect("signs");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let call = client.post(format!("{sfu}/twirp/livekit.RoomService/ListRooms"));
    let answer = call.bearer_auth(token.expose_secret()).body("{}").send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_sfu_is_where_the_stack_says_and_goes_by_its_clock() {
    let stack = start().await;
    let sfu = stack.ready().sfu.clone().expect("it is there");
    assert_eq!(sfu, format!("{}/sfu", stack.ready().http));
    assert_eq!(post(&format!("{sfu}/whip"), &json!({})).await.0, 401);
    let now = stack.instruments().clock.now_ms() / 1000;
    assert_eq!(rooms(&sfu, now).await, (200, json!({"rooms": []})));
    stack.instruments().clock.advance(3_600_000);
    assert_eq!(rooms(&sfu, now).await.0, 401, "the token has expired");
    stack.shutdown().await;
}

#[tokio::test]
async fn where_terminals_join_another_service_there_is_none_and_it_manages_nothing() {
    let elsewhere = || {
        let mut options = Options::on_free_ports(template(), binaries());
        options.parameters.insert("RtcUrl".to_owned(), "wss://rtc.example.com".to_owned());
        options
    };
    let stack = Stack::start(elsewhere()).await.expect("the stack starts");
    assert_eq!(stack.ready().sfu, None);
    stack.shutdown().await;
    let refused = Stack::start(Options { sfu: true, ..elsewhere() }).await;
    assert!(matches!(refused, Err(StartError::NotTheSfu)));
}
