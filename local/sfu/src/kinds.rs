//! Something that is there once for audio and once for video.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};
use str0m::media::MediaKind;

/// One value for each kind of media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kinds<T> {
    /// Of the microphone.
    pub(crate) audio: T,
    /// Of the camera.
    pub(crate) video: T,
}

/// Both kinds, in the order in which they are told.
pub(crate) const BOTH: [MediaKind; 2] = [MediaKind::Audio, MediaKind::Video];

impl<T> Kinds<T> {
    /// One value for each kind, made by `make`.
    pub(crate) fn each(mut make: impl FnMut(MediaKind) -> T) -> Self {
        Self { audio: make(MediaKind::Audio), video: make(MediaKind::Video) }
    }
}

impl<T> Index<MediaKind> for Kinds<T> {
    type Output = T;

    fn index(&self, kind: MediaKind) -> &T {
        match kind {
            MediaKind::Audio => &self.audio,
            MediaKind::Video => &self.video,
        }
    }
}

impl<T> IndexMut<MediaKind> for Kinds<T> {
    fn index_mut(&mut self, kind: MediaKind) -> &mut T {
        match kind {
            MediaKind::Audio => &mut self.audio,
            MediaKind::Video => &mut self.video,
        }
    }
}
