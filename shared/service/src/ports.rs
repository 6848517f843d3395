//! The traits between the service and everything outside the process.
//!
//! Each trait has one adapter for production ([`dynamodb`](crate::dynamodb), [`aws`](crate::aws)) and one in
//! memory (`fake`). [`Service`](crate::service::Service) takes the adapters as type parameters, so every call
//! is dispatched at compile time. The trait for the management API of the RTC service is in
//! `switchboard-rtc`.

mod broker;
mod error;
mod meeting;
mod user;
mod wake;

pub use broker::{BrokerError, DirectDelivery, Qos};
pub use error::StoreError;
pub use meeting::{
    Commit, CommitResult, Due, DuePage, DueRange, Loaded, MAX_DUE, MAX_PENDING, Pending, Reached, RingsWrite,
    SlotWrite, Stored,
};
pub(crate) use user::queue_until_ms;
pub use user::{
    DeviceSession, DeviceWrite, HistoryCursor, OpeningView, SESSION_LIFE_MS, Slot, StoredRings, UserRecord,
};
pub use wake::{NewConnection, Nudge, SweepRest};

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use switchboard_core::{Availability, AvailabilityChange, CreateMark};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Downlink;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::{CallView, Reach};

/// The set of adapters that a [`Service`](crate::service::Service) works with.
pub trait Ports {
    /// The table of meetings and users.
    type Table: Meetings + Users;
    /// The MQTT broker.
    type Downlinks: Downlinks;
    /// The delay queue that feeds `wake`.
    type Wakes: Wakes;
    /// The event bus for invocation reports.
    type Outcomes: OutcomeBus;
}

/// The stored meetings, with their call slots and the index of deadlines. Every read is consistent, except [`Meetings::due`].
#[expect(async_fn_in_trait, reason = "functions run on one thread, so the futures need not be `Send`")]
pub trait Meetings {
    /// Reads the record of a meeting's id; `None` for an unknown id.
    async fn meeting(&self, id: &MeetingId) -> Result<Option<Stored>, StoreError>;

    /// Reads the meetings of these ids. Omits unknown ids, and ids of create requests that made no meeting.
    async fn meetings(&self, ids: &BTreeSet<MeetingId>) -> Result<Vec<Loaded>, StoreError>;

    /// Writes a decision, on the condition that the stored revision is still [`Commit::seen_rev`]. Writes
    /// nothing unless the result is [`CommitResult::Done`].
    async fn commit(&self, commit: &Commit<'_>) -> Result<CommitResult, StoreError>;

    /// Writes the record of a create request that made no meeting, if the id is unknown. Never returns
    /// [`CommitResult::SlotTaken`].
    async fn put_mark(&self, mark: &CreateMark) -> Result<CommitResult, StoreError>;

    /// Removes the pending mark of revision `rev` and stores the reach of the offers. Does not change the
    /// revision, and therefore never conflicts with a commit. Returns the meeting as stored afterwards;
    /// `None` for an unknown id.
    async fn mark_effects_done(
        &self,
        id: &MeetingId,
        rev: u64,
        reached: &BTreeMap<(InviteId, ClientId), Reach>,
    ) -> Result<Option<Loaded>, StoreError>;

    /// Counts that a repeat of the request which made revision `rev` runs the effects for others again.
    /// Returns `false`, and counts nothing, after [`MAX_TOLD_AGAIN`](switchboard_core::MAX_TOLD_AGAIN) times.
    async fn count_retelling(&self, id: &MeetingId, rev: u64, now_ms: i64) -> Result<bool, StoreError>;

    /// Records that the channel of a meeting is created again. Returns `false`, and records nothing, if that was
    /// done later than `since_ms`.
    async fn claim_channel(&self, id: &MeetingId, since_ms: i64, now_ms: i64) -> Result<bool, StoreError>;

    /// Lists the meetings whose deadline in the index is in the range, the earliest of each partition first. The
    /// index may lag behind the meetings.
    async fn due(&self, range: &DueRange) -> Result<DuePage, StoreError>;

    /// Postpones an entry of the index until `until_ms`, if the entry is still the stored one, so that a
    /// meeting whose wake fails does not delay the others. The deadlines of the meeting do not change.
    async fn postpone(&self, due: &Due, until_ms: i64) -> Result<(), StoreError>;

    /// Sets the deadline of a meeting in the index, if the meeting is still at revision `rev`.
    async fn correct_due(&self, id: &MeetingId, rev: u64, due_at_ms: Option<i64>) -> Result<(), StoreError>;
}

/// The stored users: devices, call slots, references to meetings, call history. Every read is consistent.
#[expect(async_fn_in_trait, reason = "functions run on one thread, so the futures need not be `Send`")]
pub trait Users {
    /// Reads the meeting `id` and the records of `users` in one round trip. Omits devices without a broker
    /// session at `now_ms`. With `caller`, also reads the settings of all other users and the caller's
    /// invitations.
    async fn opening(
        &self,
        id: &MeetingId,
        users: &[UserId],
        caller: Option<&UserId>,
        now_ms: i64,
    ) -> Result<OpeningView, StoreError>;

