//! Delivery modes and errors of the MQTT broker.

use std::error::Error;

/// Delivery of a published message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qos {
    /// QoS 0: the message is dropped if the device is not connected.
    BestEffort,
    /// QoS 1: the broker keeps the message for a device that is not connected.
    Queued,
}

/// Result of a direct message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectDelivery {
    /// The connected device has received the message.
    Delivered,
    /// The device is not connected.
    NotConnected {
        /// True if the broker reports that the device has a session, whose queue keeps messages for it.
        has_session: bool,
    },
}

/// Error of a call to the MQTT broker.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The broker is unreachable or refused the call, after the SDK's own retries.
    #[error("broker call {operation} failed")]
    Unavailable {
        /// API operation that failed.
        operation: &'static str,
        /// Error of the SDK.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The role of the function does not allow the call, or the policy of the device does not allow the
    /// delivery.
    #[error("broker call {operation} denied")]
    Denied {
        /// API operation that was denied.
        operation: &'static str,
        /// Error of the SDK.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The account exceeded its quota for calls of this kind, after the SDK's own retries.
    #[error("broker call {operation} throttled")]
    Throttled {
        /// API operation that was throttled.
        operation: &'static str,
    },
    /// The downlink cannot be serialised. This is a bug of the service.
    #[error("downlink cannot be serialised")]
    Encode(#[from] serde_json::Error),
}
