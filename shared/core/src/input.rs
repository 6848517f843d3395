//! The parts of inputs: time, devices, users and settings, as requests and the table name them.

use crate::availability::Access;
use std::collections::BTreeSet;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::{Media, MediaFlags, PolicyChange};

/// The time of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds since the epoch.
    pub ms: i64,
}

/// Capabilities of the configured RTC service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtcCapabilities {
    /// True if it reports which users are in a channel. Otherwise the reports of the terminals are trusted.
    pub reports_presence: bool,
    /// True if it takes the right to publish audio from a user who is in the channel.
    pub enforces_rights: bool,
}

/// Status of a device at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceStatus {
    /// It disconnected just now.
    Disconnected,
    /// The check found it not connected.
    StillDisconnected,
    /// It is connected.
    Connected,
    /// It connected anew, just now or while its seat waited for it: its terminal may have restarted.
    ConnectedAnew {
        /// Time of the connection by the broker's clock, in milliseconds since the epoch. The event may arrive after requests
        /// that the device sent over the connection.
        since_ms: i64,
    },
    /// It is connected, and the RTC service, which knows who is in the media, does not answer: it is asked again.
    ConnectedUnseen,
    /// The broker did not say whether it is connected.
    Unknown,
}

/// Report of the RTC service about a meeting's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelPresence {
    /// A user joined.
    Joined {
        /// Account.
        user: UserId,
    },
    /// A user left.
    Left {
        /// Account.
        user: UserId,
        /// True if on purpose; otherwise the connection broke.
        clean: bool,
    },
    /// The channel is closed or does not exist: no user is in it.
    Closed,
    /// Exactly these users are in the channel.
    Exactly {
        /// Accounts.
        users: BTreeSet<UserId>,
        /// Revision that was known when the service was asked. Ignored for participants who changed after it.
        rev: u64,
    },
}

/// A device of a user, as the table knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Client ID.
    pub client_id: ClientId,
    /// Time of the last connection, in milliseconds since the epoch.
    pub seen_ms: i64,
    /// Time until which the broker's queue keeps messages for the device if it is or goes away, in milliseconds since the
    /// epoch; in the past for a device without a queue, `None` if the broker did not report its session.
    pub queue_until_ms: Option<i64>,
}

/// A user to invite, with what the table knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    /// Account.
    pub user_id: UserId,
    /// Id of the invitation, derived from the request.
    pub invite_id: InviteId,
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// Devices. At most [`MAX_DEVICES`](crate::MAX_DEVICES) are offered the invitation, the latest seen first.
    pub devices: Vec<KnownDevice>,
    /// True if the user is in another call.
    pub busy: bool,
    /// The way in which a call of the inviter reaches the user.
    pub access: Access,
}

/// A user who joins, with what the table knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joiner {
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// Devices: in the lobby, all of them are notified of the decision.
    pub devices: Vec<KnownDevice>,
    /// True if a seat on another device of the same user moves to this device.
    pub takeover: bool,
    /// Most requests of the user within a minute to be let in from the lobby.
    pub max_knocks: u32,
    /// Media that the device will send first.
    pub media: Media,
}

/// A report about the media that a device sends. Absent fields keep their value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaChange {
    /// True if the microphone is on.
    pub audio: Option<bool>,
    /// True if the camera is on.
    pub video: Option<bool>,
    /// True if the screen is shared.
    pub screen: Option<bool>,
}

impl MediaChange {
    /// The media after this report, `present` before it.
    #[must_use]
    pub fn over(self, present: MediaFlags) -> MediaFlags {
        MediaFlags {
            audio: self.audio.unwrap_or(present.audio),
            video: self.video.unwrap_or(present.video),
            screen: self.screen.unwrap_or(present.screen),
        }
    }
}

impl From<MediaFlags> for MediaChange {
    fn from(MediaFlags { audio, video, screen }: MediaFlags) -> Self {
        Self { audio: Some(audio), video: Some(video), screen: Some(screen) }
    }
}

impl From<Media> for MediaChange {
    fn from(media: Media) -> Self {
        MediaFlags::from(media).into()
    }
}

/// A change of a meeting's settings. Absent fields keep their value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsChange {
    /// True if nobody may come in.
    pub locked: Option<bool>,
    /// The rules.
    pub policy: Option<PolicyChange>,
    /// Title.
    pub title: Option<String>,
    /// Minutes by which the meeting ends later.
    pub extend_minutes: Option<u32>,
}
