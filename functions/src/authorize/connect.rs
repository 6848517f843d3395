//! The authorizer's event: the client ID that a connection claims, and the token that has to prove the claim.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

use crate::authorize::refusal::ConnectionRefusal;

/// The claims of a connection, which are not checked yet.
pub(crate) struct Connect<'a> {
    pub client_id: &'a str,
    pub token: Cow<'a, str>,
}

impl<'a> Connect<'a> {
    /// Reads the authorizer's event. The JWT is the MQTT password. Without a password, the JWT is the token
    /// in the user name whose signature the broker has checked (`AuthorizerSigningKey`).
    pub fn of(event: &'a Value) -> Result<Self, ConnectionRefusal> {
        let text = |pointer| event.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        let client_id = text("/protocolData/mqtt/clientId").ok_or(ConnectionRefusal::NoClientId)?;
        let token = match text("/protocolData/mqtt/password") {
            Some(password) => {
                let bytes = BASE64_STANDARD.decode(password).map_err(|_| ConnectionRefusal::Password)?;
                Cow::Owned(String::from_utf8(bytes).map_err(|_| ConnectionRefusal::Password)?)
            }
            None => Cow::Borrowed(text("/token").ok_or(ConnectionRefusal::NoToken)?),
        };
        Ok(Self { client_id, token })
    }
}

/// Returns the client ID of a refused connection, for the log. The text is unchecked, so it is cut to the
/// maximum length.
pub(crate) fn claimed_client_id(event: &Value) -> &str {
    let id = event.pointer("/protocolData/mqtt/clientId").and_then(Value::as_str).unwrap_or_default();
    &id[..id.floor_char_boundary(switchboard_protocol::address::MAX_CLIENT_ID_CHARS)]
}
