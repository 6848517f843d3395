//! What the stack says when all its parts answer: where they are, for people, tests and scripts.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Addresses of a running stack, as its last line of output and in its ready file. Parts that do not exist are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// MQTT over TCP, as `127.0.0.1:1883`.
    pub mqtt: String,
    /// The HTTP server.
    pub http: String,
    /// MQTT over WebSocket.
    pub mqtt_ws: String,
    /// The DynamoDB API.
    pub dynamodb: String,
    /// The IoT data plane.
    pub iot_data: String,
    /// The SQS API.
    pub sqs: String,
    /// The Lambda Invoke API.
    pub lambda: String,
    /// URLs of the functions that have one.
    #[serde(default)]
    pub function_urls: BTreeMap<String, String>,
    /// The embedded SFU, where terminals join; absent if they join elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sfu: Option<String>,
    /// Name of the table.
    pub table: String,
}

impl Ready {
    /// Writes the ready file in one step, so that whoever waits for it never reads half of it.
    ///
    /// # Errors
    /// The file or its neighbour `….part` cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        std::fs::write(&part, serde_json::to_string(self)? + "\n")?;
        std::fs::rename(&part, path)
    }
}
