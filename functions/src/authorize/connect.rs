//! What the broker says about a connection: who it claims to be, and the proof.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

use crate::authorize::Refusal;

/// A connection as it presents itself; nothing here is checked yet.
pub(crate) struct Connect<'a> {
    pub client_id: &'a str,
    pub token: Cow<'a, str>,
}

impl<'a> Connect<'a> {
    /// Reads the authorizer's event: the JWT is the MQTT password, or else the token that the broker took
    /// from the HTTP upgrade of a WebSocket.
    pub fn of(event: &'a Value) -> Result<Self, Refusal> {
        let text = |pointer| event.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        let client_id = text("/protocolData/mqtt/clientId").ok_or(Refusal::NoClientId)?;
        let token = match text("/protocolData/mqtt/password") {
            Some(password) => {
                let bytes = BASE64_STANDARD.decode(password).map_err(|_| Refusal::Password)?;
                Cow::Owned(String::from_utf8(bytes).map_err(|_| Refusal::Password)?)
            }
            None => Cow::Borrowed(text("/token").ok_or(Refusal::NoToken)?),
        };
        Ok(Self { client_id, token })
    }
}

/// What a refused connection called itself, for the log: anybody can put anything there, so only its start.
pub(crate) fn claimed_client_id(event: &Value) -> &str {
    let id = event.pointer("/protocolData/mqtt/clientId").and_then(Value::as_str).unwrap_or_default();
    &id[..id.floor_char_boundary(switchboard_protocol::address::MAX_CLIENT_ID_CHARS)]
}
