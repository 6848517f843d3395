//! The ports of the functions: the adapters in memory, with times, faults, and points at which a function may be killed.

use crate::dice::{Dice, number};
use crate::executor::after;
use crate::faults::Fault;
use crate::invocation::{Call, current};
use crate::lambda::{NudgeDelivery, deliver_nudge};
use crate::watch;
use crate::world::world;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{Availability, AvailabilityChange, CreateMark};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::{Downlink, Re};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::{CallView, Reach};
use switchboard_service::fake::FakeTable;
use switchboard_service::ports::{
    BrokerError, Commit, CommitResult, DeviceSession, DeviceWrite, DirectDelivery, Downlinks, Due, DuePage,
    DueRange, HistoryCursor, Loaded, Meetings, Nudge, OpeningView, OutcomeBus, Ports, Qos, Slot, StoreError,
    Stored, StoredRings, SweepRest, Users, Wakes,
};

/// The adapters of the simulator.
#[derive(Debug, Clone, Copy)]
pub struct SimPorts;

impl Ports for SimPorts {
    type Table = SimTable;
    type Downlinks = SimDataPlane;
    type Wakes = SimQueue;
    type Outcomes = SimBus;
}

/// The table in memory.
#[derive(Default)]
pub struct SimTable(pub FakeTable);

fn unavailable(operation: &'static str) -> StoreError {
    StoreError::Unavailable { operation, source: "fault of the simulator".into() }
}

/// Begins a call of the table.
async fn begin(operation: &'static str) -> Result<Call, StoreError> {
    let call = Call::begin(1, 5).await;
    call.delay(Fault::TableSlow, 4_000).await;
    if call.fails(Fault::TableFails) { Err(unavailable(operation)) } else { Ok(call) }
}

/// Ends a call that has read.
async fn end<T>(call: Call, result: T) -> T {
    call.end(0, 3).await;
    result
}

/// Ends a call that has written: its answer may get lost.
async fn written<T>(call: Call, operation: &'static str, result: T) -> Result<T, StoreError> {
    call.end(0, 3).await;
    if call.fails(Fault::TableAnswerLost) { Err(unavailable(operation)) } else { Ok(result) }
}

impl Meetings for SimTable {
    async fn meeting(&self, id: &MeetingId) -> Result<Option<Stored>, StoreError> {
        let call = begin("meeting").await?;
        end(call, self.0.meeting(id).await).await
    }

    async fn meetings(&self, ids: &BTreeSet<MeetingId>) -> Result<Vec<Loaded>, StoreError> {
        let call = begin("meetings").await?;
        end(call, self.0.meetings(ids).await).await
    }

    async fn commit(&self, commit: &Commit<'_>) -> Result<CommitResult, StoreError> {
        let call = begin("commit").await?;
        if call.fails(Fault::TableConflict) {
            return Ok(CommitResult::Conflict);
        }
        let before = self.0.state.borrow().meetings.get(&commit.next.id).cloned();
        let result = self.0.commit(commit).await?;
        if matches!(result, CommitResult::Done) {
            watch::committed(before.as_ref(), commit.next);
        }
        written(call, "commit", result).await
    }

    async fn put_mark(&self, mark: &CreateMark) -> Result<CommitResult, StoreError> {
        let call = begin("put_mark").await?;
        if call.fails(Fault::TableConflict) {
            return Ok(CommitResult::Conflict);
        }
        let result = self.0.put_mark(mark).await?;
        written(call, "put_mark", result).await
    }

    async fn mark_effects_done(
        &self,
        id: &MeetingId,
        rev: u64,
        reached: &BTreeMap<(InviteId, ClientId), Reach>,
    ) -> Result<Option<Loaded>, StoreError> {
        let call = begin("mark_effects_done").await?;
        let result = self.0.mark_effects_done(id, rev, reached).await?;
        written(call, "mark_effects_done", result).await
    }

    async fn count_retelling(&self, id: &MeetingId, rev: u64, now_ms: i64) -> Result<bool, StoreError> {
        let call = begin("count_retelling").await?;
        let result = self.0.count_retelling(id, rev, now_ms).await?;
        written(call, "count_retelling", result).await
    }

    async fn claim_channel(&self, id: &MeetingId, since_ms: i64, now_ms: i64) -> Result<bool, StoreError> {
        let call = begin("claim_channel").await?;
        let result = self.0.claim_channel(id, since_ms, now_ms).await?;
        written(call, "claim_channel", result).await
    }

