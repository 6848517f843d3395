//! Claims of `LiveKit` tokens, with the member names of `livekit/protocol` (`auth/grants.go`). Absent members
//! are not written, since the server reads an absent permission as granted and an empty member as set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Claims of a join, a management request or a callback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LivekitClaims {
    /// API key of the signer.
    pub iss: String,
    /// Expiry, Unix seconds; required.
    pub exp: i64,
    /// Beginning of the validity, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Identity of the participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Text of the app that participants see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Key-value pairs that participants see.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Hash of a callback's body, standard base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Rights on rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoGrant>,
    /// Other claims, which are kept unchanged.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl LivekitClaims {
    /// Returns claims without any grant. Both times are Unix seconds.
    #[must_use]
    pub fn issued_by(api_key: &str, issued: i64, expires: i64) -> Self {
        Self { iss: api_key.to_owned(), nbf: Some(issued), exp: expires, ..Self::default() }
    }
}

/// Rights on rooms. The first flags are for management requests, the others for a participant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the format's own members")]
pub struct VideoGrant {
    /// Right to create and delete rooms.
    #[serde(default, skip_serializing_if = "is_false")]
    pub room_create: bool,
    /// Right to list rooms.
    #[serde(default, skip_serializing_if = "is_false")]
    pub room_list: bool,
    /// Right to moderate [`room`](Self::room).
    #[serde(default, skip_serializing_if = "is_false")]
    pub room_admin: bool,
    /// Right to enter [`room`](Self::room).
    #[serde(default, skip_serializing_if = "is_false")]
    pub room_join: bool,
    /// The room of this grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Right to publish media; absent means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_publish: Option<bool>,
    /// Right to receive media; absent means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_subscribe: Option<bool>,
    /// Right to send data messages; absent means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_publish_data: Option<bool>,
    /// Track sources that may be published; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub can_publish_sources: Vec<LivekitTrackSource>,
    /// Right to change the own name, metadata and attributes; absent means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_update_own_metadata: Option<bool>,
    /// True if other participants do not see this participant.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Other grants, which are kept unchanged.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// Source of a track, in lower case in tokens. The management API uses capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LivekitTrackSource {
    /// A camera.
    Camera,
    /// A microphone.
    Microphone,
    /// A shared screen or window.
    ScreenShare,
    /// The audio of a shared screen or window.
    ScreenShareAudio,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}
