//! Requests and their answers: repeated by the same id, answered once, one at a time in each meeting.

use crate::fake_broker::{FakeBroker, Peer, within};
use rumqttc::Publish;
use serde_json::{Map, Value, json};
use terminal::{Config, Events, RequestError, Terminal, TerminalEvent, Uplink};
use tokio::task::JoinHandle;

async fn connected(broker: &FakeBroker, config: Config) -> (Terminal, Events, Peer) {
    let (connected, peer) = tokio::join!(Terminal::connect(config), broker.accept(false));
    let (terminal, events) = connected.expect("let in");
    (terminal, events, peer)
}

fn request(kind: &str, meeting_id: &str) -> Uplink {
    let fields =
        Map::from_iter([("type".to_owned(), json!(kind)), ("meeting_id".to_owned(), json!(meeting_id))]);
    Uplink::from_fields("attend", fields)
}

fn asked(
    terminal: &Terminal,
    uplink: &Uplink,
) -> JoinHandle<Result<terminal::ReceivedDownlink, RequestError>> {
    let (terminal, uplink) = (terminal.clone(), uplink.clone());
    tokio::spawn(async move { terminal.request_uplink(&uplink).await })
}

fn body(publish: &Publish) -> Value {
    serde_json::from_slice(&publish.payload).expect("JSON")
}

fn ok(id: &str, re: &str) -> Value {
    json!({"v": 1, "type": "ok", "id": id, "re": re, "server_ms": 0})
}

#[tokio::test]
async fn a_request_goes_to_its_functions_topic_and_gets_its_own_answer() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, mut peer) = connected(&broker, broker.patient()).await;
    let (left, right) = (request("leave", "m1"), request("leave", "m2"));
    let (first, second) = (asked(&terminal, &left), asked(&terminal, &right));
    let heard = peer.next_publish().await;
    assert_eq!(heard.topic, "call-up/attend");
    assert_eq!(body(&heard)["v"], 1);
    peer.next_publish().await;
    peer.send(&ok("d2", right.id())).await;
    peer.send(&ok("d1", left.id())).await;
    assert_eq!(within(first).await.expect("no panic").expect("answered").id, "d1");
    assert_eq!(within(second).await.expect("no panic").expect("answered").id, "d2");
}

#[tokio::test]
async fn without_an_answer_the_very_same_request_is_sent_twice_again_and_then_given_up() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, mut peer) = connected(&broker, broker.impatient()).await;
    let asked = asked(&terminal, &request("leave", "m1"));
    let copies = [
        peer.next_publish().await.payload,
        peer.next_publish().await.payload,
        peer.next_publish().await.payload,
    ];
    assert!(copies.iter().all(|copy| *copy == copies[0]));
    let outcome = within(asked).await.expect("no panic");
    assert!(matches!(outcome, Err(RequestError::TimedOut(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_to_a_repetition_is_the_answer_and_the_next_one_is_ignored() {
    let broker = FakeBroker::start().await;
    let (terminal, mut events, mut peer) = connected(&broker, broker.impatient()).await;
    let leave = request("leave", "m1");
    let asked = asked(&terminal, &leave);
    peer.next_publish().await;
    peer.next_publish().await;
    peer.send(&ok("d1", leave.id())).await;
    within(asked).await.expect("no panic").expect("answered");
    peer.send(&ok("d2", leave.id())).await;
    peer.send(&json!({"v": 1, "type": "invitation", "id": "d3", "server_ms": 0})).await;
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Message(news)) if news.id == "d3"));
}

#[tokio::test]
async fn an_answer_after_the_time_out_is_told_as_news() {
    let broker = FakeBroker::start().await;
    let (terminal, mut events, mut peer) = connected(&broker, broker.impatient()).await;
    let leave = request("leave", "m1");
    assert!(within(terminal.request_uplink(&leave)).await.is_err());
    peer.send(&ok("d1", leave.id())).await;
    assert!(
        matches!(within(events.next()).await, Some(TerminalEvent::Message(news)) if news.answers() == Some(leave.id()))
    );
}

#[tokio::test]
async fn a_refusal_comes_as_its_code_with_its_path_also_when_the_code_is_new() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, mut peer) = connected(&broker, broker.patient()).await;
    let leave = request("leave", "m1");
    let asked = asked(&terminal, &leave);
    peer.next_publish().await;
    peer.send(&json!({"v": 1, "type": "error", "id": "d1", "re": leave.id(), "code": "from_the_future",
        "message": "no", "path": "meeting_id", "retryable": true, "retry_after_ms": 250, "sip": 499, "server_ms": 0}))
        .await;
    let Err(RequestError::Refused(refused)) = within(asked).await.expect("no panic") else {
        panic!("refused")
    };
    assert_eq!((refused.code.as_str(), refused.known_code()), ("from_the_future", None));
    assert_eq!(
        (refused.path.as_deref(), refused.retry_after_ms, refused.sip),
        (Some("meeting_id"), Some(250), 499)
    );
}

