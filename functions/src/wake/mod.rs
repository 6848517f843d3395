//! Function `wake`: applies the deadlines of meetings. Nudges from the delay queue and a sweep each minute
//! invoke it.
//!
//! A wake changes only meetings with due work, so a wake that comes early, late, twice or without a reason
//! does no harm.

mod channels;
mod devices;

pub use channels::ChannelAges;

use channels::Mismatches;
use futures::StreamExt;
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use switchboard_core::{ChannelPresence, DeviceStatus, Input, Now};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::MeetingId;
use switchboard_service::effects::timer::SCHEDULE_WITHIN_MS;
use switchboard_service::error_chain::ErrorChain;
use switchboard_service::ports::{
    BrokerError, Downlinks, Due, DuePage, DueRange, Loaded, Meetings, Nudge, Pending, Ports, StoreError,
    Stored, SweepRest, Wakes,
};
use switchboard_service::{InvocationFailure, ServeError, Service};
use tokio::time::{Instant, timeout, timeout_at};

/// Largest number of meetings that are processed at the same time.
const IN_FLIGHT: usize = 16;
/// Time limit for one nudge, and for a sweep of meetings: two seconds less than the time limit of the
/// function, so that a slow meeting does not fail the others.
const TIME_LIMIT: Duration = Duration::from_secs(8);
/// Milliseconds for which a meeting is postponed whose wake would fail again. The next sweep skips the
/// meeting once.
const POSTPONED_MS: i64 = 90_000;
/// Shortest time in milliseconds until effects that failed again are repeated.
const REPEAT_MIN_MS: i64 = 5_000;
/// Shortest time in milliseconds until a device is read again whose read the broker throttled.
const LOOKUP_MIN_MS: i64 = 2_000;
/// Spread of that time in milliseconds, so that reads that were throttled together are not repeated together.
const LOOKUP_SPREAD_MS: i64 = 3_000;
/// Longest time in milliseconds until effects that failed again are repeated.
const REPEAT_MAX_MS: i64 = 600_000;

/// The event of the queue. A scheduled event has no records.
#[derive(Debug, Deserialize)]
struct WakeEvent {
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
}

/// Serves a batch of nudges, or a sweep. Reports only the failed nudges of a batch, so that the queue
/// redelivers only those.
pub async fn wake<P: Ports>(
    event: Value,
    ages: &ChannelAges,
    now: Now,
    service: &Service<P>,
) -> Result<Value, InvocationFailure> {
    wake_within(TIME_LIMIT, event, ages, now, service).await
}

async fn wake_within<P: Ports>(
    limit: Duration,
    event: Value,
    ages: &ChannelAges,
    now: Now,
    service: &Service<P>,
) -> Result<Value, InvocationFailure> {
    let event: WakeEvent =
        serde_json::from_value(event).map_err(|error| InvocationFailure::malformed(&error))?;
    if event.records.is_empty() {
        return sweep(limit, ages, service, now).await.map_err(|error| InvocationFailure::from(&error));
    }
    // The messages are served at the same time, so that an RTC service that does not answer delays only its
    // own meetings.
    let failed: Vec<Value> = stream::iter(event.records)
        .map(|record| serve_message(limit, record, service, now))
        .buffered(IN_FLIGHT)
        .filter_map(futures::future::ready)
        .collect()
        .await;
    Ok(json!({"batchItemFailures": failed}))
}

/// Serves a nudge, or continues a sweep. Returns `Some` if the queue has to redeliver the message.
async fn serve_message<P: Ports>(
    limit: Duration,
    record: Record,
    service: &Service<P>,
    now: Now,
) -> Option<Value> {
    let Ok(SweepRest { sweep_rest }) = serde_json::from_str(&record.body) else {
        return serve_nudge(limit, record, service, now).await;
    };
    match sweep_deadlines(limit, &sweep_rest, service, now).await {
        Ok((found, failed)) => {
            tracing::info!(found, failed, "part of a sweep finished");
            None
        }
        Err(error) => {
            tracing::warn!(error = %ErrorChain(&error), "sweep not continued; the queue will redeliver its message");
            Some(json!({"itemIdentifier": record.message_id}))
        }
    }
}

