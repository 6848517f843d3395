//! The RTC services that can be chosen, and how a configured account becomes a minter: the one place that a
//! new provider is added to besides its own file.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::callback::Callbacks;
#[cfg(feature = "aws")]
use super::control::{Control, Http};
use super::{Account, AccountError, Minter, agora, alibaba, janus, livekit, tencent};

/// An RTC service, by its name on the wire and in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// `LiveKit`, hosted or self-hosted; also the laptop's own SFU.
    Livekit,
    /// Alibaba Cloud: ARTC in `ApsaraVideo` Live, or `DingRTC`.
    Alibaba,
    /// Agora.
    Agora,
    /// Tencent TRTC.
    Tencent,
    /// Janus with its plugin `videoroom`, self-hosted.
    Janus,
}

impl Provider {
    /// Every provider that can be configured.
    pub const ALL: [Self; 5] = [Self::Livekit, Self::Alibaba, Self::Agora, Self::Tencent, Self::Janus];

    /// The name on the wire and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Livekit => "livekit",
            Self::Alibaba => "alibaba",
            Self::Agora => "agora",
            Self::Tencent => "tencent",
            Self::Janus => "janus",
        }
    }

    /// A minter for an account at this service.
    ///
    /// # Errors
    /// The first setting that is missing or cannot be right, by its name.
    pub fn minter(self, account: Account) -> Result<Box<dyn Minter>, AccountError> {
        Ok(match self {
            Self::Livekit => Box::new(livekit::Livekit::new(account)?),
            Self::Alibaba => alibaba::minter(account)?,
            Self::Agora => Box::new(agora::Agora::new(account)?),
            Self::Tencent => Box::new(tencent::Tencent::new(account)?),
            Self::Janus => Box::new(janus::Janus::new(account)?),
        })
    }
}

impl Provider {
    /// What reads this service's callbacks; `None` if it has none that are read here, or if what they are signed with is
    /// not set: the key of the tokens at `LiveKit`, elsewhere `secret`.
    #[must_use]
    pub fn callbacks(self, account: &Account, secret: Option<&SecretString>) -> Option<Box<dyn Callbacks>> {
        // An empty secret is none: anybody could sign with it.
        let there = |secret: &&SecretString| !secret.expose_secret().is_empty();
        let (key, secret) = (Some(&account.key_secret).filter(there), secret.filter(there));
        Some(match self {
            Self::Livekit => Box::new(livekit::callback::Webhooks::new(&account.key_id, key?)),
            Self::Agora => Box::new(agora::callback::Notifications::new(secret?)),
            Self::Janus => Box::new(janus::callback::Events::new(secret?)),
            Self::Alibaba | Self::Tencent => return None,
        })
    }
}

#[cfg(feature = "aws")]
impl Provider {
    /// What manages the channels of an account at this service; `None` without a management API (`RTC_API_URL`).
    ///
    /// # Errors
    /// The first setting that is missing or cannot be right, by its name.
    pub fn control(self, account: &Account, http: Http) -> Result<Option<Box<dyn Control>>, AccountError> {
        let Some(api) = &account.api else { return Ok(None) };
        let url = api.address()?;
        Ok(Some(match self {
            Self::Livekit => Box::new(livekit::control::RoomService::new(account, url, http)?),
            Self::Alibaba => alibaba::control::of(account, api, url, http)?,
            Self::Agora => Box::new(agora::control::Channels::new(account, api, url, http)?),
            Self::Tencent => Box::new(tencent::control::Rooms::new(account, api, url, http)?),
            Self::Janus => Box::new(janus::control::Rooms::new(account, api, url, http)?),
        }))
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
        Self::ALL.into_iter().find(|provider| provider.name() == name).ok_or(UnknownProvider)
    }
}

/// A provider name that nothing here implements. Carries no name: a setting may have ended up under another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown RTC provider; known are {}", Provider::ALL.map(Provider::name).join(", "))]
pub struct UnknownProvider;
