//! The account of a deployment at an RTC service. The settings have the same names for every service, so that a
//! further one needs no new variable; what each means for which service stands in `docs/rtc-providers.md`.

use secrecy::{ExposeSecret, SecretString};

/// What is configured of a service. A provider takes from it what its service needs and refuses what is missing.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// `RTC_MODE`: which product of the service, where it has several; empty takes the first.
    pub mode: String,
    /// `RTC_URL`: where clients connect to; empty takes the service's own address, if it has one for everybody.
    pub url: String,
    /// `RTC_KEY_ID`: public half of the key that signs join tokens.
    pub key_id: String,
    /// `RTC_KEY_SECRET`: secret half of it.
    pub key_secret: SecretString,
    /// `RTC_API_URL` and its key: the management API; without it, nothing is managed.
    pub api: Option<ManagementApi>,
}

/// The management API of a service.
#[derive(Clone, Debug)]
pub struct ManagementApi {
    /// `RTC_API_URL`, without a slash at its end.
    pub url: String,
    /// `RTC_API_KEY_ID`; empty where the API takes the key of the tokens.
    pub key_id: String,
    /// `RTC_API_KEY_SECRET`; empty where the API takes the key of the tokens.
    pub key_secret: SecretString,
}

/// What is wrong with an account: the setting's name and never its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The service needs it.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// It cannot be what the service gave out.
    #[error("the environment variable {name} is wrong: {why}")]
    Malformed {
        /// Which setting.
        name: &'static str,
        /// What it should be.
        why: String,
    },
}

impl Account {
    /// The account, with `url` where none is set; both halves of the key must be there.
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

    /// Refuses an address that no client could connect to; an empty one is the SDK's own business.
    pub(super) fn check_url(&self) -> Result<(), AccountError> {
        const SCHEMES: [&str; 4] = ["wss://", "https://", "ws://", "http://"];
        let has_host = |scheme: &&str| self.url.strip_prefix(*scheme).is_some_and(|host| !host.is_empty());
        if self.url.is_empty() || SCHEMES.iter().any(has_host) {
            return Ok(());
        }
        let why = format!("an address begins with one of {}, its host follows", SCHEMES.join(" "));
        Err(AccountError::Malformed { name: "RTC_URL", why })
    }

    /// What [`mode`](Self::mode) means among those of a service; an empty one is the first.
    pub(super) fn mode_of<M: Copy>(&self, known: &[(&str, M)]) -> Result<M, AccountError> {
        let chosen = known.iter().find(|(name, _)| self.mode.is_empty() || *name == self.mode);
        chosen.map(|(_, mode)| *mode).ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
            let why = match names.as_slice() {
                [] => "this service has no modes; leave it empty".to_owned(),
                names => format!("leave it empty, or set it to {}", names.join(" or ")),
            };
            AccountError::Malformed { name: "RTC_MODE", why }
        })
    }

    /// The account, if the secret that signs tokens is there.
    pub(super) fn with_secret(self) -> Result<Self, AccountError> {
        if self.key_secret.expose_secret().is_empty() {
            return Err(AccountError::Missing("RTC_KEY_SECRET"));
        }
        Ok(self)
    }

    /// The key of the management API, which is that of the tokens where no other is set.
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
    /// The API's own key; both halves must be there.
    pub(super) fn key(&self) -> Result<(String, SecretString), AccountError> {
        if self.key_id.is_empty() {
            return Err(AccountError::Missing("RTC_API_KEY_ID"));
        }
        if self.key_secret.expose_secret().is_empty() {
            return Err(AccountError::Missing("RTC_API_KEY_SECRET"));
        }
        Ok((self.key_id.clone(), self.key_secret.clone()))
    }

    /// The API's address without a slash at its end, if HTTP can go there.
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
