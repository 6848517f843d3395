//! Tests of persistent sessions: queued messages, expiry and takeovers.

use std::collections::BTreeSet;

use rumqttc::QoS;

use crate::support::{Client, Client5, START_MS, TestBroker, within};

#[tokio::test]
async fn messages_for_an_offline_client_are_queued_in_order() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "a").await;
    assert!(!client.session_present);
    client.subscribe("t").await;
    client.disconnect().await;
    broker.wait_until_disconnected("a").await;
    for number in 0..50 {
        broker.publish("t", "", &number.to_string()).await;
    }
    let mut client = Client::connect(&broker, "a").await;
    assert!(client.session_present);
    for number in 0..50 {
        assert_eq!(client.receive_text().await, number.to_string());
    }
}

#[tokio::test]
async fn qos_0_messages_are_not_queued() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "a").await;
    client.subscribe("t").await;
    client.cut().await;
    broker.wait_until_disconnected("a").await;
    assert_eq!(broker.call("POST", "/topics/t?qos=0", "passing").await.status, 200);
    broker.publish("t", "", "queued").await;
    let mut client = Client::connect(&broker, "a").await;
    assert_eq!(client.receive_text().await, "queued");
}

#[tokio::test]
async fn a_clean_session_is_not_kept() {
    let broker = TestBroker::start().await;
    let mut client = Client::of(&broker, "a").clean().connect().await;
    client.subscribe("t").await;
    client.disconnect().await;
    broker.wait_until_disconnected("a").await;
    let client = Client::connect(&broker, "a").await;
    assert!(!client.session_present);
}

#[tokio::test]
async fn a_restart_closes_all_connections_and_keeps_or_loses_the_sessions() {
    for keeps in [true, false] {
        let broker = TestBroker::start().await;
        let mut connected = Client::connect(&broker, "a").await;
        connected.subscribe("t").await;
        let mut away = Client::connect(&broker, "b").await;
        away.subscribe("t").await;
        away.disconnect().await;
        broker.wait_until_disconnected("b").await;
        broker.publish("t", "", "queued").await;
        assert_eq!(connected.receive_text().await, "queued");
        assert_eq!(broker.handle.restart(keeps).await, 1, "one client is connected");
        assert!(!broker.handle.connected("a").await);
        let event = broker
            .wait_until_rules_receive(|event| event.topic == "$aws/events/presence/disconnected/a")
            .await;
        assert!(String::from_utf8_lossy(&event.payload).contains("SERVER_INITIATED_DISCONNECT"));
        for client in ["a", "b"] {
            let client = Client::connect(&broker, client).await;
            assert_eq!(client.session_present, keeps);
        }
    }
}

#[tokio::test]
async fn an_expired_message_is_not_delivered() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "a").await;
    client.subscribe("t").await;
    client.cut().await;
    broker.wait_until_disconnected("a").await;
    broker.publish("t", "&messageExpiry=10", "short").await;
    broker.publish("t", "&messageExpiry=60", "long").await;
    broker.advance_seconds(10);
    broker.publish("t", "", "endless").await;
    let mut client = Client::connect(&broker, "a").await;
    assert_eq!(client.receive_text().await, "long");
    assert_eq!(client.receive_text().await, "endless");
}

#[tokio::test]
async fn an_mqtt5_client_gets_the_time_left_as_expiry_interval() {
    let broker = TestBroker::start().await;
    let mut receiver = Client5::connect(&broker, "a", 600).await;
    receiver.subscribe("t").await;
    let mut sender = Client5::connect(&broker, "b", 0).await;
    sender.publish("t", "live", 60).await;
    let live = receiver.receive().await;
    assert_eq!(live.properties.expect("properties").message_expiry_interval, Some(60));

    receiver.cut().await;
    broker.wait_until_disconnected("a").await;
    sender.publish("t", "short", 10).await;
    sender.publish("t", "long", 60).await;
    broker.advance_seconds(20);
    let mut receiver = Client5::connect(&broker, "a", 600).await;
    assert!(receiver.session_present);
    let queued = receiver.receive().await;
    assert_eq!(queued.payload, "long");
    assert_eq!(queued.properties.expect("properties").message_expiry_interval, Some(40));
}

