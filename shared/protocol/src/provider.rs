//! The supported RTC services.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

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

    /// Returns the name on the wire and in the configuration.
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

/// Error of an unknown provider name. The error does not contain the name, since a secret may be in the wrong
/// setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown RTC provider; use one of {}", Provider::ALL.map(Provider::name).join(", "))]
pub struct UnknownProvider;
