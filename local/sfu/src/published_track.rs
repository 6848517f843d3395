//! Published tracks: the audio and the video that a participant sends.

use std::time::{Duration, Instant};

use str0m::media::Mid;

/// Shortest time between two key-frame requests; encoders need longer to produce a key frame.
const KEYFRAME_PERIOD: Duration = Duration::from_millis(500);

/// One track of a participant. It exists from the join, even if nothing is sent, so that it can be muted before the
/// first packet.
#[derive(Debug)]
pub(crate) struct PublishedTrack {
    /// Track ID, `TR_…`.
    pub(crate) sid: String,
    /// Media line of the offer; `None` if the offer has no line of this kind.
    pub(crate) mid: Option<Mid>,
    /// `true` if the server has muted the track.
    pub(crate) muted: bool,
    /// Last statement of the client about sending this track; `None` before the first statement.
    pub(crate) declared: Option<bool>,
    /// `true` while packets arrive.
    pub(crate) flowing: bool,
    keyframe_requested_at: Option<Instant>,
}

impl PublishedTrack {
    /// Creates a track without packets.
    pub(crate) fn new() -> Self {
        Self {
            sid: crate::sid::new_sid("TR"),
            mid: None,
            muted: false,
            declared: None,
            flowing: false,
            keyframe_requested_at: None,
        }
    }

    /// Returns `true` if packets arrive and the client does not declare the track as off.
    pub(crate) fn is_sending(&self) -> bool {
        self.flowing && self.declared.unwrap_or(true)
    }

    /// Returns `true` if a key frame may be requested now, and records the request.
    pub(crate) fn may_request_keyframe(&mut self, now: Instant) -> bool {
        let recently =
            self.keyframe_requested_at.is_some_and(|at| now.saturating_duration_since(at) < KEYFRAME_PERIOD);
        if !recently {
            self.keyframe_requested_at = Some(now);
        }
        !recently
    }
}
