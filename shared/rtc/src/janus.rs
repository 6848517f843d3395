//! Janus with signed tokens, string ids and the plugin `videoroom`: one token for the gateway, one for the room.
//!
//! Neither names a user, and whoever is in may choose any free id. So the id under which a participant is known is one
//! that others cannot guess, and the participants of a room are checked against these ids.

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

/// The realm of tokens for the gateway itself.
pub const CORE: &str = "janus";

/// The plugin that carries the rooms; also the realm of tokens for them.
pub const VIDEOROOM: &str = "janus.plugin.videoroom";

/// Longest name; Janus itself sets no limit.
const MAX_ID: usize = 64;

/// Bytes of a participant's id.
const PARTICIPANT_BYTES: usize = 16;

/// Mints tokens for one gateway.
#[derive(Debug)]
pub struct JanusMinter {
    url: String,
    secret: SecretString,
}

impl JanusMinter {
    /// A minter for the gateway at `account.url` whose `token_auth_secret` is `account.key_secret`.
    ///
    /// # Errors
    /// A setting that is missing.
    pub fn new(account: Account) -> Result<Self, AccountError> {
        account.mode_of(&[("", ())])?;
        if account.url.is_empty() {
            return Err(AccountError::Missing("RTC_URL"));
        }
        account.check_url()?;
        let account = account.with_secret()?;
        Ok(Self { url: account.url, secret: account.key_secret })
    }

    /// A token for requests to the gateway that use the plugin; goes into each of them.
    ///
    /// # Errors
    /// None for this plugin's name.
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

    /// Letters, digits, `_` and `-`: what separates the parts of a token must not occur.
    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        check_id("channel_id", channel_id, MAX_ID, is_word)?;
        check_id("user_id", user_id, MAX_ID, is_word)
    }

    /// An HMAC of channel and user, so that nobody takes another's place beforehand. The label keeps it apart from
    /// everything else that is derived from the secret; a line feed occurs in no name.
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
            // A room token says where, and nothing about what.
            rights_enforced: false,
            params: params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>(),
        })
    }
}
