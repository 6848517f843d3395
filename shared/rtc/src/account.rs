//! The account of a deployment at an RTC service. The settings have the same names for every service, so a
//! new service needs no new variable. `docs/rtc-providers.md` lists their meaning for each service.

use secrecy::{ExposeSecret, SecretString};

/// Settings of an RTC service. Each provider uses the settings that its service needs and reports missing ones.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// `RTC_MODE`: the product or mode of the service; empty selects the first.
    pub mode: String,
    /// `RTC_URL`: address for clients; empty selects the public address of the service, if it has one.
    pub url: String,
    /// `RTC_KEY_ID`: public half of the key that signs join tokens.
    pub key_id: String,
    /// `RTC_KEY_SECRET`: secret half of that key.
    pub key_secret: SecretString,
    /// `RTC_API_URL` and its key: the management API. `None` turns management off.
    pub api: Option<ManagementApi>,
}

/// The management API of a service.
#[derive(Clone, Debug)]
pub struct ManagementApi {
    /// `RTC_API_URL`, without a slash at its end.
    pub url: String,
    /// `RTC_API_KEY_ID`; empty where the API uses the key of the tokens.
    pub key_id: String,
    /// `RTC_API_KEY_SECRET`; empty where the API uses the key of the tokens.
    pub key_secret: SecretString,
}

/// Error of an unusable account. It names the setting and never contains its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// A setting that the service needs is empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// The value is not in the format of the service.
    #[error("the environment variable {name} is malformed: {why}")]
    Malformed {
        /// Name of the setting.
        name: &'static str,
        /// The expected format.
        why: String,
    },
}

impl Account {
    /// Returns the account with `url` as the default address.
    ///
    /// # Errors
    /// An address is missing or malformed, or a half of the key is missing.
    pub(super) fn with_default_url(mut self, url: Option<&str>) -> Result<Self, AccountError> {
        if self.url.is_empty() {
            url.ok_or(AccountError::Missing("RTC_URL"))?.clone_into(&mut self.url);
        }
        self.check_url()?;
        if self.key_id.is_empty() {
            return Err(AccountError::Missing("RTC_KEY_ID"));
        }
        self.with_secret()
    }

    /// Checks the scheme and the host of the address; accepts an empty address, which leaves the choice to the SDK.
    pub(super) fn check_url(&self) -> Result<(), AccountError> {
        const SCHEMES: [&str; 4] = ["wss://", "https://", "ws://", "http://"];
        let has_host = |scheme: &&str| {
            self.url.strip_prefix(*scheme).is_some_and(|rest| {
                rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
                    && rest.bytes().all(|byte| byte.is_ascii_graphic())
            })
        };
        if self.url.is_empty() || SCHEMES.iter().any(has_host) {
            return Ok(());
        }
        let why = format!("an address begins with one of {}, followed by a host", SCHEMES.join(" "));
        Err(AccountError::Malformed { name: "RTC_URL", why })
    }

    /// Returns the value of [`mode`](Self::mode) among the modes of a service; an empty mode selects the first.
    pub(super) fn mode_of<M: Copy>(&self, known: &[(&str, M)]) -> Result<M, AccountError> {
        let chosen = known.iter().find(|(name, _)| self.mode.is_empty() || *name == self.mode);
        chosen.map(|(_, mode)| *mode).ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
            let why = match names.as_slice() {
                [] => "this service has no modes; leave the variable empty".to_owned(),
                names => format!("leave it empty, or set it to {}", names.join(" or ")),
            };
            AccountError::Malformed { name: "RTC_MODE", why }
        })
    }

    /// Returns the account, or an error if the secret that signs tokens is empty.
    pub(super) fn with_secret(self) -> Result<Self, AccountError> {
        if self.key_secret.expose_secret().is_empty() {
            return Err(AccountError::Missing("RTC_KEY_SECRET"));
        }
        Ok(self)
    }

    /// Returns the key of the management API, or the key of the tokens if the API has none of its own.
    #[cfg(feature = "management")]
    pub(super) fn api_key_or_token_key(&self) -> Result<(String, SecretString), AccountError> {
        match &self.api {
            Some(api) if !api.key_id.is_empty() || !api.key_secret.expose_secret().is_empty() => api.key(),
            _ if self.key_id.is_empty() => Err(AccountError::Missing("RTC_KEY_ID")),
            _ if self.key_secret.expose_secret().is_empty() => Err(AccountError::Missing("RTC_KEY_SECRET")),
            _ => Ok((self.key_id.clone(), self.key_secret.clone())),
        }
    }
}

#[cfg(feature = "management")]
impl ManagementApi {
    /// Returns the key of the API.
    ///
    /// # Errors
    /// A half of the key is missing.
    pub(super) fn key(&self) -> Result<(String, SecretString), AccountError> {
        if self.key_id.is_empty() {
            return Err(AccountError::Missing("RTC_API_KEY_ID"));
        }
        if self.key_secret.expose_secret().is_empty() {
            return Err(AccountError::Missing("RTC_API_KEY_SECRET"));
        }
        Ok((self.key_id.clone(), self.key_secret.clone()))
    }

    /// Returns the address of the API without a slash at its end.
    ///
    /// # Errors
    /// The address does not begin with `http://` or `https://`, or has a query.
    pub(super) fn address(&self) -> Result<&str, AccountError> {
        let url = self.url.trim_end_matches('/');
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let plain = |rest: &str| {
            rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
                && rest.chars().all(|each| each.is_ascii_graphic() && !matches!(each, '?' | '#' | '@'))
        };
        if rest.is_some_and(plain) {
            return Ok(url);
        }
        let why = "an address that begins with https:// or http://, without a query".to_owned();
        Err(AccountError::Malformed { name: "RTC_API_URL", why })
    }
}
