//! Error of reading secrets. It is separate from its adapter, since the settings' errors contain it.

/// Error of reading secrets. It never contains a value.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The store is unreachable.
    #[error("the Parameter Store does not answer")]
    NoAnswer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store refused the request.
    #[error(
        "the Parameter Store refused to read {path}/… with status {status} ({kind}); allow the function's role \
         ssm:GetParameters for its names, and the key's use if it is your own key"
    )]
    Refused {
        /// Path of the parameters.
        path: String,
        /// Status of the answer.
        status: u16,
        /// Type of the error.
        kind: String,
    },
    /// The answer has an unknown form.
    #[error("the Parameter Store's answer cannot be read")]
    Malformed,
}

impl SecretsError {
    /// Returns whether another attempt may succeed. Many functions that start at the same time exceed the
    /// store's rate.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Refused { status, kind, .. } => *status >= 500 || kind == "ThrottlingException",
            Self::Malformed => false,
        }
    }
}
