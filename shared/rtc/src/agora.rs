//! Agora: tokens of the form `007` for its RTC service.
//!
//! Participants have numbers here, since the management API takes numbers only. A participant's number is the place in
//! the meeting's order of arrival, from 1: the meeting keeps everybody who ever came, so no place is given twice, and a
//! channel belongs to one meeting. So numbers do not collide and stay the same for every later token. 0 never
//! occurs: to Agora it means "anybody".

pub mod callback;
#[cfg(feature = "management")]
pub mod management;
#[cfg(test)]
mod tests;
mod token;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

pub use token::{AgoraPrivileges, AgoraService, AgoraToken, MAX_SALT, privilege};

use super::error::is_word;
use super::{
    Account, AccountError, Credential, MintError, MintRequest, Minter, Provider, Rights, UnsupportedIdError,
    check_id,
};

/// Longest name of a channel.
const MAX_CHANNEL: usize = 64;

/// Longest account; it is not sent to Agora, but kept within what Agora calls a user account.
const MAX_USER: usize = 255;

/// What the project is set to; decides whether the rights in a token count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AgoraMode {
    /// As projects are at first: the privileges to publish are ignored.
    Plain,
    /// Co-host authentication is on.
    Cohost,
}

/// Mints tokens for one project.
#[derive(Debug)]
pub struct AgoraMinter {
    url: String,
    app_id: String,
    certificate: SecretString,
    mode: AgoraMode,
}

impl AgoraMinter {
    /// A minter for the project `account.key_id`. Its address may be empty: Agora's SDKs know their own.
    ///
    /// # Errors
    /// A setting that is missing, or that cannot be an App ID or a certificate.
    pub fn new(account: Account) -> Result<Self, AccountError> {
        let mode = account.mode_of(&[("", AgoraMode::Plain), ("cohost", AgoraMode::Cohost)])?;
        let account = account.with_default_url(Some(""))?;
        let malformed =
            |name, what| AccountError::Malformed { name, why: format!("{what} has 32 hex digits") };
        if !is_hex32(&account.key_id) {
            return Err(malformed("RTC_KEY_ID", "an App ID"));
        }
        if !is_hex32(account.key_secret.expose_secret()) {
            return Err(malformed("RTC_KEY_SECRET", "an App Certificate"));
        }
        Ok(Self { url: account.url, app_id: account.key_id, certificate: account.key_secret, mode })
    }
}

fn is_hex32(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Minter for AgoraMinter {
    fn provider(&self) -> Provider {
        Provider::Agora
    }

    fn url(&self) -> &str {
        &self.url
    }

    /// Channels could have more characters; ours do not, and these need no escaping in the management API's paths.
    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        check_id("channel_id", channel_id, MAX_CHANNEL, is_word)?;
        check_id("user_id", user_id, MAX_USER, is_word)
    }

    fn media_id(&self, _channel_id: &str, _user_id: &str, number: u32) -> String {
        number.to_string()
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        self.check_ids(request.channel_id, request.user_id)?;
        if request.number == 0 {
            return Err(MintError::Number);
        }
        let validity = request.validity()?;
        let (issued, _) = validity.in_32_bits()?;
        let token = AgoraToken {
            app_id: self.app_id.clone(),
            issued,
            life_seconds: request.ttl_seconds,
            salt: request.salt % MAX_SALT + 1,
            services: vec![AgoraService::Rtc {
                channel: request.channel_id.to_owned(),
                uid: request.number.to_string(),
                privileges: privileges(request.rights, request.ttl_seconds),
            }],
        };
        let params = [("app_id", Value::from(self.app_id.as_str())), ("uid", Value::from(request.number))];
        Ok(Credential {
            token: token.sign(&self.certificate)?,
            token_expires_in_ms: validity.expires_in_ms,
            rights_enforced: self.mode == AgoraMode::Cohost && can_be_told(request.rights),
            params: params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>(),
        })
    }
}

/// The privileges for these rights. Camera and screen share one: who may send either may send pictures.
fn privileges(rights: Rights, seconds: u32) -> AgoraPrivileges {
    [
        (privilege::JOIN, true),
        (privilege::PUBLISH_AUDIO, rights.microphone),
        (privilege::PUBLISH_VIDEO, rights.camera || rights.screen),
        (privilege::PUBLISH_DATA, rights.data),
    ]
    .into_iter()
    .filter(|(_, granted)| *granted)
    .map(|(privilege, _)| (privilege, seconds))
    .collect()
}

/// Whether privileges can tell these rights from greater ones: receiving cannot be taken, nor can a token tell a camera
/// from a screen.
const fn can_be_told(rights: Rights) -> bool {
    rights.subscribe && rights.camera == rights.screen
}
