//! What a `LiveKit` token says. Member names as in `livekit/protocol` (`auth/grants.go`); absent members are
//! left out, because a server reads an absent permission as granted and an empty one as given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Claims of a join, a management call or a callback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LivekitClaims {
    /// API key that signed.
    pub iss: String,
    /// End, Unix seconds; required.
    pub exp: i64,
    /// Begin, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Identity of the participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Opaque text that participants see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Key-value pairs that participants see.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Hash of a callback's body, standard base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What may be done with rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoGrant>,
    /// Claims that nothing here looks at, as they came.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl LivekitClaims {
    /// Claims that grant nothing yet. Both times in Unix seconds.
    #[must_use]
    pub fn issued_by(api_key: &str, issued: i64, expires: i64) -> Self {
        Self { iss: api_key.to_owned(), nbf: Some(issued), exp: expires, ..Self::default() }
    }
}

/// What may be done with rooms: the first flags are for management calls, the rest for a participant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the format's own members")]
pub struct VideoGrant {
    /// Create and delete rooms.
    #[serde(default, skip_serializing_if = "is_false")]
    pub room_create: bool,
    /// List rooms.
    #[serde(default, skip_serializing_if = "is_false")]
    pub room_list: bool,
    /// Moderate [`room`](Self::room).
    #[serde(default, skip_serializing_if = "is_false")]
    pub room_admin: bool,
    /// Enter [`room`](Self::room).
    #[serde(default, skip_serializing_if = "is_false")]
    pub room_join: bool,
    /// The one room that this grant is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Publish media; absent means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_publish: Option<bool>,
    /// Receive media; absent means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_subscribe: Option<bool>,
    /// Send data messages; absent means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_publish_data: Option<bool>,
    /// Which sources may be published; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub can_publish_sources: Vec<LivekitTrackSource>,
    /// Change own name, metadata and attributes; absent means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_update_own_metadata: Option<bool>,
    /// Take part unseen.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Grants that nothing here looks at, as they came.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// Where a track comes from. Lower case in tokens (the management API spells the same in capitals).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LivekitTrackSource {
    /// A camera.
    Camera,
    /// A microphone.
    Microphone,
    /// A shared screen or window.
    ScreenShare,
    /// The sound of what is shared.
    ScreenShareAudio,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}
