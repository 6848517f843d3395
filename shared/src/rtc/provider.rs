//! The RTC services that can be chosen, and how a configured account becomes a minter: the one place that a
//! new provider is added to besides its own file.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Minter, alibaba, livekit};

/// An RTC service, by its name on the wire and in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// `LiveKit`, hosted or self-hosted; also the laptop's own SFU.
    Livekit,
    /// Alibaba Cloud ARTC in `ApsaraVideo` Live.
    Alibaba,
}

impl Provider {
    /// Every provider that can be configured.
    pub const ALL: [Self; 2] = [Self::Livekit, Self::Alibaba];

    /// The name on the wire and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Livekit => "livekit",
            Self::Alibaba => "alibaba",
        }
    }

    /// A minter for an account at this service.
    ///
    /// # Errors
    /// What the account lacks; the caller knows which setting that came from.
    pub fn minter(self, account: Account) -> Result<Box<dyn Minter>, AccountError> {
        let account = account.complete(self)?;
        Ok(match self {
            Self::Livekit => Box::new(livekit::Livekit::new(account)),
            Self::Alibaba => Box::new(alibaba::Artc::new(account)),
        })
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
            .ok_or_else(|| UnknownProvider { name: name.into() })
    }
}

/// A provider name that nothing here implements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown RTC provider {name:?}; known are {}", Provider::ALL.map(Provider::name).join(", "))]
pub struct UnknownProvider {
    name: String,
}

/// The account of this deployment at an RTC service.
#[derive(Clone, Debug)]
pub struct Account {
    /// Where clients connect to; empty takes the service's own address, if it has one for everybody.
    pub url: String,
    /// Public half: `LiveKit`'s API key, Alibaba's application id.
    pub key_id: String,
    /// Secret half: `LiveKit`'s API secret, Alibaba's application key.
    pub key_secret: SecretString,
}

impl Account {
    /// Refuses an account that could only make tokens which its service refuses.
    fn complete(mut self, provider: Provider) -> Result<Self, AccountError> {
        if self.url.is_empty() {
            self.url = match provider {
                Provider::Livekit => return Err(AccountError::Url),
                Provider::Alibaba => alibaba::GLOBAL_URL.to_owned(),
            };
        }
        if self.key_id.is_empty() {
            return Err(AccountError::KeyId);
        }
        if self.key_secret.expose_secret().is_empty() {
            return Err(AccountError::KeySecret);
        }
        Ok(self)
    }
}

/// What an account lacks. Never carries a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// No address, and the service has none for everybody.
    #[error("the address of the RTC service is missing")]
    Url,
    /// No public half of the key.
    #[error("the RTC service's key id is empty")]
    KeyId,
    /// No secret half of the key.
    #[error("the RTC service's key secret is empty")]
    KeySecret,
}