    /// Reads the invitations of `user` within the last hour.
    async fn rings(&self, user: &UserId) -> Result<StoredRings, StoreError>;

    /// Reads the settings of `user` about calls of others.
    async fn availability(&self, user: &UserId) -> Result<Availability, StoreError>;

    /// Adds `other` to the users that `user` blocks. Returns the settings afterwards, or `None` if the list is full. Safe to
    /// repeat.
    async fn block_user(&self, user: &UserId, other: &UserId) -> Result<Option<Availability>, StoreError>;

    /// Removes `other` from the users that `user` blocks. Returns the settings afterwards. Safe to repeat.
    async fn unblock_user(&self, user: &UserId, other: &UserId) -> Result<Availability, StoreError>;

    /// Applies `change` to the settings of `user`. Returns the settings afterwards. Safe to repeat.
    async fn set_availability(
        &self,
        user: &UserId,
        change: &AvailabilityChange,
    ) -> Result<Availability, StoreError>;

    /// Lists the meetings that `user` may be in or invited to: at most the newest 20, and the meeting of the
    /// call slot. Only the meeting's record shows whether the user still has a part in it.
    async fn meetings_of(&self, user: &UserId, now_ms: i64) -> Result<BTreeSet<MeetingId>, StoreError>;

    /// Stores a reference for `user` to the meeting `id`, which expires at `until_ms`. For a user whose call
    /// slot is about to name another meeting. Safe to repeat.
    async fn keep_part(
        &self,
        user: &UserId,
        id: &MeetingId,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<(), StoreError>;

    /// Reads the call slot of a user.
    async fn slot(&self, user: &UserId) -> Result<Option<Slot>, StoreError>;

    /// Stores that a device connected, and the milliseconds for which its queue at the broker outlives the
    /// connection (`None` if unknown). Writes nothing if a newer event of the device is stored.
    async fn device_connected(
        &self,
        session: &DeviceSession,
        queue_ms: Option<i64>,
    ) -> Result<DeviceWrite, StoreError>;

    /// Returns the time of the device's present connection, in milliseconds since the epoch; `None` for an
    /// unknown device, and for one that has disconnected since.
    async fn connected_since_ms(&self, device: &ClientId) -> Result<Option<i64>, StoreError>;

    /// Stores that a connection ended, unless it is not the current connection of its device.
    async fn device_disconnected(&self, session: &DeviceSession) -> Result<DeviceWrite, StoreError>;

    /// Writes the call history entries of an ended meeting. Safe to repeat.
    async fn write_calls(&self, calls: &[(UserId, CallView)]) -> Result<(), StoreError>;

    /// Reads up to `limit` calls of `user`, newest first. Also returns the cursor of the next page, if there
    /// may be a next page.
    async fn calls(
        &self,
        user: &UserId,
        from: Option<&HistoryCursor>,
        limit: u32,
    ) -> Result<(Vec<CallView>, Option<HistoryCursor>), StoreError>;
}

/// The operations of the MQTT broker that the service uses.
#[expect(async_fn_in_trait, reason = "functions run on one thread, so the futures need not be `Send`")]
pub trait Downlinks {
    /// Publishes to the topic of one device. If the device is not connected, the broker keeps a
    /// [`Qos::Queued`] message for `keep_ms`.
    async fn publish(
        &self,
        to: &ClientId,
        downlink: &Downlink,
        qos: Qos,
        keep_ms: i64,
    ) -> Result<(), BrokerError>;

    /// Sends to a connected device without using the queue. With `confirm`, waits for the device's
    /// acknowledgement and returns an error without one.
    async fn send_direct(
        &self,
        to: &ClientId,
        downlink: &Downlink,
        confirm: bool,
    ) -> Result<DirectDelivery, BrokerError>;

    /// Returns whether a device is connected now.
    async fn is_connected(&self, device: &ClientId) -> Result<bool, BrokerError>;

    /// Returns the milliseconds for which the broker's queue of a device outlives its connection: 0 for a
    /// device without a queue, `None` if the broker does not report it. Does not retry.
    async fn queue_ms(&self, device: &ClientId) -> Result<Option<i64>, BrokerError>;
}

/// The delay queue that feeds `wake`. A lost message loses no deadline, since the sweep finds the deadline on
/// the meeting.
#[expect(async_fn_in_trait, reason = "functions run on one thread, so the futures need not be `Send`")]
pub trait Wakes {
    /// Error of the queue.
    type Error: Error + 'static;

    /// Delivers `nudge` to `wake` after `delay_seconds`.
    async fn schedule(&self, nudge: &Nudge, delay_seconds: i32) -> Result<(), Self::Error>;

    /// Makes `wake` sweep the rest of the index at once, in another invocation.
    async fn continue_sweep(&self, rest: &SweepRest) -> Result<(), Self::Error>;
}

/// The event bus for reports of functions whose results Lambda does not forward itself.
#[expect(async_fn_in_trait, reason = "functions run on one thread, so the futures need not be `Send`")]
pub trait OutcomeBus {
    /// Puts a report on the bus. A failure is logged and not returned: it loses an event, never a change of a
    /// meeting.
    async fn put(&self, report: &Value, now_ms: i64);
}
