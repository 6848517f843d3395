//! The `join` object: the parameters with which a terminal enters its channel at the RTC service.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::provider::Provider;

/// Rights of a user in the channel of a meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(clippy::struct_excessive_bools, reason = "five independent switches, named as on the wire")]
pub struct Rights {
    /// Right to publish audio from a microphone.
    pub microphone: bool,
    /// Right to publish video from a camera.
    pub camera: bool,
    /// Right to share a screen with its audio.
    pub screen: bool,
    /// Right to send data messages to the channel.
    pub data: bool,
    /// Right to receive the media of others.
    pub subscribe: bool,
}

impl Rights {
    /// All rights: those of a member without restrictions.
    pub const ALL: Self = Self { microphone: true, camera: true, screen: true, data: true, subscribe: true };

    /// Returns these rights without the right to speak (a hard mute).
    #[must_use]
    pub const fn without_microphone(self) -> Self {
        Self { microphone: false, ..self }
    }
}

/// Parameters with which a client SDK enters the channel. `Debug` hides the token, and the values of
/// `params`, which may contain the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(description = "Parameters with which the client SDK of the RTC service enters the channel.")
)]
pub struct Join {
    /// RTC service, which selects the client SDK.
    pub provider: Provider,
    /// Address to which the SDK connects.
    pub url: String,
    /// Channel to enter.
    pub channel_id: String,
    /// The user's id at the RTC service.
    pub user_id: String,
    /// Join token. Never log it.
    pub token: String,
    /// Milliseconds from receipt until the token expires.
    pub token_expires_in_ms: i64,
    /// Rights of the user.
    pub rights: Rights,
    /// True if the RTC service enforces the rights.
    pub rights_enforced: bool,
    /// Further fields of the RTC service. alibaba: `app_id`, `nonce`, `timestamp`, `single_token`; agora:
    /// `app_id`, `uid`; tencent: `sdk_app_id`, optionally `private_map_key`; janus: `room`, `core_token`,
    /// `participant_id`; any service with a TURN server: `iceServers`, in the form that `WebRTC` takes.
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
