//! Tests of `SendDirectMessage`.

use rumqttc::QoS;

use crate::support::{Client, DataPlaneResponse, TestBroker, allow, grant};

async fn send(broker: &TestBroker, client_id: &str, query: &str, body: &str) -> DataPlaneResponse {
    broker.call("POST", &format!("/connections/{client_id}/messages?{query}"), body.to_owned()).await
}

#[tokio::test]
async fn a_confirmed_message_needs_no_subscription_and_awaits_the_puback() {
    let broker = TestBroker::start().await;
    let mut client = Client::of(&broker, "GID@@@a").without_acks().connect().await;
    let sending = send(&broker, "GID%40%40%40a", "topic=call-dn%2Fx&confirmation=true&timeout=15", "ring");
    let receiving = async {
        let message = client.receive().await;
        client.mqtt.ack(&message).await.expect("the client runs");
        message
    };
    let (answer, message) = tokio::join!(sending, receiving);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body["traceId"].is_string());
    assert_eq!(
        (message.topic.as_str(), message.payload.as_ref(), message.qos),
        ("call-dn/x", &b"ring"[..], QoS::AtLeastOnce)
    );
    assert!(!broker.cloud.published().iter().any(|seen| seen.topic == "call-dn/x"), "rules do not see it");
}

#[tokio::test]
async fn an_unconfirmed_message_has_qos_0() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "a").await;
    assert_eq!(send(&broker, "a", "topic=x", "hello").await.status, 200);
    let message = client.receive().await;
    assert_eq!((message.payload.as_ref(), message.qos), (&b"hello"[..], QoS::AtMostOnce));
}

#[tokio::test]
async fn a_message_without_confirmation_is_not_delivered_again() {
    let broker = TestBroker::start().await;
    let mut client = Client::of(&broker, "a").without_acks().connect().await;
    client.subscribe("x").await;
    let answer = send(&broker, "a", "topic=x&confirmation=true&timeout=1", "ring").await;
    assert_eq!((answer.status, answer.error.as_deref()), (504, Some("GatewayTimeoutException")));
    assert_eq!(client.receive_text().await, "ring");
    client.cut().await;
    broker.wait_until_disconnected("a").await;
    broker.publish("x", "", "later").await;
    let mut client = Client::connect(&broker, "a").await;
    assert_eq!(client.receive_text().await, "later");
}

#[tokio::test]
async fn an_offline_client_is_not_found() {
    let broker = TestBroker::start().await;
    let unknown = send(&broker, "a", "topic=x", "").await;
    assert_eq!((unknown.status, unknown.error.as_deref()), (404, Some("ResourceNotFoundException")));
    let message = unknown.body["message"].as_str().expect("a message");
    assert!(!message.contains("active persistent session"), "{message}");

    let client = Client::connect(&broker, "a").await;
    client.disconnect().await;
    broker.wait_until_disconnected("a").await;
    let away = send(&broker, "a", "topic=x&confirmation=true", "").await;
    assert_eq!((away.status, away.error.as_deref()), (404, Some("ResourceNotFoundException")));
    let message = away.body["message"].as_str().expect("a message");
    assert!(message.contains("not connected, but it has an active persistent session"), "{message}");

    broker.advance_seconds(3600);
    let over = send(&broker, "a", "topic=x", "").await;
    assert!(!over.body["message"].as_str().expect("a message").contains("active persistent session"));
}

#[tokio::test]
async fn the_receivers_policy_must_allow_it() {
    let broker = TestBroker::start().await;
    broker.cloud.set_authorizer_result("a", Ok(grant(&[allow("iot:Receive", "topic/mine")])));
    let mut client = Client::connect(&broker, "a").await;
    let denied = send(&broker, "a", "topic=other", "").await;
    assert_eq!((denied.status, denied.error.as_deref()), (403, Some("ForbiddenException")));
    assert_eq!(send(&broker, "a", "topic=mine&confirmation=true", "yes").await.status, 200);
    assert_eq!(client.receive_text().await, "yes");
}

#[tokio::test]
async fn invalid_requests_get_the_errors_of_aws_iot_core() {
    let broker = TestBroker::start().await;
    let _client = Client::connect(&broker, "a").await;
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
        let answer = send(&broker, client_id, query, "").await;
        assert_eq!(
            (answer.status, answer.error.as_deref()),
            (400, Some("InvalidRequestException")),
            "{client_id} {query}"
        );
    }
    let large = send(&broker, "a", "topic=x", &"x".repeat(128 * 1024 + 1)).await;
    assert_eq!((large.status, large.error.as_deref()), (413, Some("RequestEntityTooLargeException")));
}
