//! Connecting, listening, losing the connection and getting it back.

use crate::fake_broker::{CLIENT, FakeBroker, within};
use rumqttc::{ConnAck, ConnectReturnCode};
use serde_json::{Value, json};
use terminal::{ConnectError, Terminal, TerminalEvent, development_jwt};
use tokio::sync::mpsc;

#[tokio::test]
async fn it_connects_as_itself_with_a_kept_session_and_listens_on_its_own_two_topics() {
    let broker = FakeBroker::start().await;
    let (connected, peer) = tokio::join!(Terminal::connect(broker.patient()), broker.accept(false));
    connected.expect("let in");
    assert_eq!(peer.connect.client_id, CLIENT);
    assert!(!peer.connect.clean_session);
    let login = peer.connect.login.expect("a token");
    assert_eq!(login.password.matches('.').count(), 2, "the password is a JWT");
    assert_eq!(peer.subscribed, [format!("call-dn/p2p/{CLIENT}"), format!("bulk-dn/p2p/{CLIENT}")]);
}

#[tokio::test]
async fn a_refused_connect_is_told_and_not_tried_again() {
    let broker = FakeBroker::start().await;
    let refusal = ConnAck::new(ConnectReturnCode::NotAuthorized, false);
    let (connected, _peer) =
        tokio::join!(Terminal::connect(broker.patient()), broker.answer_connect(refusal));
    assert!(
        matches!(connected, Err(ConnectError::Refused(ConnectReturnCode::NotAuthorized))),
        "{connected:?}"
    );
}

#[tokio::test]
async fn a_terminal_that_may_not_listen_on_its_own_topics_is_not_connected() {
    let broker = FakeBroker::start().await;
    let (connected, _peer) = tokio::join!(Terminal::connect(broker.patient()), async {
        let mut peer = broker.answer_connect(ConnAck::new(ConnectReturnCode::Success, false)).await;
        let subscribe = peer.subscription().await;
        peer.refuse(&subscribe).await;
        peer
    });
    assert!(matches!(connected, Err(ConnectError::NotSubscribed)), "{connected:?}");
}

#[tokio::test]
async fn a_client_id_that_could_never_be_addressed_does_not_even_connect() {
    let broker = FakeBroker::start().await;
    let mut config = broker.patient();
    config.client_id = format!("G@@@{}", "a".repeat(49)).parse().expect("a client ID");
    let connected = Terminal::connect(config).await;
    assert!(matches!(connected, Err(ConnectError::Address(_))), "{connected:?}");
}

#[tokio::test]
async fn a_lost_connection_is_got_back_with_the_token_of_the_day() {
    let broker = FakeBroker::start().await;
    let (connected, peer) = tokio::join!(Terminal::connect(broker.patient()), broker.accept(false));
    let (terminal, mut events) = connected.expect("let in");
    let first_token = peer.connect.login.clone().expect("a token").password;
    terminal.renew_token(development_jwt("secret", "alice", None, 4_100_000_000));
    drop(peer);

    let mut peer = broker.accept(true).await;
    assert_ne!(peer.connect.login.clone().expect("a token").password, first_token);
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Disconnected { .. })));
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Connected { session_present: true })));

    peer.send(&json!({"v": 1, "type": "invitation", "id": "d1", "server_ms": 0})).await;
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Message(news)) if news.id == "d1"));
}

#[tokio::test]
async fn what_costs_the_connection_twice_is_not_sent_for_ever() {
    let broker = FakeBroker::start().await;
    let (connected, mut peer) = tokio::join!(Terminal::connect(broker.patient()), broker.accept(false));
    let (terminal, _events) = connected.expect("let in");
    terminal.publish("not/allowed", b"x".to_vec()).await.expect("connected");
    let sent = peer.next_publish_without_ack().await;
    assert!(!sent.dup);
    drop(peer);

    let mut peer = broker.accept(true).await;
    let repeated = peer.next_publish_without_ack().await;
    assert!(repeated.dup && repeated.topic == "not/allowed");
    drop(peer);

    let mut peer = broker.accept(true).await;
    terminal.publish("allowed", b"y".to_vec()).await.expect("connected");
    assert_eq!(peer.next_publish().await.topic, "allowed");
}

#[tokio::test]
async fn news_are_told_once_and_the_tap_shows_every_copy() {
    let broker = FakeBroker::start().await;
    let (tap, mut tapped) = mpsc::unbounded_channel();
    let mut config = broker.patient();
    config.tap = Some(tap);
    let (connected, mut peer) = tokio::join!(Terminal::connect(config), broker.accept(false));
    let (_terminal, mut events) = connected.expect("let in");

    let first = json!({"v": 1, "type": "from_the_future", "id": "d1", "server_ms": 0, "anything": true});
    peer.send(&first).await;
    peer.send(&first).await;
    peer.send_bytes(b"\xffno JSON").await;
    peer.send(&json!({"v": 1, "type": "invitation", "id": "d2", "server_ms": 0})).await;

    let told = within(events.next()).await;
    assert!(
        matches!(&told, Some(TerminalEvent::Message(news)) if news.body.get("anything") == Some(&Value::Bool(true))),
        "{told:?}"
    );
    let told = within(events.next()).await;
    assert!(matches!(&told, Some(TerminalEvent::Message(news)) if news.id == "d2"), "{told:?}");
    for payload in [first.to_string().as_bytes(), first.to_string().as_bytes(), b"\xffno JSON"] {
        assert_eq!(within(tapped.recv()).await.expect("tapped").payload, payload);
    }
}

#[tokio::test]
async fn a_gap_is_told_after_the_news_that_showed_it() {
    let broker = FakeBroker::start().await;
    let (connected, mut peer) = tokio::join!(Terminal::connect(broker.patient()), broker.accept(false));
    let (_terminal, mut events) = connected.expect("let in");
    let meeting = json!({"meeting_id": "m1", "rev": 1});
    peer.send(
        &json!({"v": 1, "type": "meeting_updated", "id": "d1", "meeting_id": "m1", "rev": 1, "server_ms": 0,
        "meeting": meeting}),
    )
    .await;
    peer.send(
        &json!({"v": 1, "type": "hand_changed", "id": "d2", "meeting_id": "m1", "rev": 7, "prev_rev": 5,
        "server_ms": 0, "hands": []}),
    )
    .await;
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Message(news)) if news.id == "d1"));
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Message(news)) if news.id == "d2"));
    assert!(
        matches!(within(events.next()).await, Some(TerminalEvent::Gap { meeting_id }) if meeting_id == "m1")
    );
}

#[tokio::test]
async fn a_disconnect_says_goodbye_and_ends_the_events() {
    let broker = FakeBroker::start().await;
    let (connected, mut peer) = tokio::join!(Terminal::connect(broker.patient()), broker.accept(false));
    let (terminal, mut events) = connected.expect("let in");
    tokio::join!(terminal.disconnect(), peer.disconnect_packet());
    assert!(within(events.next()).await.is_none());
    assert!(terminal.publish("call-up/attend", b"{}".to_vec()).await.is_err());
}
