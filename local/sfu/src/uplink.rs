//! What one participant sends of one kind: its track as the API shows it, and whether it may and does arrive.

use std::time::{Duration, Instant};

use str0m::media::Mid;

/// A picture that is missing is asked for no more often than this: encoders need longer to make one.
const KEYFRAME_PERIOD: Duration = Duration::from_millis(500);

/// One track of a participant. It exists from the join on, whether anything is sent or not, so that it can be muted
/// before the first packet.
#[derive(Debug)]
pub(crate) struct Uplink {
    /// Track id, `TR_…`.
    pub(crate) sid: String,
    /// The offer's line; absent if it has none of this kind.
    pub(crate) mid: Option<Mid>,
    /// Muted by the server.
    pub(crate) muted: bool,
    /// What the client says of itself, once it has said something.
    pub(crate) said: Option<bool>,
    /// Whether packets come.
    pub(crate) flowing: bool,
    keyframe_asked: Option<Instant>,
}

impl Uplink {
    /// A track that sends nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            sid: crate::sid::new_sid("TR"),
            mid: None,
            muted: false,
            said: None,
            flowing: false,
            keyframe_asked: None,
        }
    }

    /// Whether there is something to see or to hear, as far as the sender goes.
    pub(crate) fn is_live(&self) -> bool {
        self.flowing && self.said.unwrap_or(true)
    }

    /// Whether a key frame may be asked for now; counts as asked.
    pub(crate) fn may_ask_for_keyframe(&mut self, now: Instant) -> bool {
        let recently =
            self.keyframe_asked.is_some_and(|at| now.saturating_duration_since(at) < KEYFRAME_PERIOD);
        if !recently {
            self.keyframe_asked = Some(now);
        }
        !recently
    }
}
