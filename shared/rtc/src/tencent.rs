//! Tencent TRTC. A `UserSig` authenticates the user, and a `PrivateMapKey` carries the room and the rights.
//! Rooms have text names, never numbers.

#[cfg(feature = "management")]
pub mod management;
mod private_map;
#[cfg(test)]
mod tests;
mod user_sig;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

pub use private_map::{PrivateMap, TencentRoom, privilege};
pub use user_sig::UserSig;

use crate::error::{check_id, is_word};
use crate::{
    Account, AccountError, Credential, MintError, MintRequest, Minter, Provider, Rights, UnsupportedIdError,
};

/// Largest length of a room name, in bytes.
const MAX_ROOM: usize = 64;

/// Largest length of a user id, in bytes.
const MAX_USER: usize = 32;

/// Setting of the application that decides whether the service checks the `PrivateMapKey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TencentMode {
    /// Default of applications: a `UserSig` opens every room.
    Plain,
    /// "Advanced permission control" is on: entering a room needs a `PrivateMapKey`.
    PrivateMapKey,
}

/// Mints tokens for one TRTC application.
#[derive(Debug)]
pub struct TencentMinter {
    url: String,
    sdk_app_id: u32,
    key: SecretString,
    mode: TencentMode,
}

impl TencentMinter {
    /// Creates a minter for the application `account.key_id`. The address may be empty, because the SDKs know
    /// it.
    ///
    /// # Errors
    /// A setting is missing, or the application id is not a number.
    pub fn new(account: Account) -> Result<Self, AccountError> {
        let mode =
            account.mode_of(&[("", TencentMode::Plain), ("private_map_key", TencentMode::PrivateMapKey)])?;
        let account = account.with_default_url(Some(""))?;
        let sdk_app_id = account.key_id.parse().ok().filter(|id| *id != 0);
        let sdk_app_id = sdk_app_id.ok_or_else(|| AccountError::Malformed {
            name: "RTC_KEY_ID",
            why: "an SDKAppID is a number".to_owned(),
        })?;
        Ok(Self { url: account.url, sdk_app_id, key: account.key_secret, mode })
    }
}

impl Minter for TencentMinter {
    fn provider(&self) -> Provider {
        Provider::Tencent
    }

    fn url(&self) -> &str {
        &self.url
    }

    /// Accepts fewer characters in room names than TRTC: those that Switchboard uses.
    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        check_id("channel_id", channel_id, MAX_ROOM, is_word)?;
        check_id("user_id", user_id, MAX_USER, is_word)
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        self.check_ids(request.channel_id, request.user_id)?;
        let validity = request.validity()?;
        let (_, expires) = validity.in_32_bits()?;
        let user_sig = UserSig::new(self.sdk_app_id, request.user_id, validity.issued, request.ttl_seconds);
        let map = PrivateMap {
            sdk_app_id: self.sdk_app_id,
            user_id: request.user_id,
            room: TencentRoom::Name(request.channel_id),
            expires,
            privileges: privileges(request.rights),
        };
        let private_map_key = user_sig.clone().with_map(&map)?.sign(&self.key)?;
        // The key is always included: clients need it before the application turns advanced permission
        // control on, and without that control the service ignores the key.
        let params = [
            ("sdk_app_id", Value::from(self.sdk_app_id)),
            ("private_map_key", Value::from(private_map_key.expose_secret())),
        ];
        Ok(Credential {
            token: user_sig.sign(&self.key)?,
            token_expires_in_ms: validity.expires_in_ms,
            // No bit withholds the right to send data messages.
            rights_enforced: self.mode == TencentMode::PrivateMapKey && request.rights.data,
            params: params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>(),
        })
    }
}

/// Returns the bits for these rights. Every user may create the room, because any user can be the first to enter.
fn privileges(rights: Rights) -> u32 {
    use privilege::{
        CREATE, ENTER, RECEIVE_AUDIO, RECEIVE_SCREEN, RECEIVE_VIDEO, SEND_AUDIO, SEND_SCREEN, SEND_VIDEO,
    };
    [
        (true, CREATE | ENTER),
        (rights.microphone, SEND_AUDIO),
        (rights.camera, SEND_VIDEO),
        (rights.screen, SEND_SCREEN),
        (rights.subscribe, RECEIVE_AUDIO | RECEIVE_VIDEO | RECEIVE_SCREEN),
    ]
    .into_iter()
    .filter(|(granted, _)| *granted)
    .map(|(_, bits)| bits)
    .sum()
}