    async fn due(&self, range: &DueRange) -> Result<DuePage, StoreError> {
        let call = begin("due").await?;
        end(call, self.0.due(range).await).await
    }

    async fn postpone(&self, due: &Due, until_ms: i64) -> Result<(), StoreError> {
        let call = begin("postpone").await?;
        self.0.postpone(due, until_ms).await?;
        written(call, "postpone", ()).await
    }

    async fn correct_due(&self, id: &MeetingId, rev: u64, due_at_ms: Option<i64>) -> Result<(), StoreError> {
        let call = begin("correct_due").await?;
        self.0.correct_due(id, rev, due_at_ms).await?;
        written(call, "correct_due", ()).await
    }
}

impl Users for SimTable {
    async fn opening(
        &self,
        id: &MeetingId,
        users: &[UserId],
        caller: Option<&UserId>,
        now_ms: i64,
    ) -> Result<OpeningView, StoreError> {
        let call = begin("opening").await?;
        end(call, self.0.opening(id, users, caller, now_ms).await).await
    }

    async fn rings(&self, user: &UserId) -> Result<StoredRings, StoreError> {
        let call = begin("rings").await?;
        end(call, self.0.rings(user).await).await
    }

    async fn availability(&self, user: &UserId) -> Result<Availability, StoreError> {
        let call = begin("availability").await?;
        end(call, self.0.availability(user).await).await
    }

    async fn block_user(&self, user: &UserId, other: &UserId) -> Result<Option<Availability>, StoreError> {
        let call = begin("block_user").await?;
        let result = self.0.block_user(user, other).await?;
        written(call, "block_user", result).await
    }

    async fn unblock_user(&self, user: &UserId, other: &UserId) -> Result<Availability, StoreError> {
        let call = begin("unblock_user").await?;
        let result = self.0.unblock_user(user, other).await?;
        written(call, "unblock_user", result).await
    }

    async fn set_availability(
        &self,
        user: &UserId,
        change: &AvailabilityChange,
    ) -> Result<Availability, StoreError> {
        let call = begin("set_availability").await?;
        let result = self.0.set_availability(user, change).await?;
        written(call, "set_availability", result).await
    }

    async fn meetings_of(&self, user: &UserId, now_ms: i64) -> Result<BTreeSet<MeetingId>, StoreError> {
        let call = begin("meetings_of").await?;
        end(call, self.0.meetings_of(user, now_ms).await).await
    }

    async fn keep_part(
        &self,
        user: &UserId,
        id: &MeetingId,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<(), StoreError> {
        let call = begin("keep_part").await?;
        self.0.keep_part(user, id, now_ms, until_ms).await?;
        written(call, "keep_part", ()).await
    }

    async fn slot(&self, user: &UserId) -> Result<Option<Slot>, StoreError> {
        let call = begin("slot").await?;
        end(call, self.0.slot(user).await).await
    }

    async fn device_connected(
        &self,
        session: &DeviceSession,
        queue_ms: Option<i64>,
    ) -> Result<DeviceWrite, StoreError> {
        let call = begin("device_connected").await?;
        let result = self.0.device_connected(session, queue_ms).await?;
        written(call, "device_connected", result).await
    }

    async fn connected_since_ms(&self, device: &ClientId) -> Result<Option<i64>, StoreError> {
        let call = begin("connected_since_ms").await?;
        end(call, self.0.connected_since_ms(device).await).await
    }

    async fn device_disconnected(&self, session: &DeviceSession) -> Result<DeviceWrite, StoreError> {
        let call = begin("device_disconnected").await?;
        let result = self.0.device_disconnected(session).await?;
        written(call, "device_disconnected", result).await
    }

    async fn write_calls(&self, calls: &[(UserId, CallView)]) -> Result<(), StoreError> {
        if calls.is_empty() {
            return Ok(());
        }
        let call = begin("write_calls").await?;
        self.0.write_calls(calls).await?;
        written(call, "write_calls", ()).await
    }

    async fn calls(
        &self,
        user: &UserId,
        from: Option<&HistoryCursor>,
        limit: u32,
    ) -> Result<(Vec<CallView>, Option<HistoryCursor>), StoreError> {
        let call = begin("calls").await?;
        end(call, self.0.calls(user, from, limit).await).await
    }
}

/// Time in milliseconds for which the broker keeps a session after its device disconnected.
const SESSION_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// The data plane of the broker.
#[derive(Debug, Default)]
pub struct SimDataPlane;

/// Time in milliseconds in which a device has to confirm a direct message.
const CONFIRM_WITHIN_MS: i64 = 2_000;

fn refused(operation: &'static str) -> BrokerError {
    BrokerError::Unavailable { operation, source: "fault of the simulator".into() }
}

/// Records that the answer to the request of this invocation was published.
fn note_answer(to: &ClientId, downlink: &Downlink) {
    if let Some(invocation) = current()
        && let Some((by, request)) = &invocation.request
        && by == to
        && matches!(&downlink.re, Re::Request(id) if id.as_str() == request)
    {
        invocation.is_answered.set(true);
    }
}

impl Downlinks for SimDataPlane {
    async fn publish(
        &self,
        to: &ClientId,
        downlink: &Downlink,
        qos: Qos,
        keep_ms: i64,
    ) -> Result<(), BrokerError> {
        let call = Call::begin(1, 8).await;
        if call.fails(Fault::PublishFails) {
            return Err(refused("Publish"));
        }
        note_answer(to, downlink);
        crate::broker::publish(to, downlink, qos, keep_ms, call);
        call.end(0, 4).await;
        if call.fails(Fault::PublishAnswerLost) { Err(refused("Publish")) } else { Ok(()) }
    }