#[tokio::test]
async fn an_mqtt311_session_lasts_one_hour_by_the_brokers_clock() {
    let broker = TestBroker::start().await;
    for (seconds, kept) in [(3599, true), (3600, false)] {
        let mut client = Client::connect(&broker, "a").await;
        client.subscribe("t").await;
        client.cut().await;
        broker.wait_until_disconnected("a").await;
        broker.publish("t", "", "waits").await;
        broker.advance_seconds(seconds);
        let mut client = Client::connect(&broker, "a").await;
        assert_eq!(client.session_present, kept, "after {seconds} s");
        if kept {
            assert_eq!(client.receive_text().await, "waits");
        }
        client.disconnect().await;
        broker.wait_until_disconnected("a").await;
    }
}

#[tokio::test]
async fn an_mqtt5_session_lasts_as_long_as_the_client_requested() {
    let broker = TestBroker::start().await;
    for (seconds, kept) in [(119, true), (120, false)] {
        let client = Client5::connect(&broker, "a", 120).await;
        client.cut().await;
        broker.wait_until_disconnected("a").await;
        broker.advance_seconds(seconds);
        let client = Client5::connect(&broker, "a", 120).await;
        assert_eq!(client.session_present, kept, "after {seconds} s");
        client.cut().await;
        broker.wait_until_disconnected("a").await;
    }
}

#[tokio::test]
async fn unacknowledged_messages_are_redelivered_in_order_before_newer_ones() {
    let broker = TestBroker::start().await;
    let mut client = Client::of(&broker, "a").without_acks().connect().await;
    client.subscribe("t").await;
    for number in 0..5 {
        broker.publish("t", "", &number.to_string()).await;
    }
    for number in 0..5 {
        let message = client.receive().await;
        assert_eq!((message.payload.as_ref(), message.dup), (number.to_string().as_bytes(), false));
    }
    client.cut().await;
    broker.wait_until_disconnected("a").await;
    for number in 5..10 {
        broker.publish("t", "", &number.to_string()).await;
    }
    let mut client = Client::connect(&broker, "a").await;
    for number in 0..10 {
        let message = client.receive().await;
        assert_eq!((message.payload.as_ref(), message.dup), (number.to_string().as_bytes(), number < 5));
    }
}

#[tokio::test]
async fn a_second_connection_takes_over_session_and_publishes_the_will() {
    let broker = TestBroker::start().await;
    let mut first = Client::of(&broker, "a").will("will", "gone").connect().await;
    first.subscribe("t").await;
    let mut second = Client::connect(&broker, "a").await;
    assert!(second.session_present);
    first.wait_closed().await;
    broker.publish("t", "", "for the second").await;
    assert_eq!(second.receive_text().await, "for the second");

    let end = broker
        .wait_until_rules_receive(|message| message.topic == "$aws/events/presence/disconnected/a")
        .await;
    let end: serde_json::Value = serde_json::from_slice(&end.payload).expect("JSON");
    assert_eq!(end["disconnectReason"], "DUPLICATE_CLIENTID");
    let will = broker.wait_until_rules_receive(|message| message.topic == "will").await;
    assert_eq!((will.client_id.as_deref(), will.received_ms), (Some("a"), START_MS));
    assert!(broker.handle.connected("a").await);
}

// Proves: takeover
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn frequent_takeovers_lose_no_message() {
    const MESSAGES: usize = 1000;
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "a").await;
    client.subscribe("t").await;
    let mut sender = Client::connect(&broker, "sender").await;
    let sending = async {
        for number in 0..MESSAGES {
            sender.publish("t", &number.to_string()).await;
        }
    };
    // Reconnects after each received message, so that most messages are published during a takeover.
    let receiving = async {
        let mut missing: BTreeSet<_> = (0..MESSAGES).map(|number| number.to_string()).collect();
        while !missing.is_empty() {
            missing.remove(&client.receive_text().await);
            let next = Client::connect(&broker, "a").await;
            for text in std::mem::replace(&mut client, next).last_texts().await {
                missing.remove(&text);
            }
        }
    };
    within(Box::pin(async { tokio::join!(sending, receiving) })).await;
}

#[tokio::test]
async fn qos_2_is_reduced_for_subscribers_and_refused_from_publishers() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "a").await;
    client.mqtt.subscribe("t", QoS::ExactlyOnce).await.expect("the client runs");
    client.publish("t", "x").await;
    assert_eq!(client.receive().await.qos, QoS::AtLeastOnce);
    client.mqtt.publish("t", QoS::ExactlyOnce, false, "y").await.expect("the client runs");
    client.wait_closed().await;
}
