//! A pair of values, one for audio and one for video.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};
use str0m::media::MediaKind;

/// One value for each kind of media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PerKind<T> {
    /// Value of the microphone's track.
    pub(crate) audio: T,
    /// Value of the camera's track.
    pub(crate) video: T,
}

/// Both kinds, in the order in which the API lists tracks.
pub(crate) const MEDIA_KINDS: [MediaKind; 2] = [MediaKind::Audio, MediaKind::Video];

impl<T> PerKind<T> {
    /// Calls `make` once for each kind.
    pub(crate) fn each(mut make: impl FnMut(MediaKind) -> T) -> Self {
        Self { audio: make(MediaKind::Audio), video: make(MediaKind::Video) }
    }
}

impl<T> Index<MediaKind> for PerKind<T> {
    type Output = T;

    fn index(&self, kind: MediaKind) -> &T {
        match kind {
            MediaKind::Audio => &self.audio,
            MediaKind::Video => &self.video,
        }
    }
}

impl<T> IndexMut<MediaKind> for PerKind<T> {
    fn index_mut(&mut self, kind: MediaKind) -> &mut T {
        match kind {
            MediaKind::Audio => &mut self.audio,
            MediaKind::Video => &mut self.video,
        }
    }
}
