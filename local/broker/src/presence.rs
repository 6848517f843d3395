//! Lifecycle events: who connected and who left, as messages under `$aws/events/presence/`.
//! Source: AWS IoT Core developer guide, "Lifecycle events".

use serde_json::{Value, json};

use crate::connection::{Connection, DisconnectReason};

/// A lifecycle event, ready to be published.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) topic: String,
    pub(crate) body: Value,
}

/// The event of a connection that was made; `None` for client ids that cannot be part of a topic.
pub(crate) fn connected(connection: &Connection) -> Option<Event> {
    let mut body = common(connection, "connected", connection.connected_ms);
    if let Some(address) = connection.source_ip() {
        body["ipAddress"] = json!(address);
    }
    event(connection, "connected", body)
}

/// The event of a connection that ended; `None` for client ids that cannot be part of a topic.
pub(crate) fn disconnected(connection: &Connection, reason: DisconnectReason, at_ms: i64) -> Option<Event> {
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

fn event(connection: &Connection, event_type: &str, body: Value) -> Option<Event> {
    if connection.client_id.contains(['#', '+']) {
        return None;
    }
    Some(Event { topic: format!("$aws/events/presence/{event_type}/{}", connection.client_id), body })
}
