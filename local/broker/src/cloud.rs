//! What the broker asks of the rest of the cloud: its custom authorizer and its topic rules.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

/// The parts of the cloud that the broker depends on.
#[async_trait]
pub trait Cloud: Send + Sync + 'static {
    /// Asks the custom authorizer whether a client may connect.
    ///
    /// `event` is what AWS IoT Core hands to a custom authorizer function; the answer is that function's result:
    /// `isAuthenticated`, `principalId`, `policyDocuments`, `disconnectAfterInSeconds`, `refreshAfterInSeconds`.
    ///
    /// # Errors
    /// The function failed; the connection is then refused. The text is logged, so it holds no secrets.
    async fn authorize(&self, event: Value) -> Result<Value, String>;

    /// Takes a message that the broker accepted (client publish, data-plane publish, last will, lifecycle event),
    /// for the topic rules.
    ///
    /// Called one message after the other, in the order of arrival. The broker does not wait for it before it
    /// acknowledges or delivers the message.
    async fn published(&self, message: Published);
}

/// A message as the topic rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Topic name, without wildcards.
    pub topic: String,
    /// Payload as it was sent.
    pub payload: Bytes,
    /// Sender; `None` if the message was not sent over MQTT (data plane, lifecycle event).
    pub client_id: Option<String>,
    /// The sender's `principalId` as the authorizer named it.
    pub principal: Option<String>,
    /// The sender's IP address, without port.
    pub source_ip: Option<String>,
    /// Unique to this message; `None` if it was not sent over MQTT.
    pub trace_id: Option<String>,
    /// When the broker received it, milliseconds since the epoch by the broker's [`Clock`](crate::Clock).
    pub received_ms: i64,
}
