//! Maps a [`Provider`] and its account to the minter, the management client and the callback reader. A new
//! provider changes this file and `lib.rs` (its `mod` line); everything else is in its own folder.

use crate::callback::CallbackReader;
#[cfg(feature = "management")]
use crate::management::{HttpClient, RtcManagement};
use crate::{Account, AccountError, Minter, agora, alibaba, janus, livekit, tencent};
use secrecy::{ExposeSecret, SecretString};
use switchboard_protocol::provider::Provider;

/// Returns a minter for an account at `provider`.
///
/// # Errors
/// The first missing or malformed setting, by its name.
pub fn minter(provider: Provider, account: Account) -> Result<Box<dyn Minter>, AccountError> {
    Ok(match provider {
        Provider::Livekit => Box::new(livekit::LivekitMinter::new(account)?),
        Provider::Alibaba => alibaba::minter(account)?,
        Provider::Agora => Box::new(agora::AgoraMinter::new(account)?),
        Provider::Tencent => Box::new(tencent::TencentMinter::new(account)?),
        Provider::Janus => Box::new(janus::JanusMinter::new(account)?),
    })
}

/// Returns a reader for the callbacks of `provider`. `None` if this crate does not read callbacks of the
/// service, or if the secret that signs them is empty: the key of the join tokens for `LiveKit`, and `secret`
/// (`RTC_CALLBACK_SECRET`) for the others.
#[must_use]
pub fn callback_reader(
    provider: Provider,
    account: &Account,
    secret: Option<&SecretString>,
) -> Option<Box<dyn CallbackReader>> {
    // An empty secret would accept forged callbacks.
    let is_set = |secret: &&SecretString| !secret.expose_secret().is_empty();
    let (key, secret) = (Some(&account.key_secret).filter(is_set), secret.filter(is_set));
    Some(match provider {
        Provider::Livekit => Box::new(livekit::callback::LivekitCallbackReader::new(&account.key_id, key?)),
        Provider::Agora => Box::new(agora::callback::AgoraCallbackReader::new(secret?)),
        Provider::Janus => Box::new(janus::callback::JanusCallbackReader::new(secret?)),
        Provider::Alibaba | Provider::Tencent => return None,
    })
}

/// Returns a client for the management API of `provider`; `None` if `RTC_API_URL` is not set.
///
/// # Errors
/// The first missing or malformed setting, by its name.
#[cfg(feature = "management")]
pub fn management(
    provider: Provider,
    account: &Account,
    http: HttpClient,
) -> Result<Option<Box<dyn RtcManagement>>, AccountError> {
    let Some(api) = &account.api else { return Ok(None) };
    let url = api.address()?;
    Ok(Some(match provider {
        Provider::Livekit => Box::new(livekit::management::LivekitManagement::new(account, url, http)?),
        Provider::Alibaba => alibaba::management::client(account, api, url, http)?,
        Provider::Agora => Box::new(agora::management::AgoraManagement::new(account, api, url, http)?),
        Provider::Tencent => Box::new(tencent::management::TencentManagement::new(account, api, url, http)?),
        Provider::Janus => Box::new(janus::management::JanusManagement::new(account, api, url, http)?),
    }))
}
