//! Interface to the rest of the cloud: the custom authorizer and the topic rules.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

/// The parts of the cloud that the broker depends on.
#[async_trait]
pub trait Cloud: Send + Sync + 'static {
    /// Calls the custom authorizer for a client that connects.
    ///
    /// `event` is the event that AWS IoT Core passes to a custom authorizer function. The returned value is the result
    /// of that function: `isAuthenticated`, `principalId`, `policyDocuments`, `disconnectAfterInSeconds`,
    /// `refreshAfterInSeconds`.
    ///
    /// # Errors
    /// The function failed; the broker then refuses the connection. The text is logged, so it must not contain
    /// secrets.
    async fn authorize(&self, event: Value) -> Result<Value, String>;

    /// Passes an accepted message (client publish, data-plane publish, last will or lifecycle event) to the topic
    /// rules.
    ///
    /// The broker calls this for one message after the other, in the order of arrival. It acknowledges and delivers
    /// the message without waiting for this call.
    async fn published(&self, message: Published);
}

/// A message as the topic rules receive it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Topic name, without wildcards.
    pub topic: String,
    /// Payload as the sender sent it.
    pub payload: Bytes,
    /// Client ID of the sender; `None` if the message was not sent over MQTT (data plane, lifecycle event).
    pub client_id: Option<String>,
    /// The sender's `principalId` from the authorizer; `None` if the message was not sent over MQTT.
    pub principal: Option<String>,
    /// The sender's IP address without the port; `None` if the message was not sent over MQTT.
    pub source_ip: Option<String>,
    /// Unique ID of this message; `None` if the message was not sent over MQTT.
    pub trace_id: Option<String>,
    /// Time of receipt in milliseconds since the Unix epoch, by the broker's [`Clock`](crate::Clock).
    pub received_ms: i64,
}
