//! Rooms, participants and tracks as `LiveKit` shows them, in answers and in webhooks: protobuf's JSON form of
//! `livekit_models.proto`, in which 64-bit numbers are texts and every member is written.

use std::collections::BTreeMap;

use serde::Serialize;
use str0m::media::MediaKind;

use crate::kinds::BOTH;
use crate::peer::Peer;
use crate::permission::{Permission, TrackSource};

/// `livekit.Room`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomInfo {
    /// `RM_…`, another one each time a room of the name is made.
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
    /// `PA_…`, another one for each join.
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
    pub(crate) disconnect_reason: Reason,
}

/// `livekit.ParticipantInfo.State`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ParticipantState {
    /// Allowed in, not connected yet.
    Joining,
    /// Connected.
    Active,
    /// Gone.
    Disconnected,
}

/// `livekit.DisconnectReason`, as far as it happens here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Reason {
    /// Has not left.
    #[serde(rename = "UNKNOWN_REASON")]
    None,
    /// Said that it leaves.
    ClientInitiated,
    /// The same identity joined again.
    DuplicateIdentity,
    /// Put out.
    ParticipantRemoved,
    /// The room was deleted.
    RoomDeleted,
    /// The connection was closed without a word.
    SignalClose,
    /// Nothing was heard for too long.
    ConnectionTimeout,
}

impl Reason {
    /// Whether the participant is gone without anybody having wanted it.
    pub(crate) fn is_unclean(self) -> bool {
        matches!(self, Self::SignalClose | Self::ConnectionTimeout)
    }
}

/// `livekit.TrackInfo`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrackInfo {
    /// `TR_…`
    pub(crate) sid: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) source: TrackSource,
    pub(crate) muted: bool,
    pub(crate) simulcast: bool,
    /// The line in the participant's offer.
    pub(crate) mid: String,
}

impl ParticipantInfo {
    /// Describes a participant. `reason` is [`Reason::None`] unless the participant has left.
    pub(crate) fn of(peer: &Peer, reason: Reason) -> Self {
        let state = match (reason, peer.active) {
            (Reason::None, true) => ParticipantState::Active,
            (Reason::None, false) => ParticipantState::Joining,
            _ => ParticipantState::Disconnected,
        };
        Self {
            sid: peer.sid.clone(),
            identity: peer.who.identity.clone(),
            name: peer.who.name.clone(),
            state,
            tracks: BOTH.into_iter().map(|kind| TrackInfo::of(peer, kind)).collect(),
            metadata: peer.who.metadata.clone(),
            attributes: BTreeMap::new(),
            joined_at: peer.joined_ms.div_euclid(1000).to_string(),
            joined_at_ms: peer.joined_ms.to_string(),
            permission: peer.who.permission.clone(),
            is_publisher: is_publisher(peer),
            kind: "STANDARD",
            disconnect_reason: reason,
        }
    }
}

impl TrackInfo {
    /// Describes a participant's track of one kind.
    pub(crate) fn of(peer: &Peer, kind: MediaKind) -> Self {
        let uplink = &peer.uplinks[kind];
        Self {
            sid: uplink.sid.clone(),
            kind: if kind.is_audio() { "AUDIO" } else { "VIDEO" },
            source: kind.into(),
            muted: peer.absent()[kind],
            simulcast: false,
            mid: uplink.mid.map(|mid| mid.to_string()).unwrap_or_default(),
        }
    }
}

/// Returns `true` if packets of the participant arrive.
pub(crate) fn is_publisher(peer: &Peer) -> bool {
    BOTH.into_iter().any(|kind| peer.uplinks[kind].flowing)
}
