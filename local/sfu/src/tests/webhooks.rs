//! Tests of webhooks: signature, order, content and retries.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use switchboard_rtc::livekit;
use tokio::task::JoinSet;

use super::test_sfu::{NOW, TestSfu, key, serve, until};

/// Server that receives webhooks, checks their signature and records them.
struct Receiver {
    url: String,
    events: Arc<Mutex<Vec<Value>>>,
    _server: JoinSet<()>,
}

impl Receiver {
    /// Starts a receiver that answers the first requests with these error statuses.
    async fn start(refusals: &[u16]) -> Self {
        let events = Arc::<Mutex<Vec<Value>>>::default();
        let mut refusals: Vec<_> = refusals.iter().rev().copied().collect();
        refusals.shrink_to_fit();
        let refusals = Arc::new(Mutex::new(refusals));
        let taken = Arc::clone(&events);
        let take = async move |headers: HeaderMap, body: Bytes| {
            if let Some(refusal) = refusals.lock().expect("the lock is not poisoned").pop() {
                return StatusCode::from_u16(refusal).expect("a status");
            }
            assert_eq!(headers["content-type"], "application/webhook+json");
            let authorization = headers["authorization"].to_str().expect("a text");
            let event: Value = serde_json::from_slice(&body).expect("JSON");
            let seconds: i64 =
                event["createdAt"].as_str().and_then(|text| text.parse().ok()).expect("a time");
            livekit::verify_webhook(authorization, &body, &key(), seconds * 1000).expect("a valid signature");
            taken.lock().expect("the lock is not poisoned").push(event);
            StatusCode::OK
        };
        let (url, server) = serve(Router::new().route("/hook", post(take))).await;
        Self { url: format!("{url}/hook"), events, _server: server }
    }

    fn events(&self) -> Vec<Value> {
        self.events.lock().expect("the lock is not poisoned").clone()
    }

    /// Returns name, identity and disconnect reason of each event received so far.
    fn summaries(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let summary = |event: &Value| {
            let participant = &event["participant"];
            (text(&event["event"]), text(&participant["identity"]), text(&participant["disconnectReason"]))
        };
        self.events().iter().map(summary).collect()
    }

    async fn expect_events(&self, expected: &[(&str, &str, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
        until(|| self.summaries().len() >= expected.len()).await;
        assert_eq!(self.summaries(), expected);
    }
}

async fn start_sfu(receiver: &Receiver) -> TestSfu {
    TestSfu::start_with(key(), NOW, |options| options.webhook = Some(receiver.url.clone())).await
}

const NOT_LEFT: &str = "UNKNOWN_REASON";

#[tokio::test]
async fn a_channel_is_reported_from_start_to_finish() {
    let receiver = Receiver::start(&[]).await;
    let sfu = start_sfu(&receiver).await;
    let token = sfu.token("r", "alice");
    let alice = sfu.join_as(&token, "alice").await;
    receiver.expect_events(&[("room_started", "", ""), ("participant_joined", "alice", NOT_LEFT)]).await;
    let first = sfu.join("r", "bob").await;
    receiver
        .expect_events(&[
            ("room_started", "", ""),
            ("participant_joined", "alice", NOT_LEFT),
            ("participant_joined", "bob", NOT_LEFT),
        ])
        .await;
    let second = sfu.join("r", "bob").await;
    until(|| first.log().closed && second.log().connected).await;
    assert_eq!(sfu.leave(&alice.location, &token).await.status, 200);
    sfu.call("RemoveParticipant", json!({"room": "r", "identity": "bob"})).await;
    sfu.advance_seconds(300);
    receiver
        .expect_events(&[
            ("room_started", "", ""),
            ("participant_joined", "alice", NOT_LEFT),
            ("participant_joined", "bob", NOT_LEFT),
            ("participant_left", "bob", "DUPLICATE_IDENTITY"),
            ("participant_joined", "bob", NOT_LEFT),
            ("participant_left", "alice", "CLIENT_INITIATED"),
            ("participant_left", "bob", "PARTICIPANT_REMOVED"),
            ("room_finished", "", ""),
        ])
        .await;
    let events = receiver.events();
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), events.len(), "each event has its own id");
    for event in &events {
        assert_eq!(event["room"]["name"], "r");
        assert_eq!(event["room"]["sid"], events[0]["room"]["sid"]);
        assert_eq!(event["room"]["creationTime"], NOW.to_string());
        assert!(event["createdAt"].is_string());
    }
    assert_eq!(events[0]["createdAt"], NOW.to_string());
    assert_eq!(events[1]["participant"]["joinedAt"], NOW.to_string());
    assert_eq!(events[1]["participant"]["sid"], events[5]["participant"]["sid"]);
    assert_ne!(events[2]["participant"]["sid"], events[4]["participant"]["sid"], "another session");
}

#[tokio::test]
async fn a_deleted_channel_finishes_at_once() {
    let receiver = Receiver::start(&[]).await;
    let sfu = start_sfu(&receiver).await;
    let alice = sfu.join("r", "alice").await;
    until(|| alice.log().connected).await;
    sfu.call("DeleteRoom", json!({"room": "r"})).await;
    receiver
        .expect_events(&[
            ("room_started", "", ""),
            ("participant_joined", "alice", NOT_LEFT),
            ("participant_left", "alice", "ROOM_DELETED"),
            ("room_finished", "", ""),
        ])
        .await;
}

#[tokio::test]
async fn a_lost_connection_is_reported_as_aborted() {
    let receiver = Receiver::start(&[]).await;
    let sfu = TestSfu::start_with(key(), NOW, |options| {
        options.webhook = Some(receiver.url.clone());
        options.silence = Duration::from_secs(1);
    })
    .await;
    let alice = sfu.join("r", "alice").await;
    until(|| alice.last_message("slots").is_some()).await;
    alice.close();
    receiver
        .expect_events(&[
            ("room_started", "", ""),
            ("participant_joined", "alice", NOT_LEFT),
            ("participant_connection_aborted", "alice", "SIGNAL_CLOSE"),
        ])
        .await;
    let bob = sfu.join("silent", "bob").await;
    until(|| bob.log().connected).await;
    bob.vanish().await;
    until(|| receiver.summaries().len() >= 6).await;
    assert_eq!(
        receiver.summaries()[3..],
        [
            ("room_started", "", ""),
            ("participant_joined", "bob", NOT_LEFT),
            ("participant_connection_aborted", "bob", "CONNECTION_TIMEOUT"),
        ]
        .map(|(event, who, why)| (event.to_owned(), who.to_owned(), why.to_owned()))
    );
    assert_eq!(sfu.identities("silent").await, [""; 0]);
}

#[tokio::test]
async fn a_failed_webhook_is_retried_before_the_next() {
    let receiver = Receiver::start(&[500, 429, 503]).await;
    let sfu = start_sfu(&receiver).await;
    let alice = sfu.join("r", "alice").await;
    until(|| alice.log().connected).await;
    receiver.expect_events(&[("room_started", "", ""), ("participant_joined", "alice", NOT_LEFT)]).await;
}

#[tokio::test]
async fn a_refused_webhook_is_not_retried() {
    let receiver = Receiver::start(&[401]).await;
    let sfu = start_sfu(&receiver).await;
    let alice = sfu.join("r", "alice").await;
    until(|| alice.log().connected).await;
    receiver.expect_events(&[("participant_joined", "alice", NOT_LEFT)]).await;
}
