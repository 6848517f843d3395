//! What `RoomService` answers: protobuf's JSON, in which servers write names in camelCase or `snake_case`, 64-bit numbers
//! as text, and leave out what is zero.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Twirp's error.
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
    /// `JOINING`, `JOINED`, `ACTIVE`, `DISCONNECTED`; the first where it is left out.
    #[serde(default)]
    state: String,
    /// `STANDARD`, `INGRESS`, `EGRESS`, `SIP`, `AGENT`, …; the first where it is left out.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    tracks: Vec<LivekitTrack>,
}

impl LivekitParticipant {
    /// Whether this is somebody who is in: no recorder, no agent, and nobody on the way in or out.
    pub fn is_person_inside(&self) -> bool {
        matches!(self.state.as_str(), "JOINED" | "ACTIVE") && matches!(self.kind.as_str(), "" | "STANDARD")
    }

    /// The ids of the tracks through which a microphone is heard.
    pub fn open_microphones(&self) -> impl Iterator<Item = &str> {
        let open = self.tracks.iter().filter(|track| track.source == "MICROPHONE" && !track.muted);
        open.map(|track| track.sid.as_str())
    }
}

#[derive(Deserialize)]
struct LivekitTrack {
    sid: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    muted: bool,
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
    /// Newer servers say it in milliseconds too.
    #[serde(default, alias = "creationTimeMs", deserialize_with = "number")]
    creation_time_ms: Option<i64>,
}

impl LivekitRoom {
    /// When it was made, Unix milliseconds.
    pub fn created_ms(&self) -> Option<i64> {
        let exact = self.creation_time_ms.filter(|time| *time > 0);
        exact.or_else(|| self.creation_time.filter(|time| *time > 0)?.checked_mul(1000))
    }
}

/// A 64-bit number, as a number or as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}
