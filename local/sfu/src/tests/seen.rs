//! What a client has got.

use serde_json::Value;
use str0m::media::{MediaKind, MediaTime};

/// What a client has got.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) connected: bool,
    pub(super) closed: bool,
    pub(super) frames: Vec<Frame>,
    /// Messages on the data channel.
    pub(super) notices: Vec<Value>,
    pub(super) keyframe_requests: usize,
}

/// A frame that arrived.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) kind: MediaKind,
    pub(super) mid: String,
    /// The name in it.
    pub(super) from: String,
    pub(super) key: bool,
    pub(super) time: MediaTime,
}
