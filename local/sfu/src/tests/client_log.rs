//! Log of the frames and messages that a client has received.

use serde_json::Value;
use str0m::media::{MediaKind, MediaTime};

#[derive(Default)]
pub(super) struct ClientLog {
    pub(super) connected: bool,
    pub(super) closed: bool,
    pub(super) frames: Vec<Frame>,
    /// Messages on the data channel.
    pub(super) messages: Vec<Value>,
    pub(super) keyframe_requests: usize,
}

/// A received frame.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) kind: MediaKind,
    pub(super) mid: String,
    /// Name of the sender, from the content of the frame.
    pub(super) from: String,
    pub(super) key: bool,
    pub(super) time: MediaTime,
}
