//! Tests of authorization, and of connections that the broker ends.

use std::sync::Arc;

use broker::{Broker, BrokerConfig, StartError};
use rumqttc::ConnectReturnCode;
use rumqttc::v5::mqttbytes::v5::ConnectReturnCode as ConnectReturnCode5;
use serde_json::json;

use crate::support::{Client, Client5, TestBroker, TestCloud, allow, grant};

#[tokio::test]
async fn the_authorizer_gets_the_event_of_aws_iot_core() {
    let broker = TestBroker::start().await;
    Client::connect(&broker, "GID@@@alice").await;
    let events = broker.cloud.events();
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
async fn a_client_that_the_authorizer_does_not_approve_is_refused() {
    let broker = TestBroker::start().await;
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
        broker.cloud.set_authorizer_result("a", answer.clone());
        assert_eq!(Client::of(&broker, "a").refused().await, ConnectReturnCode::NotAuthorized, "{answer:?}");
        assert_eq!(Client5::refused(&broker, "a").await, ConnectReturnCode5::NotAuthorized, "{answer:?}");
    }
    assert!(!broker.handle.connected("a").await);
}

#[tokio::test]
async fn a_connection_ends_when_its_authorization_ends() {
    let broker = TestBroker::start().await;
    let mut answer = grant(&[allow("iot:*", "*")]);
    answer["disconnectAfterInSeconds"] = json!(300);
    broker.cloud.set_authorizer_result("a", Ok(answer));
    let short = Client::connect(&broker, "a").await;
    let mut long = Client::connect(&broker, "b").await;

    broker.advance_seconds(299);
    long.publish("t", "still here").await;
    assert!(broker.handle.connected("a").await);
    broker.advance_seconds(1);
    short.wait_closed().await;
    let event = broker
        .wait_until_rules_receive(|message| message.topic == "$aws/events/presence/disconnected/a")
        .await;
    let event: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
    assert_eq!(event["disconnectReason"], "CUSTOMAUTH_TTL_EXPIRATION");
    assert!(broker.handle.connected("b").await);
}

#[tokio::test]
async fn the_error_of_an_occupied_port_has_its_address() {
    let broker = TestBroker::start().await;
    let config = BrokerConfig { mqtt: broker.handle.mqtt_addr(), ..BrokerConfig::default() };
    let Err(error) = Broker::start(config, Arc::new(TestCloud::default())).await else {
        panic!("the broker started on an occupied port");
    };
    let StartError::Listen { address, .. } = &error;
    assert_eq!(*address, broker.handle.mqtt_addr());
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn a_shutdown_disconnects_all_clients_and_frees_the_port() {
    let broker = TestBroker::start().await;
    let a = Client::connect(&broker, "a").await;
    let b = Client::of(&broker, "b").clean().connect().await;
    broker.handle.shutdown().await;
    a.wait_closed().await;
    b.wait_closed().await;
    for client_id in ["a", "b"] {
        let topic = format!("$aws/events/presence/disconnected/{client_id}");
        let event = broker.cloud.published().into_iter().find(|message| message.topic == topic);
        let event: serde_json::Value =
            serde_json::from_slice(&event.expect("the event was published").payload).expect("JSON");
        assert_eq!(event["disconnectReason"], "SERVER_INITIATED_DISCONNECT");
    }

    let config = BrokerConfig { mqtt: broker.handle.mqtt_addr(), ..BrokerConfig::default() };
    let again = Broker::start(config, Arc::new(TestCloud::default())).await.expect("the port is free");
    again.shutdown().await;
}
