//! The stored records of a user.

use super::Stored;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use switchboard_core::{Availability, KnownDevice, RingLog};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::CallView;

/// Life of a broker session after the last connection of its device, in milliseconds. A device without a
/// session does not ring.
pub const SESSION_LIFE_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// Largest difference between the broker's clock, by which a queue ends, and the service's clock, by which a
/// ring ends. A queue counts as ended this much earlier, so that the service does not report an offer as
/// queued that the broker has dropped.
const QUEUE_CLOCK_LEEWAY_MS: i64 = 2 * 60 * 1_000;

/// Returns the time until which the broker's queue of a device keeps messages, in milliseconds since the
/// epoch. The queue outlives the connection by `queue_ms`. For a device that is connected at `now_ms`, the
/// time starts at `now_ms`, otherwise at `seen_ms`.
pub(crate) const fn queue_until_ms(queue_ms: i64, is_online: bool, seen_ms: i64, now_ms: i64) -> i64 {
    if queue_ms <= 0 {
        0
    } else if is_online {
        now_ms.saturating_add(queue_ms)
    } else {
        seen_ms.saturating_add(queue_ms) - QUEUE_CLOCK_LEEWAY_MS
    }
}

/// The record of one user. A user who never connected has the default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserRecord {
    /// Display name from the app's JWT.
    pub name: Option<String>,
    /// Devices that connected within [`SESSION_LIFE_MS`].
    pub devices: Vec<KnownDevice>,
    /// The user's call slot.
    pub slot: Option<Slot>,
    /// The user's settings about calls of others. The default if they were not read.
    pub availability: Availability,
}

/// A user's call slot. It counts only if its meeting, which has to be read, is live and includes the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Meeting that the slot names.
    pub meeting_id: MeetingId,
}

/// The invitations of a user within the last hour, in their stored form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredRings {
    /// The invitations.
    pub log: RingLog,
    /// Number of the write that stored the invitations; 0 if nothing is stored.
    pub version: u64,
}

/// A meeting and the users that a request names, read in one round trip.
#[derive(Debug, Clone, PartialEq)]
pub struct OpeningView {
    /// The meeting; `None` for an unknown id.
    pub meeting: Option<Stored>,
    /// The records of all users that the caller asked for.
    pub users: BTreeMap<UserId, UserRecord>,
    /// The invitations of the caller. The default without a caller.
    pub rings: StoredRings,
}

/// One connection of a device, as the broker's lifecycle events identify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSession {
    /// The device.
    pub client_id: ClientId,
    /// The broker's id of the session: the same in both events of one connection.
    pub session: String,
    /// Counter of the device's connections.
    pub version: i64,
    /// Time of the event, in milliseconds since the epoch.
    pub at_ms: i64,
}

/// Result of the write of a lifecycle event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceWrite {
    /// The event is stored.
    Done,
    /// The event is already stored: it arrived twice, or an earlier attempt of this write or of this
    /// invocation stored it and failed afterwards. The meeting may not know of the event yet.
    Repeated,
    /// The event is older than the stored one and changes nothing.
    Outdated,
}

/// Position in a call history: end and meeting of the last call of a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryCursor {
    /// End of the call, in milliseconds since the epoch.
    pub ended_ms: i64,
    /// The meeting of the call.
    pub meeting_id: MeetingId,
}

impl HistoryCursor {
    /// Returns the position of `call`.
    #[must_use]
    pub fn of(call: &CallView) -> Self {
        Self { ended_ms: call.ended_ms, meeting_id: call.meeting_id.clone() }
    }
}

impl FromStr for HistoryCursor {
    type Err = ();

    fn from_str(cursor: &str) -> Result<Self, ()> {
        let (ended_ms, meeting_id) = cursor.split_once('.').ok_or(())?;
        Ok(Self {
            ended_ms: ended_ms.parse().map_err(|_| ())?,
            meeting_id: meeting_id.parse().map_err(|_| ())?,
        })
    }
}

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.ended_ms, self.meeting_id)
    }
}
