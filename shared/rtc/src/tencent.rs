//! Tencent TRTC: a `UserSig` says who somebody is, a `PrivateMapKey` where they may go and what they may do there. Rooms
//! are named by text, never by number.

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

/// Longest name of a room.
const MAX_ROOM: usize = 64;

/// Longest name of a user.
const MAX_USER: usize = 32;

/// What the application is set to; decides whether the service looks at the second key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TencentMode {
    /// As applications are at first: a `UserSig` opens every room.
    Plain,
    /// "Advanced permission control" is on: nobody enters without the second key.
    PrivateMapKey,
}

/// Mints tokens for one application.
#[derive(Debug)]
pub struct TencentMinter {
    url: String,
    sdk_app_id: u32,
    key: SecretString,
    mode: TencentMode,
}

impl TencentMinter {
    /// A minter for the application `account.key_id`. Its address may be empty: the SDKs know their own.
    ///
    /// # Errors
    /// A setting that is missing, or an application that is no number.
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

    /// Rooms could have more characters; ours do not.
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
        // Always there: an application that does not look at it takes no harm, and it must be there before the
        // switch is turned on.
        let params = [
            ("sdk_app_id", Value::from(self.sdk_app_id)),
            ("private_map_key", Value::from(private_map_key.expose_secret())),
        ];
        Ok(Credential {
            token: user_sig.sign(&self.key)?,
            token_expires_in_ms: validity.expires_in_ms,
            // No bit holds messages back that are sent as data.
            rights_enforced: self.mode == TencentMode::PrivateMapKey && request.rights.data,
            params: params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>(),
        })
    }
}

/// The bits for these rights. Whoever may enter may also create: nobody knows who comes first.
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
