//! Wakes meetings: nudges from the delay queue, and a sweep each minute over what is due.
//!
//! A wake changes nothing that is not due, so one that comes early, late, twice or for nothing does no harm; an
//! early one arms the next.

use futures::StreamExt;
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard::id::MeetingId;
use switchboard::meeting::{Connection, Now, tick};
use switchboard::serve::{Failure, Fault, Service};
use switchboard::store::Loaded;
use switchboard::timer::{ARM_WITHIN_MS, Nudge};

/// Meetings that one sweep works on at once.
const IN_FLIGHT: usize = 16;

/// What a queue hands over; a scheduled event has no records.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
}

/// Serves nudges and sweeps. Of a batch only the failed nudges are reported, so that only they come again.
pub async fn wake(event: Value, now: Now, service: &Service) -> Result<Value, Fault> {
    let event: Event = serde_json::from_value(event).map_err(|error| Fault::malformed(&error))?;
    if event.records.is_empty() {
        return sweep(service, now).await.map_err(|failure| Fault::from(&failure));
    }
    let mut failed = Vec::new();
    for record in event.records {
        let Ok(nudge) = serde_json::from_str::<Nudge>(&record.body) else {
            tracing::error!(message.id = record.message_id, "a message on the delay queue is no nudge");
            continue;
        };
        if let Err(error) = look_at(&nudge.meeting_id, service, now).await {
            tracing::error!(meeting.id = %nudge.meeting_id, %error, "a meeting could not be woken");
            failed.push(json!({"itemIdentifier": record.message_id}));
        }
    }
    Ok(json!({"batchItemFailures": failed}))
}

/// Finds what is due within two minutes: performs it, or arms a nudge for it.
async fn sweep(service: &Service, now: Now) -> Result<Value, Failure> {
    let due = service.table.due(now.ms + ARM_WITHIN_MS).await?;
    let found = due.len();
    let failed = stream::iter(due)
        .map(async |due| {
            if due.due_at_ms > now.ms {
                service.timer.arm(&due.meeting_id, due.due_at_ms, now.ms).await;
                return false;
            }
            let result = look_at(&due.meeting_id, service, now).await;
            if let Err(error) = &result {
                tracing::error!(meeting.id = %due.meeting_id, %error, "a meeting could not be woken");
            }
            result.is_err()
        })
        .buffer_unordered(IN_FLIGHT)
        .filter(|failed| futures::future::ready(*failed))
        .count()
        .await;
    tracing::info!(found, failed, "swept");
    Ok(json!({"found": found, "failed": failed}))
}

/// Does for one meeting what is due: effects that nobody reported done, devices that must be looked at, deadlines.
async fn look_at(id: &MeetingId, service: &Service, now: Now) -> Result<(), Failure> {
    let Some(mut loaded) = service.table.meeting(id).await? else { return Ok(()) };
    let due: Vec<u64> =
        loaded.pending.iter().filter(|(_, pending)| pending.due_ms <= now.ms).map(|(rev, _)| *rev).collect();
    for rev in due {
        if let Some(pending) = loaded.pending.remove(&rev) {
            service.perform_again(&loaded, rev, &pending, now).await;
        }
    }
    for device in loaded.meeting.due_checks(now) {
        let seen =
            if service.outbox.is_connected(&device).await? { Connection::Here } else { Connection::Gone };
        loaded = service.note_connection(loaded, &device, seen, now).await?.1;
    }
    loaded = service.apply(loaded, None, |meeting| tick(meeting, now), now).await?.1;
    rearm(&loaded, service, now).await
}

/// Leaves the meeting so that what comes next finds it.
async fn rearm(loaded: &Loaded, service: &Service, now: Now) -> Result<(), Failure> {
    let next = loaded.next_due_ms(now.rtc_tells);
    if let Some(due_at_ms) = next {
        service.timer.arm(&loaded.meeting.id, due_at_ms, now.ms).await;
    }
    if next != loaded.due_at_ms {
        service.table.correct_due(&loaded.meeting.id, loaded.meeting.rev, next).await?;
    }
    Ok(())
}
