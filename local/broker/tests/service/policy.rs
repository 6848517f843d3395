//! Tests of the policy of a connection: publish, subscribe and receive.

use rumqttc::v5::mqttbytes::v5::SubscribeReasonCode as SubscribeReasonCode5;
use rumqttc::{ConnectReturnCode, LastWill, QoS, SubscribeReasonCode};

use crate::support::{Client, Client5, TestBroker, allow, grant};

#[tokio::test]
async fn a_publish_that_is_not_allowed_ends_the_connection() {
    let broker = TestBroker::start().await;
    broker.cloud.set_authorizer_result("a", Ok(grant(&[allow("iot:Publish", "topic/up/*")])));
    let mut client = Client::connect(&broker, "a").await;
    client.publish("up/1", "allowed").await;
    client.send("down/1", "denied").await;
    client.wait_closed().await;

    let end = broker
        .wait_until_rules_receive(|message| message.topic.starts_with("$aws/events/presence/disconnected"))
        .await;
    let end: serde_json::Value = serde_json::from_slice(&end.payload).expect("JSON");
    assert_eq!(end["disconnectReason"], "AUTH_ERROR");
    let published = broker.cloud.published();
    assert!(published.iter().any(|message| message.topic == "up/1"));
    assert!(!published.iter().any(|message| message.topic == "down/1"));
}

#[tokio::test]
async fn a_payload_beyond_the_limit_ends_the_connection() {
    let broker = TestBroker::start().await;
    let client = Client::connect(&broker, "a").await;
    client.send("t", vec![b'x'; 128 * 1024]).await;
    client.send("t", vec![b'x'; 128 * 1024 + 1]).await;
    client.wait_closed().await;
    broker.wait_until_rules_receive(|message| message.payload.len() == 128 * 1024).await;
    broker
        .wait_until_rules_receive(|message| message.topic.starts_with("$aws/events/presence/disconnected"))
        .await;
    assert!(!broker.cloud.published().iter().any(|message| message.payload.len() > 128 * 1024));
}

#[tokio::test]
async fn a_subscription_that_is_not_allowed_fails() {
    let broker = TestBroker::start().await;
    for client_id in ["a", "b"] {
        broker
            .cloud
            .set_authorizer_result(client_id, Ok(grant(&[allow("iot:Subscribe", "topicfilter/down/*")])));
    }
    let mut client = Client::connect(&broker, "a").await;
    let mut client5 = Client5::connect(&broker, "b", 0).await;
    for filter in ["#", "up/+", "down", "$aws/events/#"] {
        assert_eq!(client.subscribe(filter).await, SubscribeReasonCode::Failure, "{filter}");
        assert_eq!(client5.subscribe(filter).await, SubscribeReasonCode5::NotAuthorized, "{filter}");
    }
    assert!(matches!(client.subscribe("down/+").await, SubscribeReasonCode::Success(_)));
    assert!(matches!(client5.subscribe("down/#").await, SubscribeReasonCode5::Success(_)));
}

#[tokio::test]
async fn a_message_without_receive_permission_is_not_delivered() {
    let broker = TestBroker::start().await;
    broker.cloud.set_authorizer_result(
        "a",
        Ok(grant(&[allow("iot:Subscribe", "*"), allow("iot:Receive", "topic/down/mine")])),
    );
    let mut client = Client::connect(&broker, "a").await;
    client.subscribe("down/#").await;
    broker.publish("down/other", "", "not mine").await;
    broker.publish("down/mine", "", "mine").await;
    assert_eq!(client.receive_text().await, "mine");
}

#[tokio::test]
async fn a_queued_message_is_checked_against_the_policy_of_the_receiving_connection() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "a").await;
    client.subscribe("t/#").await;
    client.disconnect().await;
    broker.wait_until_disconnected("a").await;
    broker.publish("t/1", "", "first").await;
    broker.publish("t/2", "", "second").await;
    broker.cloud.set_authorizer_result("a", Ok(grant(&[allow("iot:Receive", "topic/t/2")])));
    let mut client = Client::connect(&broker, "a").await;
    assert_eq!(client.receive_text().await, "second");
}

// Case: last-will
#[tokio::test]
async fn a_last_will_that_may_not_be_published_refuses_the_connection() {
    let broker = TestBroker::start().await;
    let statements = [allow("iot:Publish", "topic/will/a"), allow("iot:Publish", "topic/end")];
    broker.cloud.set_authorizer_result("a", Ok(grant(&statements)));
    for (topic, qos, retain) in [
        ("will/b", QoS::AtLeastOnce, false),
        ("will/a", QoS::ExactlyOnce, false),
        ("will/a", QoS::AtLeastOnce, true),
        ("1/2/3/4/5/6/7/8/9", QoS::AtLeastOnce, false),
    ] {
        let refused =
            Client::of(&broker, "a").will_of(LastWill::new(topic, "{}", qos, retain)).refused().await;
        assert_eq!(refused, ConnectReturnCode::NotAuthorized, "{topic} {qos:?} {retain}");
        assert!(!broker.handle.connected("a").await);
    }
    let allowed = Client::of(&broker, "a").will("will/a", "x").connect().await;
    allowed.cut().await;
    let will = broker.wait_until_rules_receive(|message| message.topic.starts_with("will/")).await;
    assert_eq!((will.topic.as_str(), will.client_id.as_deref()), ("will/a", Some("a")));
}

#[tokio::test]
async fn subscriptions_beyond_the_limits_are_refused() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "a").await;
    assert_eq!(client.subscribe("1/2/3/4/5/6/7/8/#").await, SubscribeReasonCode::Failure);
    assert_eq!(client.subscribe(&"x".repeat(257)).await, SubscribeReasonCode::Failure);
    assert_eq!(client.subscribe("1/2/3/4/5/6/7/#").await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
}
