//! Alibaba Cloud ARTC (`ApsaraVideo` Live): the multi-parameter token, a SHA-256 over the concatenated fields, and the
//! single-parameter token that wraps it. [`dingrtc`] has the tokens of the other product. Source: "Token-based
//! authentication" in the `ApsaraVideo` Live user guide (`help/en/live/user-guide/token-based-authentication`).

pub mod dingrtc;
mod ids;
#[cfg(feature = "management")]
pub mod management;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::error::{check_id, is_word};
use crate::{
    Account, AccountError, Credential, MintError, MintRequest, Minter, Provider, UnsupportedIdError,
};

/// The address from which every ARTC client finds its server.
pub const GLOBAL_URL: &str = "https://rgslb.rtc.aliyuncs.com";

/// The nonce of all production tokens, which is empty: the documented formula hashes the nonce, and Alibaba's
/// Android helper does not. With an empty nonce, both give the same hash.
const NONCE: &str = "";

/// Largest length of an account in bytes. The id at the service has three bytes more.
const MAX_ACCOUNT_BYTES: usize = 61;

/// The two RTC products of Alibaba.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlibabaProduct {
    /// ARTC in `ApsaraVideo` Live.
    ArtcMinter,
    /// `DingRTC`.
    DingRtcMinter,
}

impl AlibabaProduct {
    /// Returns the product that `account.mode` names; ARTC for an empty mode.
    ///
    /// # Errors
    /// The mode is unknown.
    pub fn of(account: &Account) -> Result<Self, AccountError> {
        account.mode_of(&[("artc", Self::ArtcMinter), ("dingrtc", Self::DingRtcMinter)])
    }
}

/// Returns a minter for the product that `account.mode` names.
///
/// # Errors
/// A setting is missing, or the mode is unknown.
pub fn minter(account: Account) -> Result<Box<dyn Minter>, AccountError> {
    Ok(match AlibabaProduct::of(&account)? {
        AlibabaProduct::ArtcMinter => Box::new(ArtcMinter::new(account)?),
        AlibabaProduct::DingRtcMinter => Box::new(dingrtc::DingRtcMinter::new(account)?),
    })
}

/// Mints ARTC tokens for one application.
#[derive(Debug)]
pub struct ArtcMinter {
    url: String,
    app_id: String,
    app_key: SecretString,
}

impl ArtcMinter {
    /// Creates a minter for the application `account.key_id`.
    ///
    /// # Errors
    /// A setting is missing.
    pub fn new(account: Account) -> Result<Self, AccountError> {
        let account = account.with_default_url(Some(GLOBAL_URL))?;
        Ok(Self { url: account.url, app_id: account.key_id, app_key: account.key_secret })
    }
}

impl Minter for ArtcMinter {
    fn provider(&self) -> Provider {
        Provider::Alibaba
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        ids::check_channel(channel_id)?;
        check_id("user_id", user_id, MAX_ACCOUNT_BYTES, is_word)
    }

    fn media_id(&self, _channel_id: &str, user_id: &str, _number: u32) -> String {
        bounded_id(user_id)
    }

    fn presented_id(&self, request: &MintRequest<'_>) -> String {
        bounded_id(request.user_id)
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        self.check_ids(request.channel_id, request.user_id)?;
        let validity = request.validity()?;
        let fields = ArtcTokenFields {
            app_id: &self.app_id,
            channel_id: request.channel_id,
            user_id: &bounded_id(request.user_id),
            nonce: NONCE,
            timestamp: validity.expires,
        };
        let single_token = fields.single_parameter_token(&self.app_key);
        let params = [
            ("app_id", Value::from(fields.app_id)),
            ("nonce", Value::from(fields.nonce)),
            ("timestamp", Value::from(fields.timestamp)),
            ("single_token", Value::from(single_token.expose_secret())),
        ];
        Ok(Credential {
            token: fields.multi_parameter_token(&self.app_key),
            token_expires_in_ms: validity.expires_in_ms,
            // An ARTC token names user and channel but no rights, and the service has no remote mute.
            rights_enforced: false,
            params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>(),
        })
    }
}

/// Returns the id of a user at the service: the account between its length in two digits and a letter.
///
/// The client presents user, nonce and expiry beside the hash, which has no separators between them. With
/// plain accounts, a token of `alice-evil` would also be valid for `alice` with the nonce `-evil`, and a
/// token of `bob1` for `bob` with an expiry in ten thousand years. No id of this form is the beginning of
/// another one, and none ends with a digit.
fn bounded_id(account: &str) -> String {
    format!("{:02}{account}u", account.len())
}

/// Fields of an ARTC token. The formula concatenates the fields without separators, so channel `a` with user
/// `bc` has the same token as channel `ab` with user `c`. Never let a client choose both. [`ArtcMinter`] uses
/// ids that prevent this.
#[derive(Clone, Copy, Debug)]
pub struct ArtcTokenFields<'a> {
    /// The application.
    pub app_id: &'a str,
    /// The channel.
    pub channel_id: &'a str,
    /// The user.
    pub user_id: &'a str,
    /// Any text that both client and service know; [`ArtcMinter`] leaves it empty.
    pub nonce: &'a str,
    /// **Expiry** of the token, Unix seconds.
    pub timestamp: i64,
}

impl ArtcTokenFields<'_> {
    /// Returns the SHA-256 over application, key, channel, user, nonce and expiry in lower-case hex.
    #[must_use]
    pub fn multi_parameter_token(&self, app_key: &SecretString) -> SecretString {
        let hash = Sha256::new()
            .chain_update(self.app_id)
            .chain_update(app_key.expose_secret())
            .chain_update(self.channel_id)
            .chain_update(self.user_id)
            .chain_update(self.nonce)
            .chain_update(self.timestamp.to_string())
            .finalize();
        HEXLOWER.encode(&hash).into()
    }

    /// Returns the padded base64 of a JSON object with the fields and the multi-parameter token.
    #[must_use]
    pub fn single_parameter_token(&self, app_key: &SecretString) -> SecretString {
        let json = json!({
            "appid": self.app_id,
            "channelid": self.channel_id,
            "userid": self.user_id,
            "nonce": self.nonce,
            "timestamp": self.timestamp,
            "token": self.multi_parameter_token(app_key).expose_secret(),
        });
        STANDARD.encode(json.to_string()).into()
    }
}