/// Wakes the meeting that a nudge names. Returns `Some` if the queue has to redeliver the nudge.
async fn serve_nudge<P: Ports>(
    limit: Duration,
    record: Record,
    service: &Service<P>,
    now: Now,
) -> Option<Value> {
    let Ok(nudge) = serde_json::from_str::<Nudge>(&record.body) else {
        tracing::error!(message.id = record.message_id, "malformed message on the wake queue ignored");
        return None;
    };
    let Ok(served) = timeout(limit, Box::pin(serve(&nudge, service, now))).await else {
        tracing::error!(
            meeting.id = %nudge.meeting_id,
            "wake of the meeting stopped after its time limit; the queue will redeliver its message"
        );
        return Some(json!({"itemIdentifier": record.message_id}));
    };
    let error = match served {
        Ok(()) => return None,
        // The quota of these reads is for the whole account. If many devices are lost at once, most reads
        // have to wait.
        Err(ServeError::Broker(BrokerError::Throttled { operation })) => {
            tracing::warn!(
                meeting.id = %nudge.meeting_id, operation,
                "devices of the meeting not read from the broker, which throttles the calls; a wake in some seconds will retry"
            );
            service
                .schedule_wake(&nudge.meeting_id, now.ms + lookup_after_ms(&nudge.meeting_id), now.ms)
                .await;
            return None;
        }
        Err(error) => error,
    };
    tracing::error!(
        meeting.id = %nudge.meeting_id, error = %ErrorChain(&error),
        "wake of the meeting failed; the queue will redeliver its message"
    );
    Some(json!({"itemIdentifier": record.message_id}))
}

async fn serve<P: Ports>(nudge: &Nudge, service: &Service<P>, now: Now) -> Result<(), ServeError> {
    if let Some(device) = &nudge.lost_device {
        devices::check_lost_device(&nudge.meeting_id, device, service, now).await?;
    }
    if let Some(connection) = &nudge.new_connection {
        devices::check_new_connection(&nudge.meeting_id, connection, service, now).await?;
    }
    wake_meeting(&nudge.meeting_id, service, now).await
}

/// Wakes the first meetings whose deadlines are in `range`, and schedules a wake for deadlines within
/// [`SCHEDULE_WITHIN_MS`]. Returns the number of meetings found, and of failed wakes.
///
/// One invocation reads at most [`MAX_DUE`](switchboard_service::ports::MAX_DUE) meetings. It leaves the others to another
/// invocation before it wakes its own ones, so meetings whose wakes fail do not delay the others.
async fn sweep_deadlines<P: Ports>(
    limit: Duration,
    range: &DueRange,
    service: &Service<P>,
    now: Now,
) -> Result<(usize, usize), StoreError> {
    let DuePage { due, rest } = service.table.due(range).await?;
    if let Some(sweep_rest) = rest
        && let Err(error) = service.wakes.continue_sweep(&SweepRest { sweep_rest }).await
    {
        tracing::error!(
            error = %ErrorChain(&error), "rest of the sweep not scheduled; the next sweep will begin anew"
        );
    }
    let found = due.len();
    let deadline = Instant::now() + limit;
    let failed = stream::iter(due)
        .map(async |due| sweep_meeting(&due, deadline, service, now).await)
        .buffer_unordered(IN_FLIGHT)
        .filter(|done| futures::future::ready(!*done))
        .count()
        .await;
    Ok((found, failed))
}

