//! Persistent sessions: what waits for a client, what does not, and takeovers.

use std::collections::BTreeSet;

use rumqttc::QoS;

use crate::support::{Client, Client5, START_MS, Stack, within};

#[tokio::test]
async fn messages_wait_in_order_for_a_client_that_is_away() {
    let stack = Stack::start().await;
    let mut client = Client::connect(&stack, "a").await;
    assert!(!client.session_present);
    client.subscribe("t").await;
    client.disconnect().await;
    stack.until_gone("a").await;
    for number in 0..50 {
        stack.publish("t", "", &number.to_string()).await;
    }
    let mut client = Client::connect(&stack, "a").await;
    assert!(client.session_present);
    for number in 0..50 {
        assert_eq!(client.text().await, number.to_string());
    }
}

#[tokio::test]
async fn qos_0_does_not_wait() {
    let stack = Stack::start().await;
    let mut client = Client::connect(&stack, "a").await;
    client.subscribe("t").await;
    client.cut().await;
    stack.until_gone("a").await;
    assert_eq!(stack.call("POST", "/topics/t?qos=0", "passing").await.status, 200);
    stack.publish("t", "", "queued").await;
    let mut client = Client::connect(&stack, "a").await;
    assert_eq!(client.text().await, "queued");
}

#[tokio::test]
async fn a_clean_session_leaves_nothing() {
    let stack = Stack::start().await;
    let mut client = Client::of(&stack, "a").clean().connect().await;
    client.subscribe("t").await;
    client.disconnect().await;
    stack.until_gone("a").await;
    let client = Client::connect(&stack, "a").await;
    assert!(!client.session_present);
}

#[tokio::test]
async fn a_message_past_its_expiry_is_not_delivered() {
    let stack = Stack::start().await;
    let mut client = Client::connect(&stack, "a").await;
    client.subscribe("t").await;
    client.cut().await;
    stack.until_gone("a").await;
    stack.publish("t", "&messageExpiry=10", "short").await;
    stack.publish("t", "&messageExpiry=60", "long").await;
    stack.advance_seconds(10);
    stack.publish("t", "", "endless").await;
    let mut client = Client::connect(&stack, "a").await;
    assert_eq!(client.text().await, "long");
    assert_eq!(client.text().await, "endless");
}

#[tokio::test]
async fn an_mqtt5_client_gets_what_is_left_of_the_expiry() {
    let stack = Stack::start().await;
    let mut receiver = Client5::connect(&stack, "a", 600).await;
    receiver.subscribe("t").await;
    let mut sender = Client5::connect(&stack, "b", 0).await;
    sender.publish("t", "live", 60).await;
    let live = receiver.receive().await;
    assert_eq!(live.properties.expect("properties").message_expiry_interval, Some(60));

    receiver.cut().await;
    stack.until_gone("a").await;
    sender.publish("t", "short", 10).await;
    sender.publish("t", "long", 60).await;
    stack.advance_seconds(20);
    let mut receiver = Client5::connect(&stack, "a", 600).await;
    assert!(receiver.session_present);
    let queued = receiver.receive().await;
    assert_eq!(queued.payload, "long");
    assert_eq!(queued.properties.expect("properties").message_expiry_interval, Some(40));
}

#[tokio::test]
async fn an_mqtt311_session_lasts_an_hour_by_the_clock() {
    let stack = Stack::start().await;
    for (seconds, kept) in [(3599, true), (3600, false)] {
        let mut client = Client::connect(&stack, "a").await;
        client.subscribe("t").await;
        client.cut().await;
        stack.until_gone("a").await;
        stack.publish("t", "", "waits").await;
        stack.advance_seconds(seconds);
        let mut client = Client::connect(&stack, "a").await;
        assert_eq!(client.session_present, kept, "after {seconds} s");
        if kept {
            assert_eq!(client.text().await, "waits");
        }
        client.disconnect().await;
        stack.until_gone("a").await;
    }
}

#[tokio::test]
async fn an_mqtt5_session_lasts_as_long_as_the_client_asked() {
    let stack = Stack::start().await;
    for (seconds, kept) in [(119, true), (120, false)] {
        let client = Client5::connect(&stack, "a", 120).await;
        client.cut().await;
        stack.until_gone("a").await;
        stack.advance_seconds(seconds);
        let client = Client5::connect(&stack, "a", 120).await;
        assert_eq!(client.session_present, kept, "after {seconds} s");
        client.cut().await;
        stack.until_gone("a").await;
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_in_order_before_the_rest() {
    let stack = Stack::start().await;
    let mut client = Client::of(&stack, "a").silent().connect().await;
    client.subscribe("t").await;
    for number in 0..5 {
        stack.publish("t", "", &number.to_string()).await;
    }
    for number in 0..5 {
        let message = client.receive().await;
        assert_eq!((message.payload.as_ref(), message.dup), (number.to_string().as_bytes(), false));
    }
    client.cut().await;
    stack.until_gone("a").await;
    for number in 5..10 {
        stack.publish("t", "", &number.to_string()).await;
    }
    let mut client = Client::connect(&stack, "a").await;
    for number in 0..10 {
        let message = client.receive().await;
        assert_eq!((message.payload.as_ref(), message.dup), (number.to_string().as_bytes(), number < 5));
    }
}

#[tokio::test]
async fn a_second_connection_takes_over_session_and_publishes_the_will() {
    let stack = Stack::start().await;
    let mut first = Client::of(&stack, "a").will("will", "gone").connect().await;
    first.subscribe("t").await;
    let mut second = Client::connect(&stack, "a").await;
    assert!(second.session_present);
    first.hung_up().await;
    stack.publish("t", "", "for the second").await;
    assert_eq!(second.text().await, "for the second");

    let end = stack.ruled(|message| message.topic == "$aws/events/presence/disconnected/a").await;
    let end: serde_json::Value = serde_json::from_slice(&end.payload).expect("JSON");
    assert_eq!(end["disconnectReason"], "DUPLICATE_CLIENTID");
    let will = stack.ruled(|message| message.topic == "will").await;
    assert_eq!((will.client_id.as_deref(), will.received_ms), (Some("a"), START_MS));
    assert!(stack.broker.connected("a").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_message_is_lost_in_a_storm_of_takeovers() {
    const MESSAGES: usize = 1000;
    let stack = Stack::start().await;
    let mut client = Client::connect(&stack, "a").await;
    client.subscribe("t").await;
    let mut sender = Client::connect(&stack, "sender").await;
    let sending = async {
        for number in 0..MESSAGES {
            sender.publish("t", &number.to_string()).await;
        }
    };
    // Takes over as soon as one message came, so that most are published in the midst of a takeover.
    let receiving = async {
        let mut missing: BTreeSet<_> = (0..MESSAGES).map(|number| number.to_string()).collect();
        while !missing.is_empty() {
            missing.remove(&client.text().await);
            let next = Client::connect(&stack, "a").await;
            for text in std::mem::replace(&mut client, next).last_texts().await {
                missing.remove(&text);
            }
        }
    };
    within(Box::pin(async { tokio::join!(sending, receiving) })).await;
}

#[tokio::test]
async fn qos_2_is_lowered_for_subscribers_and_refused_from_publishers() {
    let stack = Stack::start().await;
    let mut client = Client::connect(&stack, "a").await;
    client.mqtt.subscribe("t", QoS::ExactlyOnce).await.expect("is driven");
    client.publish("t", "x").await;
    assert_eq!(client.receive().await.qos, QoS::AtLeastOnce);
    client.mqtt.publish("t", QoS::ExactlyOnce, false, "y").await.expect("is driven");
    client.hung_up().await;
}
