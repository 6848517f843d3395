//! Errors of the table.

use std::error::Error;

/// Error of a read or write in the table.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB is unreachable, throttled the call or refused it, after the SDK's own retries.
    #[error("DynamoDB {operation} failed")]
    Unavailable {
        /// API operation that failed.
        operation: &'static str,
        /// Error of the SDK.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A stored record does not have a shape that this version reads.
    #[error("stored record {key} is unreadable")]
    Unreadable {
        /// Partition key of the record.
        key: String,
        /// Defect of the record.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The service built an invalid request or record. This is a bug of the service.
    #[error("invalid {operation} request built by the service")]
    Invalid {
        /// API operation of the request.
        operation: &'static str,
        /// Error of the builder or serialiser.
        source: Box<dyn Error + Send + Sync>,
    },
}
