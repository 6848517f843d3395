//! What a participant may do: given by the join token, changed by `UpdateParticipant`, enforced on every frame.

use serde::{Deserialize, Deserializer, Serialize};
use str0m::media::MediaKind;
use switchboard_rtc::livekit::{LivekitTrackSource, VideoGrant};

/// `livekit.ParticipantPermission`. In the API what is not said is not allowed, as in every protobuf message; in a
/// token it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the format's own members")]
#[derive(Default)]
pub(crate) struct Permission {
    /// Receive the others.
    #[serde(alias = "can_subscribe", deserialize_with = "or_default")]
    pub(crate) can_subscribe: bool,
    /// Send anything at all.
    #[serde(alias = "can_publish", deserialize_with = "or_default")]
    pub(crate) can_publish: bool,
    /// Send data messages; there is nobody to send them to here.
    #[serde(alias = "can_publish_data", deserialize_with = "or_default")]
    pub(crate) can_publish_data: bool,
    /// Which sources may be sent; empty means all.
    #[serde(alias = "can_publish_sources", deserialize_with = "or_default")]
    pub(crate) can_publish_sources: Vec<TrackSource>,
    /// Take part unseen; kept, not acted on.
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
    /// `UNKNOWN`, and what newer clients may name.
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
    /// An offer has one line of each kind, so a kind is a source.
    fn from(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Audio => Self::Microphone,
            MediaKind::Video => Self::Camera,
        }
    }
}

impl Permission {
    /// What a token grants.
    pub(crate) fn granted(grant: &VideoGrant) -> Self {
        Self {
            can_subscribe: grant.can_subscribe.unwrap_or(true),
            can_publish: grant.can_publish.unwrap_or(true),
            can_publish_data: grant.can_publish_data.unwrap_or(true),
            can_publish_sources: grant.can_publish_sources.iter().copied().map(TrackSource::from).collect(),
            hidden: grant.hidden,
        }
    }

    /// Whether media of this kind may be sent.
    pub(crate) fn may_send(&self, kind: MediaKind) -> bool {
        let sources = &self.can_publish_sources;
        self.can_publish && (sources.is_empty() || sources.contains(&kind.into()))
    }
}

/// Protobuf's JSON writes an absent value as `null`, too.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(json: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or_default())
}