/// Wakes the meetings that are due, and compares the channels of the RTC service with the live meetings.
async fn sweep<P: Ports>(
    limit: Duration,
    ages: &ChannelAges,
    service: &Service<P>,
    now: Now,
) -> Result<Value, ServeError> {
    let has_channels = service.capabilities().lists_channels;
    // Every live meeting has a deadline, so the index without a limit of time has all of them. They are read
    // before their wakes change the index.
    let live = if has_channels { service.table.due(&ages.next_live()).await? } else { DuePage::default() };
    let range = DueRange::until(now.ms + SCHEDULE_WITHIN_MS);
    let (found, failed) = sweep_deadlines(limit, &range, service, now).await?;
    let Mismatches { channels_without_meeting, meetings_without_channel } = if has_channels {
        ages.remember_live(live.rest);
        channels::reconcile(&live.due, ages, service, now).await
    } else {
        Mismatches::default()
    };
    // Metrics are made from this line, so it has the level of warnings, which every logging configuration
    // keeps.
    if channels_without_meeting > 0 || meetings_without_channel > 0 {
        tracing::warn!(
            found,
            failed,
            channels_without_meeting,
            meetings_without_channel,
            "sweep finished; channels and meetings differed"
        );
    } else {
        tracing::info!(found, failed, channels_without_meeting, meetings_without_channel, "sweep finished");
    }
    Ok(json!({
        "found": found,
        "failed": failed,
        "channels_without_meeting": channels_without_meeting,
        "meetings_without_channel": meetings_without_channel,
    }))
}

/// Wakes one meeting of a sweep. Returns whether the wake succeeded or is left to a later wake.
async fn sweep_meeting<P: Ports>(due: &Due, deadline: Instant, service: &Service<P>, now: Now) -> bool {
    if due.due_at_ms > now.ms {
        service.schedule_wake(&due.meeting_id, due.due_at_ms, now.ms).await;
        return true;
    }
    if Instant::now() >= deadline {
        tracing::warn!(meeting.id = %due.meeting_id, "meeting not woken within the time limit of the sweep; the next sweep will wake it");
        return false;
    }
    match timeout_at(deadline, Box::pin(wake_meeting(&due.meeting_id, service, now))).await {
        Ok(Ok(())) => return true,
        Ok(Err(ServeError::Broker(BrokerError::Throttled { operation }))) => {
            tracing::warn!(
                meeting.id = %due.meeting_id, operation,
                "devices of the meeting not read from the broker, which throttles the calls; the next sweep will retry"
            );
            return true;
        }
        Ok(Err(error)) => {
            tracing::error!(
                meeting.id = %due.meeting_id, error = %ErrorChain(&error),
                "wake of the meeting failed; a later sweep will retry"
            );
            // If the table does not answer, the wakes of all meetings fail, and the next attempt may succeed.
            if !matches!(error, ServeError::Store(StoreError::Invalid { .. } | StoreError::Unreadable { .. }))
            {
                return false;
            }
        }
        Err(_) => tracing::error!(
            meeting.id = %due.meeting_id, "wake of the meeting stopped after its time limit; a later sweep will retry"
        ),
    }
    if let Err(error) = service.table.postpone(due, now.ms + POSTPONED_MS).await {
        tracing::warn!(
            meeting.id = %due.meeting_id, error = %ErrorChain(&error),
            "meeting not postponed in the index; the next sweep will wake it first"
        );
    }
    false
}

/// Repeats pending effects of one meeting, checks seats, and applies deadlines, as far as they are due.
async fn wake_meeting<P: Ports>(id: &MeetingId, service: &Service<P>, now: Now) -> Result<(), ServeError> {
    let Some(Stored::Meeting(mut loaded)) = service.table.meeting(id).await? else { return Ok(()) };
    let due: Vec<u64> =
        loaded.pending.iter().filter(|(_, pending)| pending.due_ms <= now.ms).map(|(rev, _)| *rev).collect();
    for rev in due {
        if let Some(pending) = loaded.pending.remove(&rev)
            && !service.repeat_effects(&loaded, rev, &pending, now).await
        {
            let due_ms = now.ms + repeat_after_ms(now.ms - pending.due_ms);
            loaded.pending.insert(rev, Pending { due_ms, ..pending });
        }
    }
    loaded = check_seats(loaded, service, now).await?;
    loaded = service.apply(loaded, &Input::Deadline, now).await?.1;
    schedule_next(&loaded, service, now).await
}

