//! The RTC services that can be chosen, and how a configured account becomes a minter: the one place that a
//! new provider is added to besides its own file.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Account, AccountError, Minter, alibaba, livekit};

/// An RTC service, by its name on the wire and in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// The first setting that is missing or cannot be right, by its name.
    pub fn minter(self, account: Account) -> Result<Box<dyn Minter>, AccountError> {
        Ok(match self {
            Self::Livekit => Box::new(livekit::Livekit::new(account)?),
            Self::Alibaba => Box::new(alibaba::Artc::new(account)?),
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
