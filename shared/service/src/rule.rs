//! The event of a broker rule.
//!
//! The payload is nested as base64, never flattened: no field in it can pretend to be the client ID, and even bytes that are
//! not JSON arrive and can be answered. Any field but `payload` may be missing, since the rule engine drops undefined fields.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use switchboard_core::Cause;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::BodyHash;

/// The event in its JSON form (`events/*.json`).
#[derive(Debug, Clone, Deserialize)]
struct RuleEvent {
    payload: String,
    client_id: Option<String>,
    received_ms: Option<i64>,
    trace_id: Option<String>,
}

/// A message of a terminal, with the sender that the broker authenticated.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The sender; `None` if the message was not sent over MQTT by a well-formed client ID.
    pub sender: Option<ClientId>,
    /// Time of receipt by the broker, in milliseconds since the epoch.
    pub received_ms: Option<i64>,
    /// The broker's id of the message.
    pub trace_id: String,
    /// The published bytes.
    pub payload: Vec<u8>,
}

/// Error of an event that is not from a rule of the template.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A field is missing or has another type.
    #[error("event is not from a broker rule")]
    Shape(#[from] serde_json::Error),
    /// `payload` is not base64.
    #[error("payload of the event is not base64")]
    Payload(#[from] base64::DecodeError),
}

impl Received {
    /// Reads the event of a rule.
    pub fn from_event(event: serde_json::Value) -> Result<Self, RuleError> {
        let event: RuleEvent = serde_json::from_value(event)?;
        Ok(Self {
            // The rule engine gives "n/a" for messages not sent over MQTT, which does not parse as a client ID.
            sender: event.client_id.and_then(|id| ClientId::try_from(id).ok()),
            received_ms: event.received_ms,
            trace_id: event.trace_id.unwrap_or_default(),
            payload: BASE64_STANDARD.decode(event.payload)?,
        })
    }

    /// Returns the cause of an answer to a payload without a usable request id.
    #[must_use]
    pub fn unreadable_cause(&self) -> Cause {
        Cause::Unreadable { trace_id: self.trace_id.clone(), hash: BodyHash::of(&self.payload) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // Proves: sender
    #[test]
    fn the_sender_is_whom_the_broker_names_never_whom_the_payload_names() {
        let payload = BASE64_STANDARD.encode(r#"{"client_id":"GID@@@mallory"}"#);
        let event =
            json!({"payload": payload, "client_id": "GID@@@alice.phone", "received_ms": 5, "trace_id": "t"});
        let received = Received::from_event(event).expect("well formed");
        assert_eq!(received.sender.expect("was sent over MQTT").user().as_str(), "alice");
    }

    #[test]
    fn everything_but_the_payload_may_be_missing() {
        let received = Received::from_event(json!({"payload": ""})).expect("well formed");
        assert_eq!((received.sender, received.received_ms, received.payload), (None, None, Vec::new()));
        let received = Received::from_event(json!({"payload": "", "client_id": "n/a"})).expect("well formed");
        assert_eq!(received.sender, None);
        assert!(Received::from_event(json!({"client_id": "GID@@@alice"})).is_err());
        assert!(Received::from_event(json!({"payload": "%"})).is_err());
    }
}
