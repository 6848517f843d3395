//! Tests of lifecycle events and last wills.

use rumqttc::SubscribeReasonCode;
use serde_json::{Value, json};

use crate::support::{Client, START_MS, TestBroker};

async fn event(broker: &TestBroker, event_type: &str, number: usize) -> Value {
    let topic = format!("$aws/events/presence/{event_type}/GID@@@a");
    let mut count = 0;
    let message = broker
        .wait_until_rules_receive(|message| {
            count += usize::from(message.topic == topic);
            message.topic == topic && {
                let body: Value = serde_json::from_slice(&message.payload).expect("JSON");
                body["versionNumber"] == json!(number)
            }
        })
        .await;
    assert_eq!((message.client_id, message.trace_id), (None, None));
    assert!(count > 0);
    serde_json::from_slice(&message.payload).expect("JSON")
}

#[tokio::test]
async fn connect_and_disconnect_publish_lifecycle_events() {
    let broker = TestBroker::start().await;
    let client = Client::connect(&broker, "GID@@@a").await;
    let connected = event(&broker, "connected", 0).await;
    let session = connected["sessionIdentifier"].clone();
    assert!(session.is_string());
    assert_eq!(
        connected,
        json!({
            "clientId": "GID@@@a",
            "timestamp": START_MS,
            "eventType": "connected",
            "sessionIdentifier": session,
            "principalIdentifier": "principal1",
            "ipAddress": "127.0.0.1",
            "versionNumber": 0,
        })
    );

    broker.advance_seconds(5);
    client.disconnect().await;
    let disconnected = event(&broker, "disconnected", 0).await;
    assert_eq!(
        disconnected,
        json!({
            "clientId": "GID@@@a",
            "timestamp": START_MS + 5000,
            "eventType": "disconnected",
            "sessionIdentifier": session,
            "principalIdentifier": "principal1",
            "versionNumber": 0,
            "clientInitiatedDisconnect": true,
            "disconnectReason": "CLIENT_INITIATED_DISCONNECT",
        })
    );

    let client = Client::connect(&broker, "GID@@@a").await;
    let again = event(&broker, "connected", 1).await;
    assert_ne!(again["sessionIdentifier"], session);
    client.cut().await;
    let lost = event(&broker, "disconnected", 1).await;
    assert_eq!(lost["sessionIdentifier"], again["sessionIdentifier"]);
    assert_eq!(lost["clientInitiatedDisconnect"], false);
    assert_eq!(lost["disconnectReason"], "CONNECTION_LOST");
}

#[tokio::test]
async fn clients_can_subscribe_to_lifecycle_events() {
    let broker = TestBroker::start().await;
    let mut watcher = Client::connect(&broker, "watcher").await;
    let filter = "$aws/events/presence/+/GID@@@a";
    assert!(matches!(watcher.subscribe(filter).await, SubscribeReasonCode::Success(_)));
    let client = Client::connect(&broker, "GID@@@a").await;
    assert_eq!(watcher.receive().await.topic, "$aws/events/presence/connected/GID@@@a");
    client.disconnect().await;
    assert_eq!(watcher.receive().await.topic, "$aws/events/presence/disconnected/GID@@@a");
}

#[tokio::test]
async fn a_will_is_published_after_a_lost_connection_but_not_after_a_disconnect() {
    let broker = TestBroker::start().await;
    let polite = Client::of(&broker, "polite").will("will", "polite").connect().await;
    polite.disconnect().await;
    broker.wait_until_disconnected("polite").await;
    let lost = Client::of(&broker, "lost").will("will", "lost").connect().await;
    lost.cut().await;
    let will = broker.wait_until_rules_receive(|message| message.topic == "will").await;
    assert_eq!(will.payload, "lost");
}
