//! `DingRTC`, Alibaba Cloud's other RTC service, with its own API and token format: `AppToken`, version
//! `000`. Source: `aliyun/AliRTCSample`, `Server/python3/app_token.py`. (The Node sample in that repository
//! never sets the bit for audio.)

mod app_token;
#[cfg(test)]
mod tests;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

pub use app_token::{AppToken, MAX_SALT, privilege};

use super::ids::check_ids;
use crate::{
    Account, AccountError, Credential, MintError, MintRequest, Minter, Provider, Rights, UnsupportedIdError,
};

/// Mints tokens for one `DingRTC` application.
#[derive(Debug)]
pub struct DingRtcMinter {
    url: String,
    app_id: String,
    app_key: SecretString,
}

impl DingRtcMinter {
    /// Creates a minter for the application `account.key_id`. The address may be empty, because the SDKs know
    /// it.
    ///
    /// # Errors
    /// A setting is missing.
    pub fn new(account: Account) -> Result<Self, AccountError> {
        let account = account.with_default_url(Some(""))?;
        Ok(Self { url: account.url, app_id: account.key_id, app_key: account.key_secret })
    }
}

impl Minter for DingRtcMinter {
    fn provider(&self) -> Provider {
        Provider::Alibaba
    }

    fn url(&self) -> &str {
        &self.url
    }

    /// Checks the ids. The alphabet also excludes `*`, which stands for every channel or every user.
    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        check_ids(channel_id, user_id)
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        self.check_ids(request.channel_id, request.user_id)?;
        let validity = request.validity()?;
        let (issued, expires) = validity.in_32_bits()?;
        let token = AppToken {
            app_id: self.app_id.clone(),
            channel_id: request.channel_id.to_owned(),
            user_id: request.user_id.to_owned(),
            issued,
            expires,
            salt: request.salt % MAX_SALT + 1,
            privileges: Some(privileges(request.rights)),
            options: [].into(),
        }
        .sign(&self.app_key)?;
        // The same members as for ARTC. `mode` distinguishes the two products.
        let params = [
            ("app_id", Value::from(self.app_id.as_str())),
            ("mode", Value::from("dingrtc")),
            ("nonce", Value::from("")),
            ("timestamp", Value::from(expires)),
            ("single_token", Value::from(token.expose_secret())),
        ];
        Ok(Credential {
            token,
            token_expires_in_ms: validity.expires_in_ms,
            // The bits cover only publishing: no bit withholds the right to receive or to send data messages.
            rights_enforced: request.rights.subscribe && request.rights.data,
            params: params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>(),
        })
    }
}

/// Returns the bits for these rights. Always sets `ENABLE`, because a token without bits allows everything.
fn privileges(rights: Rights) -> u32 {
    [
        (true, privilege::ENABLE),
        (rights.microphone, privilege::PUBLISH_AUDIO),
        (rights.camera, privilege::PUBLISH_VIDEO),
        (rights.screen, privilege::PUBLISH_SCREEN),
    ]
    .into_iter()
    .filter(|(granted, _)| *granted)
    .map(|(_, bit)| bit)
    .sum()
}
