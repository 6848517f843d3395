//! `SendDirectMessage`.

use rumqttc::QoS;

use crate::support::{Answer, Client, Stack, allow, grant};

async fn send(stack: &Stack, client_id: &str, query: &str, body: &str) -> Answer {
    stack.call("POST", &format!("/connections/{client_id}/messages?{query}"), body.to_owned()).await
}

#[tokio::test]
async fn a_confirmed_message_needs_no_subscription_and_waits_for_the_acknowledgement() {
    let stack = Stack::start().await;
    let mut client = Client::of(&stack, "GID@@@a").silent().connect().await;
    let sending = send(&stack, "GID%40%40%40a", "topic=call-dn%2Fx&confirmation=true&timeout=15", "ring");
    let receiving = async {
        let message = client.receive().await;
        client.mqtt.ack(&message).await.expect("is driven");
        message
    };
    let (answer, message) = tokio::join!(sending, receiving);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body["traceId"].is_string());
    assert_eq!(
        (message.topic.as_str(), message.payload.as_ref(), message.qos),
        ("call-dn/x", &b"ring"[..], QoS::AtLeastOnce)
    );
    assert!(!stack.cloud.published().iter().any(|seen| seen.topic == "call-dn/x"), "rules do not see it");
}

#[tokio::test]
async fn an_unconfirmed_message_is_passing() {
    let stack = Stack::start().await;
    let mut client = Client::connect(&stack, "a").await;
    assert_eq!(send(&stack, "a", "topic=x", "hello").await.status, 200);
    let message = client.receive().await;
    assert_eq!((message.payload.as_ref(), message.qos), (&b"hello"[..], QoS::AtMostOnce));
}

#[tokio::test]
async fn a_message_that_was_not_confirmed_does_not_come_again() {
    let stack = Stack::start().await;
    let mut client = Client::of(&stack, "a").silent().connect().await;
    client.subscribe("x").await;
    let answer = send(&stack, "a", "topic=x&confirmation=true&timeout=1", "ring").await;
    assert_eq!((answer.status, answer.error.as_deref()), (504, Some("GatewayTimeoutException")));
    assert_eq!(client.text().await, "ring");
    client.cut().await;
    stack.until_gone("a").await;
    stack.publish("x", "", "later").await;
    let mut client = Client::connect(&stack, "a").await;
    assert_eq!(client.text().await, "later");
}

#[tokio::test]
async fn who_is_not_connected_is_not_found() {
    let stack = Stack::start().await;
    let unknown = send(&stack, "a", "topic=x", "").await;
    assert_eq!((unknown.status, unknown.error.as_deref()), (404, Some("ResourceNotFoundException")));
    let message = unknown.body["message"].as_str().expect("a message");
    assert!(!message.contains("active persistent session"), "{message}");

    let client = Client::connect(&stack, "a").await;
    client.disconnect().await;
    stack.until_gone("a").await;
    let away = send(&stack, "a", "topic=x&confirmation=true", "").await;
    assert_eq!((away.status, away.error.as_deref()), (404, Some("ResourceNotFoundException")));
    let message = away.body["message"].as_str().expect("a message");
    assert!(message.contains("not connected, but it has an active persistent session"), "{message}");

    stack.advance_seconds(3600);
    let over = send(&stack, "a", "topic=x", "").await;
    assert!(!over.body["message"].as_str().expect("a message").contains("active persistent session"));
}

#[tokio::test]
async fn the_receivers_policy_must_allow_it() {
    let stack = Stack::start().await;
    stack.cloud.answer("a", Ok(grant(&[allow("iot:Receive", "topic/mine")])));
    let mut client = Client::connect(&stack, "a").await;
    let denied = send(&stack, "a", "topic=other", "").await;
    assert_eq!((denied.status, denied.error.as_deref()), (403, Some("ForbiddenException")));
    assert_eq!(send(&stack, "a", "topic=mine&confirmation=true", "yes").await.status, 200);
    assert_eq!(client.text().await, "yes");
}

#[tokio::test]
async fn mistakes_are_answered_as_the_service_does() {
    let stack = Stack::start().await;
    let _client = Client::connect(&stack, "a").await;
    for (client_id, query) in [
        ("a", ""),
        ("a", "topic="),
        ("a", "topic=%24aws%2Fx"),
        ("a", "topic=x%2F%23"),
        ("a", "topic=x&confirmation=maybe"),
        ("a", "topic=x&confirmation=true&timeout=0"),
        ("a", "topic=x&confirmation=true&timeout=16"),
        ("%24a", "topic=x"),
    ] {
        let answer = send(&stack, client_id, query, "").await;
        assert_eq!(
            (answer.status, answer.error.as_deref()),
            (400, Some("InvalidRequestException")),
            "{client_id} {query}"
        );
    }
    let large = send(&stack, "a", "topic=x", &"x".repeat(128 * 1024 + 1)).await;
    assert_eq!((large.status, large.error.as_deref()), (413, Some("RequestEntityTooLargeException")));
}
