//! Lifecycle events.

use rumqttc::SubscribeReasonCode;
use serde_json::{Value, json};

use crate::support::{Client, START_MS, Stack};

async fn event(stack: &Stack, event_type: &str, number: usize) -> Value {
    let topic = format!("$aws/events/presence/{event_type}/GID@@@a");
    let mut count = 0;
    let message = stack
        .ruled(|message| {
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
async fn connecting_and_leaving_is_announced() {
    let stack = Stack::start().await;
    let client = Client::connect(&stack, "GID@@@a").await;
    let connected = event(&stack, "connected", 0).await;
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

    stack.advance_seconds(5);
    client.disconnect().await;
    let disconnected = event(&stack, "disconnected", 0).await;
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

    let client = Client::connect(&stack, "GID@@@a").await;
    let again = event(&stack, "connected", 1).await;
    assert_ne!(again["sessionIdentifier"], session);
    client.cut().await;
    let lost = event(&stack, "disconnected", 1).await;
    assert_eq!(lost["sessionIdentifier"], again["sessionIdentifier"]);
    assert_eq!(lost["clientInitiatedDisconnect"], false);
    assert_eq!(lost["disconnectReason"], "CONNECTION_LOST");
}

#[tokio::test]
async fn events_can_be_subscribed_to() {
    let stack = Stack::start().await;
    let mut watcher = Client::connect(&stack, "watcher").await;
    let filter = "$aws/events/presence/+/GID@@@a";
    assert!(matches!(watcher.subscribe(filter).await, SubscribeReasonCode::Success(_)));
    let client = Client::connect(&stack, "GID@@@a").await;
    assert_eq!(watcher.receive().await.topic, "$aws/events/presence/connected/GID@@@a");
    client.disconnect().await;
    assert_eq!(watcher.receive().await.topic, "$aws/events/presence/disconnected/GID@@@a");
}

#[tokio::test]
async fn a_will_follows_a_lost_connection_and_not_a_disconnect() {
    let stack = Stack::start().await;
    let polite = Client::of(&stack, "polite").will("will", "polite").connect().await;
    polite.disconnect().await;
    stack.until_gone("polite").await;
    let lost = Client::of(&stack, "lost").will("will", "lost").connect().await;
    lost.cut().await;
    let will = stack.ruled(|message| message.topic == "will").await;
    assert_eq!(will.payload, "lost");
}
