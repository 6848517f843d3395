//! Addresses of a running stack, for people, tests and scripts.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Addresses of a running stack: the last line of the standard output of `local up`, and the content of its ready file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackAddresses {
    /// MQTT over TCP, as `127.0.0.1:1883`.
    pub mqtt: String,
    /// URL of the HTTP server.
    pub http: String,
    /// URL of MQTT over WebSocket.
    pub mqtt_ws: String,
    /// URL of the DynamoDB API.
    pub dynamodb: String,
    /// URL of the IoT data plane.
    pub iot_data: String,
    /// URL of the SQS API.
    pub sqs: String,
    /// URL of the Lambda Invoke API.
    pub lambda: String,
    /// URLs of functions, by name; only functions with a URL.
    #[serde(default)]
    pub function_urls: BTreeMap<String, String>,
    /// URL of the embedded SFU; absent if terminals join another RTC service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sfu: Option<String>,
    /// Name of the table.
    pub table: String,
}

impl StackAddresses {
    /// Writes the ready file in one step, so that a program that waits for the file never reads a part of it.
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
