//! Responses of `RoomService` in protobuf's JSON form: names in camelCase or `snake_case`, 64-bit numbers as text,
//! members with the value zero omitted.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An error of Twirp.
#[derive(Default, Deserialize)]
pub(super) struct TwirpError {
    pub code: String,
}

impl TwirpError {
    pub fn read(body: &Value) -> Self {
        Self::deserialize(body).unwrap_or_default()
    }
}

#[derive(Deserialize)]
pub(super) struct LivekitParticipantList {
    #[serde(default)]
    pub participants: Vec<LivekitParticipant>,
}

#[derive(Deserialize)]
pub(super) struct LivekitParticipant {
    pub identity: String,
    /// `JOINING`, `JOINED`, `ACTIVE` or `DISCONNECTED`; the first one if omitted.
    #[serde(default)]
    state: String,
    /// `STANDARD`, `INGRESS`, `EGRESS`, `SIP`, `AGENT` or another kind; the first one if omitted.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    tracks: Vec<LivekitTrack>,
}

impl LivekitParticipant {
    /// Returns whether the participant is a user who has joined and not left. Recorders and agents are not
    /// users.
    pub fn is_user_in_room(&self) -> bool {
        matches!(self.state.as_str(), "JOINED" | "ACTIVE") && matches!(self.kind.as_str(), "" | "STANDARD")
    }

    /// Returns the ids of the tracks with sound that are not muted, with any source.
    pub fn open_sound(&self) -> impl Iterator<Item = &str> {
        let open = self.tracks.iter().filter(|track| track.has_sound() && !track.muted);
        open.map(|track| track.sid.as_str())
    }
}

#[derive(Deserialize)]
struct LivekitTrack {
    sid: String,
    /// `AUDIO`, `VIDEO` or `DATA`; the first one if omitted.
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    muted: bool,
}

impl LivekitTrack {
    /// Returns whether the track carries sound, by the kind that the server knows, since a client may name
    /// any source.
    fn has_sound(&self) -> bool {
        matches!(self.kind.as_str(), "" | "AUDIO")
    }
}

#[derive(Deserialize)]
pub(super) struct LivekitRoomList {
    #[serde(default)]
    pub rooms: Vec<LivekitRoom>,
}

#[derive(Deserialize)]
pub(super) struct LivekitRoom {
    pub name: String,
    /// Unix seconds.
    #[serde(default, alias = "creationTime", deserialize_with = "number")]
    creation_time: Option<i64>,
    /// Unix milliseconds. Only newer servers send it.
    #[serde(default, alias = "creationTimeMs", deserialize_with = "number")]
    creation_time_ms: Option<i64>,
}

impl LivekitRoom {
    /// Returns the time of creation, Unix milliseconds.
    pub fn created_ms(&self) -> Option<i64> {
        let exact = self.creation_time_ms.filter(|time| *time > 0);
        exact.or_else(|| self.creation_time.filter(|time| *time > 0)?.checked_mul(1000))
    }
}

/// Deserialises a 64-bit number that is written as a number or as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}