#[tokio::test]
async fn a_meeting_has_one_request_at_a_time_and_leave_does_not_wait() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, mut peer) = connected(&broker, broker.patient()).await;
    let (first, second) = (request("refresh_token", "m1"), request("refresh_token", "m1"));
    let first_asked = asked(&terminal, &first);
    assert_eq!(body(&peer.next_publish().await)["id"], first.id());
    let second_asked = asked(&terminal, &second);
    let leave = request("leave", "m1");
    let leave_asked = asked(&terminal, &leave);
    assert_eq!(body(&peer.next_publish().await)["id"], leave.id(), "the second request still waits");
    peer.send(&ok("d1", first.id())).await;
    within(first_asked).await.expect("no panic").expect("answered");
    assert_eq!(body(&peer.next_publish().await)["id"], second.id());
    peer.send(&ok("d2", second.id())).await;
    peer.send(&ok("d3", leave.id())).await;
    within(second_asked).await.expect("no panic").expect("answered");
    within(leave_asked).await.expect("no panic").expect("answered");
}

#[tokio::test]
async fn what_is_sent_once_is_not_asked_and_its_refusal_is_told_as_news() {
    let broker = FakeBroker::start().await;
    let (terminal, mut events, mut peer) = connected(&broker, broker.impatient()).await;
    let ringing = request("ringing", "m1");
    assert!(
        matches!(terminal.request_uplink(&ringing).await, Err(RequestError::NeverAnswered(kind)) if kind == "ringing")
    );
    terminal.send_uplink(&ringing).await.expect("connected");
    peer.next_publish().await;
    peer.send(&json!({"v": 1, "type": "error", "id": "d1", "re": ringing.id(), "code": "already_answered",
        "server_ms": 0}))
        .await;
    assert!(
        matches!(within(events.next()).await, Some(TerminalEvent::Message(news)) if news.answers() == Some(ringing.id()))
    );
}

#[tokio::test]
async fn a_request_made_while_the_connection_is_lost_is_sent_when_it_is_back() {
    let broker = FakeBroker::start().await;
    let (terminal, mut events, peer) = connected(&broker, broker.patient()).await;
    drop(peer);
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Disconnected { .. })));
    let leave = request("leave", "m1");
    let asked = asked(&terminal, &leave);
    let mut peer = broker.accept(false).await;
    assert_eq!(body(&peer.next_publish().await)["id"], leave.id());
    peer.send(&ok("d1", leave.id())).await;
    within(asked).await.expect("no panic").expect("answered");
}

#[tokio::test]
async fn who_waits_when_the_terminal_disconnects_is_told() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, mut peer) = connected(&broker, broker.patient()).await;
    let asked = asked(&terminal, &request("leave", "m1"));
    peer.next_publish().await;
    tokio::join!(terminal.disconnect(), peer.disconnect_packet());
    let outcome = within(asked).await.expect("no panic");
    assert!(matches!(outcome, Err(RequestError::Disconnected)), "{outcome:?}");
}

#[tokio::test]
async fn more_than_a_packet_holds_is_refused_before_it_costs_the_connection() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, _peer) = connected(&broker, broker.patient()).await;
    let outcome = terminal.publish("call-up/attend", vec![b'x'; 256 * 1024]).await;
    assert!(matches!(outcome, Err(RequestError::TooLarge)), "{outcome:?}");
}
