//! Who may connect, and when the broker ends a connection.

use std::sync::Arc;

use broker::{Broker, BrokerConfig, StartError};
use rumqttc::ConnectReturnCode;
use rumqttc::v5::mqttbytes::v5::ConnectReturnCode as ConnectReturnCode5;
use serde_json::json;

use crate::support::{Client, Client5, Stack, TestCloud, allow, grant};

#[tokio::test]
async fn the_authorizer_gets_the_services_event() {
    let stack = Stack::start().await;
    Client::connect(&stack, "GID@@@alice").await;
    let events = stack.cloud.events();
    assert_eq!(events.len(), 1);
    let mut event = events[0].clone();
    assert!(event["connectionMetadata"]["id"].is_string());
    event["connectionMetadata"]["id"] = json!("id");
    assert_eq!(
        event,
        json!({
            "signatureVerified": false,
            "protocols": ["mqtt"],
            "protocolData": {"mqtt": {"username": "name", "password": "c2VjcmV0", "clientId": "GID@@@alice"}},
            "connectionMetadata": {"id": "id"},
        })
    );
}

#[tokio::test]
async fn whom_the_authorizer_does_not_consent_to_is_refused() {
    let stack = Stack::start().await;
    let other =
        grant(&[]).to_string().replace("\\\"*\\\"", "\\\"arn:aws:iot:us-east-1:000000000000:client/b\\\"");
    let other = serde_json::from_str(&other).expect("JSON");
    for answer in [
        Err("the function failed".to_owned()),
        Ok(json!({"isAuthenticated": false})),
        Ok(json!("nonsense")),
        Ok(json!({"isAuthenticated": true, "principalId": "p", "policyDocuments": []})),
        Ok(other),
    ] {
        stack.cloud.answer("a", answer.clone());
        assert_eq!(Client::of(&stack, "a").refused().await, ConnectReturnCode::NotAuthorized, "{answer:?}");
        assert_eq!(Client5::refused(&stack, "a").await, ConnectReturnCode5::NotAuthorized, "{answer:?}");
    }
    assert!(!stack.broker.connected("a").await);
}

#[tokio::test]
async fn a_connection_ends_when_the_authorizers_consent_does() {
    let stack = Stack::start().await;
    let mut answer = grant(&[allow("iot:*", "*")]);
    answer["disconnectAfterInSeconds"] = json!(300);
    stack.cloud.answer("a", Ok(answer));
    let short = Client::connect(&stack, "a").await;
    let mut long = Client::connect(&stack, "b").await;

    stack.advance_seconds(299);
    long.publish("t", "still here").await;
    assert!(stack.broker.connected("a").await);
    stack.advance_seconds(1);
    short.hung_up().await;
    let event = stack.ruled(|message| message.topic == "$aws/events/presence/disconnected/a").await;
    let event: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
    assert_eq!(event["disconnectReason"], "CUSTOMAUTH_TTL_EXPIRATION");
    assert!(stack.broker.connected("b").await);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let stack = Stack::start().await;
    let config = BrokerConfig { mqtt: stack.broker.mqtt_addr(), ..BrokerConfig::default() };
    let Err(error) = Broker::start(config, Arc::new(TestCloud::default())).await else {
        panic!("the port was taken");
    };
    let StartError::Listen { address, .. } = &error;
    assert_eq!(*address, stack.broker.mqtt_addr());
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn a_shutdown_disconnects_everybody_and_frees_the_port() {
    let stack = Stack::start().await;
    let a = Client::connect(&stack, "a").await;
    let b = Client::of(&stack, "b").clean().connect().await;
    stack.broker.shutdown().await;
    a.hung_up().await;
    b.hung_up().await;
    for client_id in ["a", "b"] {
        let topic = format!("$aws/events/presence/disconnected/{client_id}");
        let event = stack.cloud.published().into_iter().find(|message| message.topic == topic);
        let event: serde_json::Value =
            serde_json::from_slice(&event.expect("was announced").payload).expect("JSON");
        assert_eq!(event["disconnectReason"], "SERVER_INITIATED_DISCONNECT");
    }

    let config = BrokerConfig { mqtt: stack.broker.mqtt_addr(), ..BrokerConfig::default() };
    let again = Broker::start(config, Arc::new(TestCloud::default())).await.expect("the port is free");
    again.shutdown().await;
}
