//! Permissions of a participant: granted by the join token, changed by `UpdateParticipant`, enforced on every frame.

use serde::{Deserialize, Deserializer, Serialize};
use str0m::media::MediaKind;
use switchboard_rtc::livekit::{LivekitTrackSource, VideoGrant};

/// `livekit.ParticipantPermission`. A missing field means `false` in the API, as in every protobuf message, but `true`
/// in a token (see [`Permission::granted`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the format's own members")]
#[derive(Default)]
pub(crate) struct Permission {
    /// Receive the media of other participants.
    #[serde(alias = "can_subscribe", deserialize_with = "or_default")]
    pub(crate) can_subscribe: bool,
    /// Send media.
    #[serde(alias = "can_publish", deserialize_with = "or_default")]
    pub(crate) can_publish: bool,
    /// Send data messages. Stored, without effect: this SFU does not forward data messages.
    #[serde(alias = "can_publish_data", deserialize_with = "or_default")]
    pub(crate) can_publish_data: bool,
    /// Sources that may be sent; empty means all sources.
    #[serde(alias = "can_publish_sources", deserialize_with = "or_default")]
    pub(crate) can_publish_sources: Vec<TrackSource>,
    /// Participate without being listed. Stored, without effect.
    #[serde(deserialize_with = "or_default")]
    pub(crate) hidden: bool,
}

/// `livekit.TrackSource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TrackSource {
    Camera,
    Microphone,
    ScreenShare,
    ScreenShareAudio,
    /// `UNKNOWN`, and sources that only newer clients know.
    #[serde(other)]
    Unknown,
}

impl From<LivekitTrackSource> for TrackSource {
    fn from(source: LivekitTrackSource) -> Self {
        match source {
            LivekitTrackSource::Camera => Self::Camera,
            LivekitTrackSource::Microphone => Self::Microphone,
            LivekitTrackSource::ScreenShare => Self::ScreenShare,
            LivekitTrackSource::ScreenShareAudio => Self::ScreenShareAudio,
        }
    }
}

impl From<MediaKind> for TrackSource {
    /// Maps a kind to its source; an offer has one sending line of each kind.
    fn from(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Audio => Self::Microphone,
            MediaKind::Video => Self::Camera,
        }
    }
}

impl Permission {
    /// Returns the permissions that a token grants.
    pub(crate) fn granted(grant: &VideoGrant) -> Self {
        Self {
            can_subscribe: grant.can_subscribe.unwrap_or(true),
            can_publish: grant.can_publish.unwrap_or(true),
            can_publish_data: grant.can_publish_data.unwrap_or(true),
            can_publish_sources: grant.can_publish_sources.iter().copied().map(TrackSource::from).collect(),
            hidden: grant.hidden,
        }
    }

    /// Returns `true` if the participant may send media of this kind.
    pub(crate) fn may_send(&self, kind: MediaKind) -> bool {
        let sources = &self.can_publish_sources;
        self.can_publish && (sources.is_empty() || sources.contains(&kind.into()))
    }
}

/// Reads `null` as the default value, as protobuf's JSON mapping requires.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(json: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or_default())
}
