//! Janus with signed tokens, string ids and the plugin `videoroom`: one token for the gateway and one for the
//! room.
//!
//! Neither token names a user, and a client in the room may choose any free id. Therefore a participant's id
//! is one that others cannot guess, and the participants of a room are compared with these ids.

pub mod callback;
#[cfg(feature = "management")]
pub mod management;
#[cfg(test)]
mod tests;
mod token;

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

pub use token::JanusToken;

use crate::error::{check_id, is_word};
use crate::mac::hmac_sha256;
use crate::{
    Account, AccountError, Credential, MintError, MintRequest, Minter, Provider, UnsupportedIdError,
};

/// Realm of tokens for the gateway itself.
pub const CORE: &str = "janus";

/// The plugin for rooms; also the realm of room tokens.
pub const VIDEOROOM: &str = "janus.plugin.videoroom";

/// Largest length of a channel or user id, in bytes. Janus itself has no limit.
const MAX_ID: usize = 64;

/// Length of a participant's id before the encoding, in bytes.
const PARTICIPANT_BYTES: usize = 16;

/// Mints tokens for one Janus gateway.
#[derive(Debug)]
pub struct JanusMinter {
    url: String,
    secret: SecretString,
}

impl JanusMinter {
    /// Creates a minter for the gateway at `account.url` whose `token_auth_secret` is `account.key_secret`.
    ///
    /// # Errors
    /// A setting is missing or malformed.
    pub fn new(account: Account) -> Result<Self, AccountError> {
        account.mode_of(&[("", ())])?;
        if account.url.is_empty() {
            return Err(AccountError::Missing("RTC_URL"));
        }
        account.check_url()?;
        let account = account.with_secret()?;
        Ok(Self { url: account.url, secret: account.key_secret })
    }

    /// Returns the token that every request to the gateway carries. `expires` is in Unix seconds.
    ///
    /// # Errors
    /// [`MintError::Encoding`], which is not expected, since the name of the plugin has no separators.
    pub fn core_token(secret: &SecretString, expires: i64) -> Result<SecretString, MintError> {
        JanusToken { expires, realm: CORE, descriptors: vec![VIDEOROOM] }.sign(secret)
    }
}

impl Minter for JanusMinter {
    fn provider(&self) -> Provider {
        Provider::Janus
    }

    fn url(&self) -> &str {
        &self.url
    }

    /// Accepts letters, digits, `_` and `-`, which excludes the separators of the token format.
    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        check_id("channel_id", channel_id, MAX_ID, is_word)?;
        check_id("user_id", user_id, MAX_ID, is_word)
    }

    /// Returns an HMAC of channel and user, so that no other client can take the id first. The label
    /// separates it from other values that are derived from the secret. Ids contain no line feed.
    fn media_id(&self, channel_id: &str, user_id: &str, _number: u32) -> String {
        let message = format!("switchboard participant\n{channel_id}\n{user_id}");
        let mac = hmac_sha256(self.secret.expose_secret().as_bytes(), message.as_bytes());
        HEXLOWER.encode(&mac[..PARTICIPANT_BYTES])
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        self.check_ids(request.channel_id, request.user_id)?;
        let validity = request.validity()?;
        let room = format!("room={}", request.channel_id);
        let room_token = JanusToken { expires: validity.expires, realm: VIDEOROOM, descriptors: vec![&room] };
        let core_token = Self::core_token(&self.secret, validity.expires)?;
        let participant_id = self.media_id(request.channel_id, request.user_id, request.number);
        let params = [
            ("room", Value::from(request.channel_id)),
            ("core_token", Value::from(core_token.expose_secret())),
            ("participant_id", Value::from(participant_id)),
        ];
        Ok(Credential {
            token: room_token.sign(&self.secret)?,
            token_expires_in_ms: validity.expires_in_ms,
            // A room token names the room but no rights.
            rights_enforced: false,
            params: params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>(),
        })
    }
}
