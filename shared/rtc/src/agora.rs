//! Agora: `AccessToken2` (version `007`) for its RTC service.
//!
//! Agora identifies participants by number, because its management API takes only numbers. The number of a
//! participant is the position in the meeting's order of arrival, from 1. A meeting never removes a
//! participant from its record and has a channel of its own. So numbers are unique in the channel and the
//! same in every later token. 0 is not used, because it stands for any user.

pub mod callback;
#[cfg(feature = "management")]
pub mod management;
#[cfg(test)]
mod tests;
mod token;
mod token006;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

pub use token::{AgoraPrivileges, AgoraService, AgoraToken, MAX_SALT, privilege};
pub use token006::AgoraToken006;

use crate::error::{check_id, is_word};
use crate::{
    Account, AccountError, Credential, MintError, MintRequest, Minter, Provider, Rights, UnsupportedIdError,
};

/// Largest length of a channel name, in bytes.
const MAX_CHANNEL: usize = 64;

/// Largest length of a user id, in bytes. Agora never receives the user id; the limit is that of an Agora
/// user account.
const MAX_USER: usize = 255;

/// Setting of the Agora project that decides whether Agora enforces the rights in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AgoraMode {
    /// Default of projects: Agora ignores the privileges to publish.
    Plain,
    /// Co-host authentication is on: Agora checks the privileges to publish.
    Cohost,
}

/// Mints tokens for one Agora project.
#[derive(Debug)]
pub struct AgoraMinter {
    url: String,
    app_id: String,
    certificate: SecretString,
    mode: AgoraMode,
}

impl AgoraMinter {
    /// Creates a minter for the project `account.key_id`. The address may be empty, because Agora's SDKs know
    /// it.
    ///
    /// # Errors
    /// A setting is missing, or is not an App ID or an App Certificate.
    pub fn new(account: Account) -> Result<Self, AccountError> {
        let mode = account.mode_of(&[("", AgoraMode::Plain), ("cohost", AgoraMode::Cohost)])?;
        let account = account.with_default_url(Some(""))?;
        let malformed =
            |name, what| AccountError::Malformed { name, why: format!("{what} has 32 hexadecimal digits") };
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

    /// Accepts fewer characters in channel names than Agora: those that need no escaping in the paths of the
    /// management API.
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
            rights_enforced: self.mode == AgoraMode::Cohost && is_expressible(request.rights),
            params: params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>(),
        })
    }
}

/// Returns the privileges for these rights. Camera and screen share the privilege to publish video.
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

/// Returns whether privileges express exactly these rights. No privilege withholds the right to receive, and
/// camera and screen share one privilege.
const fn is_expressible(rights: Rights) -> bool {
    rights.subscribe && rights.camera == rights.screen
}
