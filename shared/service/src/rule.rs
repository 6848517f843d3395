//! The event that the broker's rule hands to a function.
//!
//! The payload is nested as base64, never flattened: nothing in it can pretend to be the client ID, and
//! even bytes that are no JSON arrive and can be answered. Any field but `payload` may be missing, since
//! the rule engine drops what is undefined.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use switchboard_core::cause::Cause;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::BodyHash;

/// The event as it stands on the wire (`events/*.json`).
#[derive(Debug, Clone, Deserialize)]
struct RuleEvent {
    payload: String,
    client_id: Option<String>,
    received_ms: Option<i64>,
    trace_id: Option<String>,
}

/// What came from a terminal, proven by the broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The device that sent it; `None` if it was not sent over MQTT by a well-formed client ID.
    pub sender: Option<ClientId>,
    /// When the broker had it, in milliseconds since the epoch.
    pub received_ms: Option<i64>,
    /// The broker's id of this message.
    pub trace_id: String,
    /// The bytes that the terminal published.
    pub payload: Vec<u8>,
}

/// An event that no rule of ours makes.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A field is missing or has another type.
    #[error("the event is not what the rule hands over")]
    Shape(#[from] serde_json::Error),
    /// `payload` is no base64.
    #[error("the event's payload is no base64")]
    Payload(#[from] base64::DecodeError),
}

impl Received {
    /// Reads the event of a rule.
    pub fn from_event(event: serde_json::Value) -> Result<Self, RuleError> {
        let event: RuleEvent = serde_json::from_value(event)?;
        Ok(Self {
            // "n/a" is the rule engine's word for "not sent over MQTT"; it is no client ID and does not parse.
            sender: event.client_id.and_then(|id| ClientId::try_from(id).ok()),
            received_ms: event.received_ms,
            trace_id: event.trace_id.unwrap_or_default(),
            payload: BASE64_STANDARD.decode(event.payload)?,
        })
    }

    /// The cause of an answer to a payload that names no usable request id.
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
