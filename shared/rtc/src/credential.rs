//! The credential for one join. `Debug` never shows the token.

use secrecy::SecretString;
use serde_json::{Map, Value};
use std::fmt;

/// Token and parameters with which a client joins a channel.
pub struct Credential {
    /// The service's token, in the form that its client SDK takes.
    pub token: SecretString,
    /// Time in milliseconds until the token expires.
    pub token_expires_in_ms: i64,
    /// `true` if the service enforces the rights of the request.
    pub rights_enforced: bool,
    /// Further fields for the client SDK (`params` of the `join` object). They may contain the token in a
    /// second form.
    pub params: Map<String, Value>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("token", &self.token)
            .field("token_expires_in_ms", &self.token_expires_in_ms)
            .field("rights_enforced", &self.rights_enforced)
            .field("params", &self.params.keys().collect::<Vec<_>>())
            .finish()
    }
}