    async fn send_direct(
        &self,
        to: &ClientId,
        downlink: &Downlink,
        confirm: bool,
    ) -> Result<DirectDelivery, BrokerError> {
        let call = Call::begin(1, 8).await;
        if call.fails(Fault::DirectFails) {
            return Err(refused("SendDirectMessage"));
        }
        if !world().broker.borrow().is_known_connected(to) {
            return Ok(DirectDelivery::NotConnected { has_session: true });
        }
        let is_delivered = crate::broker::send_direct(to, downlink, call);
        if confirm && (!is_delivered || call.fails(Fault::ConfirmLate)) {
            crate::executor::sleep(CONFIRM_WITHIN_MS).await;
            call.end(0, 1).await;
            return Err(refused("SendDirectMessage"));
        }
        call.end(5, 40).await;
        Ok(DirectDelivery::Delivered)
    }

    async fn is_connected(&self, device: &ClientId) -> Result<bool, BrokerError> {
        let call = Call::begin(1, 8).await;
        if call.fails(Fault::LookupThrottled) {
            return Err(BrokerError::Throttled { operation: "GetConnection" });
        }
        call.end(0, 4).await;
        Ok(world().broker.borrow().is_known_connected(device))
    }

    async fn queue_ms(&self, _: &ClientId) -> Result<Option<i64>, BrokerError> {
        let call = Call::begin(1, 8).await;
        if call.fails(Fault::LookupThrottled) {
            return Err(BrokerError::Throttled { operation: "GetConnection" });
        }
        call.end(0, 4).await;
        // Every terminal has a persistent session.
        Ok(Some(SESSION_MS))
    }
}

/// The delay queue.
#[derive(Debug, Default)]
pub struct SimQueue;

/// Error of the delay queue.
#[derive(Debug)]
pub struct QueueError;

impl std::fmt::Display for QueueError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("fault of the simulator")
    }
}

impl std::error::Error for QueueError {}

impl Wakes for SimQueue {
    type Error = QueueError;

    async fn schedule(&self, nudge: &Nudge, delay_seconds: i32) -> Result<(), QueueError> {
        let call = Call::begin(1, 6).await;
        if call.fails(Fault::QueueFails) {
            return Err(QueueError);
        }
        let world = world();
        let place = world.watch.borrow_mut().next_nudge(number(nudge.meeting_id.as_str()));
        let mut dice = Dice::new(&[world.seed, place]);
        let copies = if world.happens(Fault::NudgeLost, place) {
            0
        } else {
            1 + u64::from(world.happens(Fault::NudgeDoubled, place))
        };
        for copy in 0..copies {
            let late =
                if world.happens(Fault::NudgeLate, place + copy) { dice.between(1_000, 90_000) } else { 0 };
            let delivery = NudgeDelivery { nudge: nudge.clone(), place: place + copy, receives: 1 };
            let delay_ms = i64::from(delay_seconds) * 1_000 + dice.between(5, 60) + late;
            after(delay_ms, move || deliver_nudge(delivery));
        }
        call.end(0, 3).await;
        Ok(())
    }

    async fn continue_sweep(&self, _: &SweepRest) -> Result<(), QueueError> {
        unreachable!("a run has fewer meetings than one sweep reads")
    }
}

/// The event bus.
#[derive(Debug, Default)]
pub struct SimBus;

impl OutcomeBus for SimBus {
    async fn put(&self, _: &Value, _: i64) {
        Call::begin(1, 6).await;
    }
}
