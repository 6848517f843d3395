//! Events of a channel, in one form for all RTC services: a participant joined or left, or the channel closed.
//!
//! The RTC crate reads them from signed callbacks, and the core decides on them.

use serde::{Deserialize, Serialize};

/// Something happened in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaEvent {
    /// The service's own name for this event, for logs.
    pub id: String,
    /// The channel.
    pub channel_id: String,
    /// When, by the service's clock.
    pub at: ServiceTime,
    /// What.
    pub kind: MediaEventKind,
}

/// Kind of a media event. `media_id` is the participant's id at the RTC service, as its minter derives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEventKind {
    /// A participant came in.
    Joined {
        /// Who.
        media_id: String,
        /// Which of the user's stays in the channel this is, where the service tells.
        stay: Option<Stay>,
    },
    /// A participant went out.
    Left {
        /// Who.
        media_id: String,
        /// Which of the user's stays in the channel ended, where the service tells.
        stay: Option<Stay>,
        /// Whether on purpose; otherwise the connection broke, or the service does not say.
        clean: bool,
    },
    /// The channel is gone, and everybody with it.
    ChannelClosed,
}

/// A moment by a service's clock. Later ones are greater; two of the same user are never equal where the service numbers
/// its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceTime {
    /// Unix milliseconds.
    pub ms: i64,
    /// Orders events of one user within a millisecond (or a second, where the service counts in seconds).
    pub seq: i64,
}

/// One stay of a user in a channel: who drops out and comes back begins another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// The service's name for it.
    pub id: String,
    /// When it began, Unix milliseconds.
    pub since_ms: i64,
}