/// Returns the milliseconds until effects that failed again are repeated: twice as long each time, within
/// bounds.
fn repeat_after_ms(overdue_ms: i64) -> i64 {
    overdue_ms.clamp(REPEAT_MIN_MS, REPEAT_MAX_MS)
}

/// Returns the milliseconds until the devices of a meeting are read again. They differ between meetings.
fn lookup_after_ms(id: &MeetingId) -> i64 {
    let spread = id.as_str().bytes().fold(0_i64, |sum, byte| (sum * 31 + i64::from(byte)) % LOOKUP_SPREAD_MS);
    LOOKUP_MIN_MS + spread
}

/// Checks, before a deadline applies to a seat, whether its user is in the media or its device is connected
/// to the broker. Also checks whether removed users are out of the media.
async fn check_seats<P: Ports>(
    mut loaded: Loaded,
    service: &Service<P>,
    now: Now,
) -> Result<Loaded, ServeError> {
    let mut rtc = service.rtc_capabilities();
    let is_removal_due = rtc.reports_presence && loaded.meeting.is_removal_check_due(now.ms);
    if !is_removal_due && loaded.meeting.due_checks(now, rtc).is_empty() {
        return Ok(loaded);
    }
    if rtc.reports_presence {
        match service.in_media(&loaded.meeting, now).await {
            Some(users) => {
                let seen = Input::Presence(ChannelPresence::Exactly { users, rev: loaded.meeting.rev });
                loaded = service.apply(loaded, &seen, now).await?.1;
            }
            // If the RTC service does not answer, the connection to the broker decides.
            None => rtc.reports_presence = false,
        }
    }
    for device in loaded.meeting.due_checks(now, rtc) {
        let status = match service.publisher.broker.is_connected(&device).await {
            Ok(false) => DeviceStatus::StillDisconnected,
            Ok(true) if rtc != service.rtc_capabilities() => DeviceStatus::ConnectedUnseen,
            // The device has a new connection whose event did not arrive.
            Ok(true) if is_away(&loaded, &device) => DeviceStatus::ConnectedAnew { since_ms: now.ms },
            Ok(true) => DeviceStatus::Connected,
            Err(error @ BrokerError::Throttled { .. }) => return Err(error.into()),
            Err(error) => {
                tracing::error!(
                    meeting.id = %loaded.meeting.id, %device, error = %ErrorChain(&error),
                    "device not read from the broker; its check is postponed, and the meeting's other deadlines apply"
                );
                DeviceStatus::Unknown
            }
        };
        let input = Input::Device { client_id: device, status };
        loaded = service.apply_with(loaded, &input, now, rtc).await?.1;
    }
    Ok(loaded)
}

fn is_away(loaded: &Loaded, device: &ClientId) -> bool {
    let seat = loaded.meeting.participants.get(&device.user()).and_then(|p| p.seat());
    seat.is_some_and(|seat| seat.device == *device && seat.is_away())
}

/// Schedules the next wake of the meeting and corrects the index of deadlines.
async fn schedule_next<P: Ports>(loaded: &Loaded, service: &Service<P>, now: Now) -> Result<(), ServeError> {
    let next = loaded.next_due_ms(service.rtc_capabilities());
    // A deadline that is already in the index has its message on the queue. Otherwise, each copy of a message
    // would cause another message.
    if next == loaded.due_at_ms {
        return Ok(());
    }
    if let Some(due_at_ms) = next {
        service.schedule_wake(&loaded.meeting.id, due_at_ms, now.ms).await;
    }
    Ok(service.table.correct_due(&loaded.meeting.id, loaded.meeting.rev, next).await?)
}

#[cfg(test)]
mod legs_tests;
#[cfg(test)]
mod outage_tests;
#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod tests;
