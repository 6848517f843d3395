//! The `join` object: everything that a terminal needs to enter its channel at the RTC service.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::provider::Provider;

/// What a meeting allows a user to do in its channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(clippy::struct_excessive_bools, reason = "five independent switches, named as on the wire")]
pub struct Rights {
    /// Publish sound from a microphone.
    pub microphone: bool,
    /// Publish pictures from a camera.
    pub camera: bool,
    /// Share a screen, with its sound.
    pub screen: bool,
    /// Send data messages to the channel.
    pub data: bool,
    /// Receive what others publish.
    pub subscribe: bool,
}

impl Rights {
    /// Everything: what a member has unless the meeting took something away.
    pub const ALL: Self = Self { microphone: true, camera: true, screen: true, data: true, subscribe: true };

    /// The same without the right to speak (a hard mute).
    #[must_use]
    pub const fn without_microphone(self) -> Self {
        Self { microphone: false, ..self }
    }
}

/// `join` on the wire: all that a client SDK needs to enter the channel. `Debug` shows neither the token nor
/// the values of `params`, which may repeat it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(description = "All that the client SDK of the RTC service needs to enter the channel.")
)]
pub struct Join {
    /// Which client SDK to use.
    pub provider: Provider,
    /// Where it connects to.
    pub url: String,
    /// Channel (room) to enter.
    pub channel_id: String,
    /// The account as the RTC service knows it.
    pub user_id: String,
    /// Proof for the service. Never log it.
    pub token: String,
    /// Counts from receipt.
    pub token_expires_in_ms: i64,
    /// What the meeting allows this user.
    pub rights: Rights,
    /// Whether the service holds the user to them.
    pub rights_enforced: bool,
    /// Further fields of that service. alibaba: `app_id`, `nonce`, `timestamp`, `single_token`; agora: `app_id`, `uid`;
    /// tencent: `sdk_app_id`, `private_map_key` if any; janus: `room`, `core_token`, `participant_id`; any: `iceServers`,
    /// as `WebRTC` takes them, if there is a TURN server.
    #[serde(default)]
    pub params: Map<String, Value>,
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("provider", &self.provider)
            .field("url", &self.url)
            .field("channel_id", &self.channel_id)
            .field("user_id", &self.user_id)
            .field("token_expires_in_ms", &self.token_expires_in_ms)
            .field("rights", &self.rights)
            .field("rights_enforced", &self.rights_enforced)
            .field("params", &self.params.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
