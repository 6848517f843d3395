//! Rooms, participants and tracks in `LiveKit`'s form, for responses and webhooks: the JSON mapping of
//! `livekit_models.proto`, in which 64-bit numbers are strings and every field is present.

use std::collections::BTreeMap;

use serde::Serialize;
use str0m::media::MediaKind;

use crate::peer::Peer;
use crate::per_kind::MEDIA_KINDS;
use crate::permission::{Permission, TrackSource};

/// `livekit.Room`: a channel in the form of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomInfo {
    /// `RM_…`, different each time a channel with the same name is created.
    pub(crate) sid: String,
    pub(crate) name: String,
    /// Seconds.
    pub(crate) empty_timeout: u32,
    /// Seconds.
    pub(crate) departure_timeout: u32,
    pub(crate) max_participants: u32,
    /// Unix seconds.
    pub(crate) creation_time: String,
    /// Unix milliseconds.
    pub(crate) creation_time_ms: String,
    pub(crate) metadata: String,
    pub(crate) num_participants: usize,
    pub(crate) num_publishers: usize,
    pub(crate) active_recording: bool,
}

/// `livekit.ParticipantInfo`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParticipantInfo {
    /// `PA_…`, different for each join.
    pub(crate) sid: String,
    pub(crate) identity: String,
    pub(crate) name: String,
    pub(crate) state: ParticipantState,
    pub(crate) tracks: Vec<TrackInfo>,
    pub(crate) metadata: String,
    pub(crate) attributes: BTreeMap<String, String>,
    /// Unix seconds.
    pub(crate) joined_at: String,
    /// Unix milliseconds.
    pub(crate) joined_at_ms: String,
    pub(crate) permission: Permission,
    pub(crate) is_publisher: bool,
    pub(crate) kind: &'static str,
    pub(crate) disconnect_reason: DisconnectReason,
}

/// `livekit.ParticipantInfo.State`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ParticipantState {
    /// The join was accepted; the WebRTC connection is not established yet.
    Joining,
    /// The WebRTC connection is established.
    Active,
    /// The participant has left or was removed.
    Disconnected,
}

/// `livekit.DisconnectReason`: the reasons that occur here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DisconnectReason {
    /// The participant has not left.
    #[serde(rename = "UNKNOWN_REASON")]
    NotDisconnected,
    /// The client ended its session.
    ClientInitiated,
    /// The same identity has joined again.
    DuplicateIdentity,
    /// `RemoveParticipant` was called.
    ParticipantRemoved,
    /// `DeleteRoom` was called.
    RoomDeleted,
    /// The connection closed without a request to leave.
    SignalClose,
    /// No packet arrived for too long.
    ConnectionTimeout,
}

impl DisconnectReason {
    /// Returns `true` if the participant left without a request to leave and without a removal.
    pub(crate) fn is_unclean(self) -> bool {
        matches!(self, Self::SignalClose | Self::ConnectionTimeout)
    }
}

/// `livekit.TrackInfo`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrackInfo {
    /// Track ID, `TR_…`.
    pub(crate) sid: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) source: TrackSource,
    pub(crate) muted: bool,
    pub(crate) simulcast: bool,
    /// Media line in the participant's offer; empty if the offer has no line of this kind.
    pub(crate) mid: String,
}

impl ParticipantInfo {
    /// Describes a participant. `reason` is [`DisconnectReason::NotDisconnected`] unless the participant has left.
    pub(crate) fn of(peer: &Peer, reason: DisconnectReason) -> Self {
        let state = match (reason, peer.connected) {
            (DisconnectReason::NotDisconnected, true) => ParticipantState::Active,
            (DisconnectReason::NotDisconnected, false) => ParticipantState::Joining,
            _ => ParticipantState::Disconnected,
        };
        Self {
            sid: peer.sid.clone(),
            identity: peer.admission.identity.clone(),
            name: peer.admission.name.clone(),
            state,
            tracks: MEDIA_KINDS.into_iter().map(|kind| TrackInfo::of(peer, kind)).collect(),
            metadata: peer.admission.metadata.clone(),
            attributes: BTreeMap::new(),
            joined_at: peer.joined_ms.div_euclid(1000).to_string(),
            joined_at_ms: peer.joined_ms.to_string(),
            permission: peer.admission.permission.clone(),
            is_publisher: is_publisher(peer),
            kind: "STANDARD",
            disconnect_reason: reason,
        }
    }
}

impl TrackInfo {
    /// Describes a participant's track of one kind.
    pub(crate) fn of(peer: &Peer, kind: MediaKind) -> Self {
        let track = &peer.tracks[kind];
        Self {
            sid: track.sid.clone(),
            kind: if kind.is_audio() { "AUDIO" } else { "VIDEO" },
            source: kind.into(),
            muted: peer.unavailable()[kind],
            simulcast: false,
            mid: track.mid.map(|mid| mid.to_string()).unwrap_or_default(),
        }
    }
}

/// Returns `true` if packets of the participant arrive.
pub(crate) fn is_publisher(peer: &Peer) -> bool {
    MEDIA_KINDS.into_iter().any(|kind| peer.tracks[kind].flowing)
}
