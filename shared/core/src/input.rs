//! The parts of inputs: time, devices, users and settings.

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
    /// True if the service reports which users are in a channel. Otherwise Switchboard trusts the reports of
    /// the terminals.
    pub reports_presence: bool,
    /// True if the service can take away the right to publish audio from a user who is in the channel.
    pub enforces_rights: bool,
}

/// Status of a device at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceStatus {
    /// The device has just disconnected.
    Disconnected,
    /// A check found that the device is not connected.
    StillDisconnected,
    /// The device is connected.
    Connected,
    /// The device connected anew, just now or during the grace of its seat. Its terminal may have restarted.
    ConnectedAnew {
        /// Time of the connection by the broker's clock, in milliseconds since the epoch. The event may arrive after requests
        /// that the device sent over the connection.
        since_ms: i64,
    },
    /// The device is connected, and the RTC service, which decides about presence, does not answer. The check
    /// is repeated.
    ConnectedUnseen,
    /// The broker did not report whether the device is connected.
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
        /// True if the user left deliberately, false if the connection broke.
        clean: bool,
    },
    /// The channel is closed or does not exist, so no user is in it.
    Closed,
    /// Exactly these users are in the channel.
    Exactly {
        /// Accounts.
        users: BTreeSet<UserId>,
        /// Revision that was known before the RTC service was asked. The list is ignored for participants who
        /// changed after it.
        rev: u64,
    },
}

/// A device of a user, with the table's data about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Client ID.
    pub client_id: ClientId,
    /// Time of the last connection, in milliseconds since the epoch.
    pub seen_ms: i64,
    /// Time until which the broker's queue keeps messages for the device while it is disconnected, in
    /// milliseconds since the epoch; in the past for a device without a queue, `None` if the broker did not
    /// report the device's session.
    pub queue_until_ms: Option<i64>,
}

/// A user to invite, with the table's data about the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    /// Account.
    pub user_id: UserId,
    /// Id of the invitation, derived from the request.
    pub invite_id: InviteId,
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// Devices. The invitation is offered to at most [`MAX_DEVICES`](crate::MAX_DEVICES) of them, those that
    /// connected last.
    pub devices: Vec<KnownDevice>,
    /// True if the user is in another call.
    pub busy: bool,
    /// The way in which a call of the inviter reaches the user.
    pub access: Access,
}

/// A user who joins, with the table's data about the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joiner {
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// Devices. If the user gets into the lobby, all of them are notified of the host's decision.
    pub devices: Vec<KnownDevice>,
    /// True to move the user's seat from another device to this device.
    pub takeover: bool,
    /// Largest number of the user's requests to be admitted from the lobby within one minute.
    pub max_knocks: u32,
    /// Media that the device will send at first.
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
    /// Returns the media after this report, with `present` as the media before it.
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
    /// True if the meeting refuses newcomers.
    pub locked: Option<bool>,
    /// The rules.
    pub policy: Option<PolicyChange>,
    /// Title.
    pub title: Option<String>,
    /// Minutes by which to extend the meeting.
    pub extend_minutes: Option<u32>,
}
