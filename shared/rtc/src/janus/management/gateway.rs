//! Address and secret of a Janus gateway.

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};

use crate::mac::hmac_sha256;
use crate::management::HttpClient;

/// A Janus gateway and the client that calls it.
#[derive(Debug)]
pub(super) struct JanusGateway {
    /// Address of the HTTP API, including the base path.
    pub url: String,
    /// `token_auth_secret` of the gateway.
    pub secret: SecretString,
    pub http: HttpClient,
}

impl JanusGateway {
    /// Returns the secret that allows moderating a room. The label separates it from other values that are
    /// derived from the same secret.
    pub fn room_secret(&self, room: &str) -> String {
        let message = format!("switchboard room\n{room}");
        HEXLOWER.encode(&hmac_sha256(self.secret.expose_secret().as_bytes(), message.as_bytes())[..16])
    }
}
