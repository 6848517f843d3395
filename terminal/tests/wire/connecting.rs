//! Tests of connects, subscriptions, lost connections and reconnects.

use crate::fake_broker::{CLIENT, FakeBroker, within};
use rumqttc::{ConnAck, ConnectReturnCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use terminal::{ConnectError, Terminal, TerminalEvent, development_jwt};
use tokio::sync::mpsc;

#[tokio::test]
async fn it_connects_with_a_persistent_session_and_subscribes_to_its_two_topics() {
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
async fn a_refused_connect_is_an_error_and_not_retried() {
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
async fn a_refused_subscription_fails_the_connect() {
    let broker = FakeBroker::start().await;
    let (connected, _peer) = tokio::join!(Terminal::connect(broker.patient()), async {
        let mut peer = broker.answer_connect(ConnAck::new(ConnectReturnCode::Success, false)).await;
        let subscribe = peer.subscription().await;
        peer.refuse_subscription(&subscribe).await;
        peer
    });
    assert!(matches!(connected, Err(ConnectError::NotSubscribed)), "{connected:?}");
}

#[tokio::test]
async fn a_client_id_with_too_long_topics_does_not_connect() {
    let broker = FakeBroker::start().await;
    let mut config = broker.patient();
    config.client_id = format!("G@@@{}", "a".repeat(49)).parse().expect("a client ID");
    let connected = Terminal::connect(config).await;
    assert!(matches!(connected, Err(ConnectError::Address(_))), "{connected:?}");
}

#[tokio::test]
async fn a_reconnect_uses_the_renewed_token() {
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
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Message(notice)) if notice.id == "d1"));
}

#[tokio::test]
async fn a_refused_reconnect_is_reported_and_a_new_token_gets_in() {
    let broker = FakeBroker::start().await;
    let (connected, peer) = tokio::join!(Terminal::connect(broker.patient()), broker.accept(false));
    let (terminal, mut events) = connected.expect("let in");
    drop(peer);
    drop(broker.answer_connect(ConnAck::new(ConnectReturnCode::NotAuthorized, false)).await);
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Disconnected { .. })));
    let event = within(events.next()).await;
    assert!(
        matches!(&event, Some(TerminalEvent::LoginRefused { tries_again: true, reason, renewals: 0 }) if reason.contains("NotAuthorized")),
        "{event:?}"
    );
    let token = development_jwt("secret", "alice", None, 4_100_000_000);
    terminal.renew_token(token.clone());
    let peer = broker.accept(true).await;
    assert_eq!(peer.connect.login.clone().expect("a token").password, token.expose_secret());
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Connected { .. })));
}

#[tokio::test]
async fn a_token_that_is_refused_again_and_again_is_not_tried_for_ever() {
    let broker = FakeBroker::start().await;
    let mut config = broker.patient();
    config.retry.reconnect_at_most = config.retry.reconnect_after;
    let (connected, peer) = tokio::join!(Terminal::connect(config), broker.accept(false));
    let (terminal, mut events) = connected.expect("let in");
    drop(peer);
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Disconnected { .. })));
    loop {
        drop(broker.answer_connect(ConnAck::new(ConnectReturnCode::BadUserNamePassword, false)).await);
        match within(events.next()).await {
            Some(TerminalEvent::LoginRefused { tries_again: true, .. }) => {}
            Some(TerminalEvent::LoginRefused { tries_again: false, .. }) => break,
            other => panic!("{other:?}"),
        }
    }
    // The next connect uses the new token.
    let token = development_jwt("secret", "alice", None, 4_100_000_000);
    terminal.renew_token(token.clone());
    let peer = broker.accept(true).await;
    assert_eq!(peer.connect.login.clone().expect("a token").password, token.expose_secret());
}

#[tokio::test]
async fn a_publish_that_closes_the_connection_is_repeated_once_only() {
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
async fn a_notice_is_delivered_once_and_the_tap_gets_every_copy() {
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

    let event = within(events.next()).await;
    assert!(
        matches!(&event, Some(TerminalEvent::Message(notice)) if notice.body.get("anything") == Some(&Value::Bool(true))),
        "{event:?}"
    );
    let event = within(events.next()).await;
    assert!(matches!(&event, Some(TerminalEvent::Message(notice)) if notice.id == "d2"), "{event:?}");
    for payload in [first.to_string().as_bytes(), first.to_string().as_bytes(), b"\xffno JSON"] {
        assert_eq!(within(tapped.recv()).await.expect("tapped").payload, payload);
    }
}

#[tokio::test]
async fn a_gap_is_reported_after_the_notice_that_shows_it() {
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
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Message(notice)) if notice.id == "d1"));
    assert!(matches!(within(events.next()).await, Some(TerminalEvent::Message(notice)) if notice.id == "d2"));
    assert!(
        matches!(within(events.next()).await, Some(TerminalEvent::Gap { meeting_id }) if meeting_id == "m1")
    );
}

#[tokio::test]
async fn a_disconnect_sends_the_mqtt_packet_and_ends_the_events() {
    let broker = FakeBroker::start().await;
    let (connected, mut peer) = tokio::join!(Terminal::connect(broker.patient()), broker.accept(false));
    let (terminal, mut events) = connected.expect("let in");
    tokio::join!(terminal.disconnect(), peer.disconnect_packet());
    assert!(within(events.next()).await.is_none());
    assert!(terminal.publish("call-up/attend", b"{}".to_vec()).await.is_err());
}
