//! Events of a channel, in one form for all RTC services: a participant joined or left, or the channel closed.
//!
//! The RTC crate reads the events from signed callbacks, and the core applies them to meetings.

use serde::{Deserialize, Serialize};

/// An event of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaEvent {
    /// Id that the RTC service gave to the event. Only logs use it.
    pub id: String,
    /// Id of the channel.
    pub channel_id: String,
    /// Time by the RTC service's clock.
    pub at: ServiceTime,
    /// Kind of the event.
    pub kind: MediaEventKind,
}

/// Kind of a media event. `media_id` is the participant's id at the RTC service, as its minter derives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEventKind {
    /// A participant joined the channel.
    Joined {
        /// Id of the participant at the RTC service.
        media_id: String,
        /// The user's stay in the channel that began, if the service reports it.
        stay: Option<Stay>,
    },
    /// A participant left the channel.
    Left {
        /// Id of the participant at the RTC service.
        media_id: String,
        /// The user's stay in the channel that ended, if the service reports it.
        stay: Option<Stay>,
        /// `true` if the user left on purpose; `false` if the connection was lost or the service does not report it.
        clean: bool,
    },
    /// The channel was closed, and all participants are out.
    ChannelClosed,
}

/// A time by an RTC service's clock. A later time compares as greater. Two events of one user have different
/// times if the service numbers its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceTime {
    /// Unix milliseconds.
    pub ms: i64,
    /// Order of a user's events within one millisecond (or one second, where the service counts in seconds).
    pub seq: i64,
}

/// One stay of a user in a channel. A user who leaves and comes back begins a new stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// Id that the RTC service gave to the stay.
    pub id: String,
    /// Time of the beginning, in Unix milliseconds.
    pub since_ms: i64,
}
