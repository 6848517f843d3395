//! Requests of `livekit.RoomService`. Protobuf's JSON mapping allows both spellings of a field, `null` for a missing
//! field, and numbers as strings. Fields that this SFU does not use are ignored.

use serde::{Deserialize, Deserializer};

use crate::permission::Permission;

/// `CreateRoomRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateRoom {
    pub(super) name: Option<String>,
    /// Seconds.
    #[serde(default, alias = "empty_timeout", deserialize_with = "number")]
    pub(super) empty_timeout: Option<u32>,
    /// Seconds.
    #[serde(default, alias = "departure_timeout", deserialize_with = "number")]
    pub(super) departure_timeout: Option<u32>,
    #[serde(default, alias = "max_participants", deserialize_with = "number")]
    pub(super) max_participants: Option<u32>,
    pub(super) metadata: Option<String>,
}

/// `DeleteRoomRequest`.
#[derive(Debug, Deserialize)]
pub(super) struct DeleteRoom {
    pub(super) room: String,
}

/// `ListRoomsRequest`.
#[derive(Debug, Deserialize)]
pub(super) struct ListRooms {
    pub(super) names: Option<Vec<String>>,
}

/// `ListParticipantsRequest`.
#[derive(Debug, Deserialize)]
pub(super) struct ListParticipants {
    pub(super) room: String,
}

/// `RoomParticipantIdentity`.
#[derive(Debug, Deserialize)]
pub(super) struct RoomParticipant {
    pub(super) room: String,
    pub(super) identity: String,
}

/// `MuteRoomTrackRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MutePublishedTrack {
    pub(super) room: String,
    pub(super) identity: String,
    #[serde(alias = "track_sid")]
    pub(super) track_sid: String,
    pub(super) muted: Option<bool>,
}

/// `UpdateParticipantRequest`.
#[derive(Debug, Deserialize)]
pub(super) struct UpdateParticipant {
    pub(super) room: String,
    pub(super) identity: String,
    pub(super) metadata: Option<String>,
    pub(super) permission: Option<Permission>,
    pub(super) name: Option<String>,
}

/// Reads a number or a number in a string. Zero means that the field is not set, as in protobuf.
fn number<'de, D: Deserializer<'de>>(json: D) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Plain(u32),
        Text(String),
    }
    let number = match Option::deserialize(json)? {
        None => 0,
        Some(Number::Plain(number)) => number,
        Some(Number::Text(text)) => text.parse().map_err(serde::de::Error::custom)?,
    };
    Ok(Some(number).filter(|number| *number > 0))
}
