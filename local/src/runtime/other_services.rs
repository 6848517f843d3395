//! Servers of other makers that the functions call.

/// Servers that the functions call in place of parts of the stack, for tests with other implementations of AWS. The stack
/// itself neither reads the queue nor subscribes to the broker of such a server.
#[derive(Debug, Clone, Default)]
pub struct OtherServices {
    /// URL of an IoT data plane.
    pub iot_data: Option<String>,
    /// URL of an SQS-compatible server.
    pub sqs: Option<String>,
}
