//! Lifecycle events: messages under `$aws/events/presence/` about clients that connect and disconnect.
//! Source: AWS IoT Core developer guide, "Lifecycle events".

use serde_json::{Value, json};

use crate::connection::{Connection, DisconnectReason};

/// A lifecycle event as an MQTT message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LifecycleMessage {
    pub(crate) topic: String,
    pub(crate) body: Value,
}

/// Builds the event of a new connection. Returns `None` for client IDs that cannot be part of a topic.
pub(crate) fn connected(connection: &Connection) -> Option<LifecycleMessage> {
    let mut body = common(connection, "connected", connection.connected_ms);
    if let Some(address) = connection.source_ip() {
        body["ipAddress"] = json!(address);
    }
    event(connection, "connected", body)
}

/// Builds the event of an ended connection. Returns `None` for client IDs that cannot be part of a topic.
pub(crate) fn disconnected(
    connection: &Connection,
    reason: DisconnectReason,
    at_ms: i64,
) -> Option<LifecycleMessage> {
    let mut body = common(connection, "disconnected", at_ms);
    body["clientInitiatedDisconnect"] = json!(reason == DisconnectReason::ClientInitiatedDisconnect);
    body["disconnectReason"] = json!(reason);
    event(connection, "disconnected", body)
}

fn common(connection: &Connection, event_type: &str, at_ms: i64) -> Value {
    json!({
        "clientId": connection.client_id,
        "timestamp": at_ms,
        "eventType": event_type,
        "sessionIdentifier": connection.session_identifier,
        "principalIdentifier": connection.principal,
        "versionNumber": connection.version,
    })
}

fn event(connection: &Connection, event_type: &str, body: Value) -> Option<LifecycleMessage> {
    if connection.client_id.contains(['#', '+']) {
        return None;
    }
    Some(LifecycleMessage {
        topic: format!("$aws/events/presence/{event_type}/{}", connection.client_id),
        body,
    })
}
