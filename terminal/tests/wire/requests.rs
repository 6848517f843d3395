//! Tests of requests and their answers: repeats with the same id, one answer, one request at a time in each
//! meeting.

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

fn spawn_request(
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
    let (first, second) = (spawn_request(&terminal, &left), spawn_request(&terminal, &right));
    let publish = peer.next_publish().await;
    assert_eq!(publish.topic, "call-up/attend");
    assert_eq!(body(&publish)["v"], 1);
    peer.next_publish().await;
    peer.send(&ok("d2", right.id())).await;
    peer.send(&ok("d1", left.id())).await;
    assert_eq!(within(first).await.expect("no panic").expect("answered").id, "d1");
    assert_eq!(within(second).await.expect("no panic").expect("answered").id, "d2");
}

#[tokio::test]
async fn a_request_without_an_answer_is_repeated_twice_and_then_times_out() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, mut peer) = connected(&broker, broker.impatient()).await;
    let asked = spawn_request(&terminal, &request("leave", "m1"));
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
async fn the_answer_to_a_repeat_counts_and_a_second_one_is_ignored() {
    let broker = FakeBroker::start().await;
    let (terminal, mut events, mut peer) = connected(&broker, broker.impatient()).await;
    let leave = request("leave", "m1");
    let asked = spawn_request(&terminal, &leave);
    peer.next_publish().await;
    peer.next_publish().await;
    peer.send(&ok("d1", leave.id())).await;
    within(asked).await.expect("no panic").expect("answered");
    peer.send(&ok("d2", leave.id())).await;
    peer.send(&json!({"v": 1, "type": "invitation", "id": "d3", "server_ms": 0})).await;
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Message(notice)) if notice.id == "d3"));
}

#[tokio::test]
async fn an_answer_after_the_time_out_is_an_event() {
    let broker = FakeBroker::start().await;
    let (terminal, mut events, mut peer) = connected(&broker, broker.impatient()).await;
    let leave = request("leave", "m1");
    assert!(within(terminal.request_uplink(&leave)).await.is_err());
    peer.send(&ok("d1", leave.id())).await;
    assert!(
        matches!(within(events.next()).await, Some(TerminalEvent::Message(notice)) if notice.answers() == Some(leave.id()))
    );
}

#[tokio::test]
async fn a_refusal_has_code_and_path_even_if_the_code_is_unknown() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, mut peer) = connected(&broker, broker.patient()).await;
    let leave = request("leave", "m1");
    let asked = spawn_request(&terminal, &leave);
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
    let first_asked = spawn_request(&terminal, &first);
    assert_eq!(body(&peer.next_publish().await)["id"], first.id());
    let second_asked = spawn_request(&terminal, &second);
    let leave = request("leave", "m1");
    let leave_asked = spawn_request(&terminal, &leave);
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
async fn a_request_that_is_never_answered_is_sent_once_and_its_refusal_is_an_event() {
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
        matches!(within(events.next()).await, Some(TerminalEvent::Message(notice)) if notice.answers() == Some(ringing.id()))
    );
}

#[tokio::test]
async fn a_request_without_a_connection_is_sent_after_the_reconnect() {
    let broker = FakeBroker::start().await;
    let (terminal, mut events, peer) = connected(&broker, broker.patient()).await;
    drop(peer);
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Disconnected { .. })));
    let leave = request("leave", "m1");
    let asked = spawn_request(&terminal, &leave);
    let mut peer = broker.accept(false).await;
    assert_eq!(body(&peer.next_publish().await)["id"], leave.id());
    peer.send(&ok("d1", leave.id())).await;
    within(asked).await.expect("no panic").expect("answered");
}

#[tokio::test]
async fn a_waiting_request_ends_when_the_terminal_disconnects() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, mut peer) = connected(&broker, broker.patient()).await;
    let asked = spawn_request(&terminal, &request("leave", "m1"));
    peer.next_publish().await;
    tokio::join!(terminal.disconnect(), peer.disconnect_packet());
    let outcome = within(asked).await.expect("no panic");
    assert!(matches!(outcome, Err(RequestError::Disconnected)), "{outcome:?}");
}

#[tokio::test]
async fn a_payload_above_the_packet_size_is_refused_before_it_is_sent() {
    let broker = FakeBroker::start().await;
    let (terminal, _events, _peer) = connected(&broker, broker.patient()).await;
    let outcome = terminal.publish("call-up/attend", vec![b'x'; 256 * 1024]).await;
    assert!(matches!(outcome, Err(RequestError::TooLarge)), "{outcome:?}");
}
