//! Webhooks: signed, in order, tried again, and all that is promised.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use switchboard_rtc::livekit;
use tokio::task::JoinSet;

use super::stand::{NOW, Stand, key, serve, until};

/// Takes webhooks and remembers those that are rightly signed.
struct Receiver {
    url: String,
    events: Arc<Mutex<Vec<Value>>>,
    _server: JoinSet<()>,
}

impl Receiver {
    /// Refuses the first requests with these statuses.
    async fn start(refusals: &[u16]) -> Self {
        let events = Arc::<Mutex<Vec<Value>>>::default();
        let mut refusals: Vec<_> = refusals.iter().rev().copied().collect();
        refusals.shrink_to_fit();
        let refusals = Arc::new(Mutex::new(refusals));
        let taken = Arc::clone(&events);
        let take = async move |headers: HeaderMap, body: Bytes| {
            if let Some(refusal) = refusals.lock().expect("nobody panicked").pop() {
                return StatusCode::from_u16(refusal).expect("a status");
            }
            assert_eq!(headers["content-type"], "application/webhook+json");
            let authorization = headers["authorization"].to_str().expect("a text");
            let event: Value = serde_json::from_slice(&body).expect("JSON");
            let seconds: i64 =
                event["createdAt"].as_str().and_then(|text| text.parse().ok()).expect("a time");
            livekit::verify_webhook(authorization, &body, &key(), seconds * 1000).expect("rightly signed");
            taken.lock().expect("nobody panicked").push(event);
            StatusCode::OK
        };
        let (url, server) = serve(Router::new().route("/hook", post(take))).await;
        Self { url: format!("{url}/hook"), events, _server: server }
    }

    fn events(&self) -> Vec<Value> {
        self.events.lock().expect("nobody panicked").clone()
    }

    /// Event, identity and reason of each event so far.
    fn told(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tell = |event: &Value| {
            let participant = &event["participant"];
            (text(&event["event"]), text(&participant["identity"]), text(&participant["disconnectReason"]))
        };
        self.events().iter().map(tell).collect()
    }

    async fn tells(&self, expected: &[(&str, &str, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
        until(|| self.told().len() >= expected.len()).await;
        assert_eq!(self.told(), expected);
    }
}

async fn stand(receiver: &Receiver) -> Stand {
    Stand::start_with(key(), NOW, |options| options.webhook = Some(receiver.url.clone())).await
}

const NO: &str = "UNKNOWN_REASON";

#[tokio::test]
async fn a_room_is_told_from_its_beginning_to_its_end() {
    let receiver = Receiver::start(&[]).await;
    let stand = stand(&receiver).await;
    let token = stand.token("r", "alice");
    let alice = stand.join_as(&token, "alice").await;
    receiver.tells(&[("room_started", "", ""), ("participant_joined", "alice", NO)]).await;
    let first = stand.join("r", "bob").await;
    receiver
        .tells(&[
            ("room_started", "", ""),
            ("participant_joined", "alice", NO),
            ("participant_joined", "bob", NO),
        ])
        .await;
    let second = stand.join("r", "bob").await;
    until(|| first.seen().closed && second.seen().connected).await;
    assert_eq!(stand.leave(&alice.location, &token).await.status, 200);
    stand.call("RemoveParticipant", json!({"room": "r", "identity": "bob"})).await;
    stand.pass(300);
    receiver
        .tells(&[
            ("room_started", "", ""),
            ("participant_joined", "alice", NO),
            ("participant_joined", "bob", NO),
            ("participant_left", "bob", "DUPLICATE_IDENTITY"),
            ("participant_joined", "bob", NO),
            ("participant_left", "alice", "CLIENT_INITIATED"),
            ("participant_left", "bob", "PARTICIPANT_REMOVED"),
            ("room_finished", "", ""),
        ])
        .await;
    let events = receiver.events();
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), events.len(), "each has an id of its own");
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
async fn a_deleted_room_ends_at_once() {
    let receiver = Receiver::start(&[]).await;
    let stand = stand(&receiver).await;
    let alice = stand.join("r", "alice").await;
    until(|| alice.seen().connected).await;
    stand.call("DeleteRoom", json!({"room": "r"})).await;
    receiver
        .tells(&[
            ("room_started", "", ""),
            ("participant_joined", "alice", NO),
            ("participant_left", "alice", "ROOM_DELETED"),
            ("room_finished", "", ""),
        ])
        .await;
}

#[tokio::test]
async fn an_end_without_a_word_is_told_apart() {
    let receiver = Receiver::start(&[]).await;
    let stand = Stand::start_with(key(), NOW, |options| {
        options.webhook = Some(receiver.url.clone());
        options.silence = Duration::from_secs(1);
    })
    .await;
    let alice = stand.join("r", "alice").await;
    until(|| alice.last("slots").is_some()).await;
    alice.close();
    receiver
        .tells(&[
            ("room_started", "", ""),
            ("participant_joined", "alice", NO),
            ("participant_connection_aborted", "alice", "SIGNAL_CLOSE"),
        ])
        .await;
    let bob = stand.join("silent", "bob").await;
    until(|| bob.seen().connected).await;
    bob.vanish().await;
    until(|| receiver.told().len() >= 6).await;
    assert_eq!(
        receiver.told()[3..],
        [
            ("room_started", "", ""),
            ("participant_joined", "bob", NO),
            ("participant_connection_aborted", "bob", "CONNECTION_TIMEOUT"),
        ]
        .map(|(event, who, why)| (event.to_owned(), who.to_owned(), why.to_owned()))
    );
    assert_eq!(stand.identities("silent").await, [""; 0]);
}

#[tokio::test]
async fn a_webhook_that_fails_is_sent_again_before_the_next() {
    let receiver = Receiver::start(&[500, 429, 503]).await;
    let stand = stand(&receiver).await;
    let alice = stand.join("r", "alice").await;
    until(|| alice.seen().connected).await;
    receiver.tells(&[("room_started", "", ""), ("participant_joined", "alice", NO)]).await;
}

#[tokio::test]
async fn a_webhook_that_is_refused_is_not_sent_again() {
    let receiver = Receiver::start(&[401]).await;
    let stand = stand(&receiver).await;
    let alice = stand.join("r", "alice").await;
    until(|| alice.seen().connected).await;
    receiver.tells(&[("participant_joined", "alice", NO)]).await;
}
