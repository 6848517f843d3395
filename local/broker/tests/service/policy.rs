//! What the policy of a connection allows: publishing, subscribing, receiving.

use rumqttc::SubscribeReasonCode;
use rumqttc::v5::mqttbytes::v5::SubscribeReasonCode as SubscribeReasonCode5;

use crate::support::{Client, Client5, Stack, allow, grant};

#[tokio::test]
async fn a_publish_that_is_not_allowed_ends_the_connection() {
    let stack = Stack::start().await;
    stack.cloud.answer("a", Ok(grant(&[allow("iot:Publish", "topic/up/*")])));
    let mut client = Client::connect(&stack, "a").await;
    client.publish("up/1", "allowed").await;
    client.send("down/1", "denied").await;
    client.hung_up().await;

    let end = stack.ruled(|message| message.topic.starts_with("$aws/events/presence/disconnected")).await;
    let end: serde_json::Value = serde_json::from_slice(&end.payload).expect("JSON");
    assert_eq!(end["disconnectReason"], "AUTH_ERROR");
    let published = stack.cloud.published();
    assert!(published.iter().any(|message| message.topic == "up/1"));
    assert!(!published.iter().any(|message| message.topic == "down/1"));
}

#[tokio::test]
async fn a_payload_beyond_the_limit_ends_the_connection() {
    let stack = Stack::start().await;
    let client = Client::connect(&stack, "a").await;
    client.send("t", vec![b'x'; 128 * 1024]).await;
    client.send("t", vec![b'x'; 128 * 1024 + 1]).await;
    client.hung_up().await;
    stack.ruled(|message| message.payload.len() == 128 * 1024).await;
    stack.ruled(|message| message.topic.starts_with("$aws/events/presence/disconnected")).await;
    assert!(!stack.cloud.published().iter().any(|message| message.payload.len() > 128 * 1024));
}

#[tokio::test]
async fn a_subscription_that_is_not_allowed_fails() {
    let stack = Stack::start().await;
    for client_id in ["a", "b"] {
        stack.cloud.answer(client_id, Ok(grant(&[allow("iot:Subscribe", "topicfilter/down/*")])));
    }
    let mut client = Client::connect(&stack, "a").await;
    let mut client5 = Client5::connect(&stack, "b", 0).await;
    for filter in ["#", "up/+", "down", "$aws/events/#"] {
        assert_eq!(client.subscribe(filter).await, SubscribeReasonCode::Failure, "{filter}");
        assert_eq!(client5.subscribe(filter).await, SubscribeReasonCode5::NotAuthorized, "{filter}");
    }
    assert!(matches!(client.subscribe("down/+").await, SubscribeReasonCode::Success(_)));
    assert!(matches!(client5.subscribe("down/#").await, SubscribeReasonCode5::Success(_)));
}

#[tokio::test]
async fn what_may_not_be_received_is_not_delivered() {
    let stack = Stack::start().await;
    stack
        .cloud
        .answer("a", Ok(grant(&[allow("iot:Subscribe", "*"), allow("iot:Receive", "topic/down/mine")])));
    let mut client = Client::connect(&stack, "a").await;
    client.subscribe("down/#").await;
    stack.publish("down/other", "", "not mine").await;
    stack.publish("down/mine", "", "mine").await;
    assert_eq!(client.text().await, "mine");
}

#[tokio::test]
async fn a_queued_message_is_held_to_the_policy_of_the_connection_that_gets_it() {
    let stack = Stack::start().await;
    let mut client = Client::connect(&stack, "a").await;
    client.subscribe("t/#").await;
    client.disconnect().await;
    stack.until_gone("a").await;
    stack.publish("t/1", "", "first").await;
    stack.publish("t/2", "", "second").await;
    stack.cloud.answer("a", Ok(grant(&[allow("iot:Receive", "topic/t/2")])));
    let mut client = Client::connect(&stack, "a").await;
    assert_eq!(client.text().await, "second");
}

#[tokio::test]
async fn a_last_will_is_held_to_the_policy() {
    let stack = Stack::start().await;
    let statements = [allow("iot:Publish", "topic/will/a"), allow("iot:Publish", "topic/end")];
    stack.cloud.answer("a", Ok(grant(&statements)));
    let denied = Client::of(&stack, "a").will("will/b", "x").connect().await;
    denied.cut().await;
    stack.until_gone("a").await;
    let allowed = Client::of(&stack, "a").will("will/a", "x").connect().await;
    allowed.cut().await;
    let will = stack.ruled(|message| message.topic.starts_with("will/")).await;
    assert_eq!((will.topic.as_str(), will.client_id.as_deref()), ("will/a", Some("a")));
}
