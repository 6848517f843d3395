//! Errors of a request, and of an invocation.

use crate::error_chain::ErrorChain;
use crate::ports::{BrokerError, StoreError};
use lambda_runtime::Diagnostic;
use switchboard_core::Refusal;

/// Error of a request that was not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A client's mistake, or a state that does not allow the request. The sender gets it as the answer.
    #[error("refused: {}", .0.message)]
    Refused(Refusal),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The MQTT broker failed.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// Another commit came first in every attempt.
    #[error("other commits came first in every attempt")]
    Contended,
}

impl From<Refusal> for ServeError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Failure of an invocation. Lambda retries the event, and then puts it on the queue of failed events with a
/// stable type.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct InvocationFailure {
    error_type: &'static str,
    message: String,
}

impl InvocationFailure {
    /// Makes the failure of an event that cannot be parsed.
    pub fn malformed(error: &(dyn std::error::Error + 'static)) -> Self {
        Self { error_type: "MalformedEvent", message: ErrorChain(error).to_string() }
    }

    /// Returns the stable type of the failure.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        self.error_type
    }
}

impl From<&ServeError> for InvocationFailure {
    fn from(error: &ServeError) -> Self {
        let error_type = match error {
            ServeError::Refused(_) => "Refused",
            ServeError::Store(StoreError::Unreadable { .. }) => "UnreadableRecord",
            ServeError::Store(StoreError::Unavailable { .. }) => "TableUnavailable",
            ServeError::Store(StoreError::Invalid { .. }) => "InvalidTableRequest",
            ServeError::Broker(_) => "BrokerUnavailable",
            ServeError::Contended => "Contended",
        };
        Self { error_type, message: ErrorChain(error).to_string() }
    }
}

impl From<InvocationFailure> for Diagnostic {
    fn from(failure: InvocationFailure) -> Self {
        Diagnostic { error_type: failure.error_type.to_owned(), error_message: failure.message }
    }
}
