//! Wakes meetings: nudges from the delay queue, and a sweep each minute over what is due.
//!
//! A wake changes nothing that is not due, so one that comes early, late, twice or for nothing does no harm; an
//! early one arms the next.

mod rooms;

use futures::StreamExt;
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_core::{Connection, MediaSeen, Now, tick};
use switchboard_protocol::id::MeetingId;
use switchboard_service::serve::{Failure, Fault, Service};
use switchboard_service::store::{Due, Loaded, Pending};
use switchboard_service::timer::{ARM_WITHIN_MS, Nudge};

/// Meetings that are worked on at once.
const IN_FLIGHT: usize = 16;
/// Effects that failed are done again after this time at the earliest.
const AGAIN_MIN_MS: i64 = 5_000;
/// And after this time at the latest.
const AGAIN_MAX_MS: i64 = 600_000;

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
    // At once, so that an RTC service that does not answer holds up its own meetings only.
    let failed: Vec<Value> = stream::iter(event.records)
        .map(|record| serve_nudge(record, service, now))
        .buffered(IN_FLIGHT)
        .filter_map(futures::future::ready)
        .collect()
        .await;
    Ok(json!({"batchItemFailures": failed}))
}

/// Looks at the meeting that a nudge names; `Some` if the nudge must come again.
async fn serve_nudge(record: Record, service: &Service, now: Now) -> Option<Value> {
    let Ok(nudge) = serde_json::from_str::<Nudge>(&record.body) else {
        tracing::error!(message.id = record.message_id, "a message on the delay queue is no nudge");
        return None;
    };
    let error = Box::pin(look_at(&nudge.meeting_id, service, now)).await.err()?;
    tracing::error!(meeting.id = %nudge.meeting_id, %error, "a meeting could not be woken");
    Some(json!({"itemIdentifier": record.message_id}))
}

/// Finds what is due within two minutes: performs it, or arms a nudge for it.
async fn sweep(service: &Service, now: Now) -> Result<Value, Failure> {
    let rooms = service.capabilities().lists_channels;
    // Every live meeting has a deadline; where the RTC service says which channels there are, all are held against it.
    let until_ms = if rooms { i64::MAX } else { now.ms + ARM_WITHIN_MS };
    let live = service.table.due(until_ms).await?;
    let due: Vec<Due> = live.iter().filter(|due| due.due_at_ms <= now.ms + ARM_WITHIN_MS).cloned().collect();
    let found = due.len();
    let failed = stream::iter(due)
        .map(async |due| {
            if due.due_at_ms > now.ms {
                service.timer.arm(&due.meeting_id, due.due_at_ms, now.ms).await;
                return false;
            }
            let result = Box::pin(look_at(&due.meeting_id, service, now)).await;
            if let Err(error) = &result {
                tracing::error!(meeting.id = %due.meeting_id, %error, "a meeting could not be woken");
            }
            result.is_err()
        })
        .buffer_unordered(IN_FLIGHT)
        .filter(|failed| futures::future::ready(*failed))
        .count()
        .await;
    let leaked_rooms = if rooms { rooms::reconcile(&live, service, now).await } else { 0 };
    tracing::info!(found, failed, leaked_rooms, "swept");
    Ok(json!({"found": found, "failed": failed, "leaked_rooms": leaked_rooms}))
}

/// Does for one meeting what is due: effects that nobody reported done, devices that must be looked at, deadlines.
async fn look_at(id: &MeetingId, service: &Service, now: Now) -> Result<(), Failure> {
    let Some(mut loaded) = service.table.meeting(id).await? else { return Ok(()) };
    let due: Vec<u64> =
        loaded.pending.iter().filter(|(_, pending)| pending.due_ms <= now.ms).map(|(rev, _)| *rev).collect();
    for rev in due {
        if let Some(pending) = loaded.pending.remove(&rev)
            && !service.perform_again(&loaded, rev, &pending, now).await
        {
            let due_ms = now.ms + later_ms(now.ms - pending.due_ms);
            loaded.pending.insert(rev, Pending { due_ms, ..pending });
        }
    }
    loaded = look_at_seats(loaded, service, now).await?;
    loaded = service.apply(loaded, None, |meeting| tick(meeting, now), now).await?.1;
    rearm(&loaded, service, now).await
}

/// How long effects that failed again wait: twice as long each time, within bounds.
fn later_ms(overdue_ms: i64) -> i64 {
    overdue_ms.clamp(AGAIN_MIN_MS, AGAIN_MAX_MS)
}

/// Before time decides about a seat: is its user in the media, or at least the device at the broker?
async fn look_at_seats(mut loaded: Loaded, service: &Service, now: Now) -> Result<Loaded, Failure> {
    if loaded.meeting.due_checks(now).is_empty() {
        return Ok(loaded);
    }
    let mut at = now;
    if now.rtc_tells {
        match service.in_media(&loaded.meeting, now).await {
            Some(users) => {
                let seen = MediaSeen::Present { users, rev: loaded.meeting.rev };
                loaded = service.note_media(loaded, &seen, now).await?.1;
            }
            // Where it cannot tell, the broker's presence stands in.
            None => at.rtc_tells = false,
        }
    }
    for device in loaded.meeting.due_checks(at) {
        let seen =
            if service.outbox.is_connected(&device).await? { Connection::Here } else { Connection::Gone };
        loaded = service.note_connection(loaded, &device, seen, at).await?.1;
    }
    Ok(loaded)
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

#[cfg(test)]
mod tests {
    use super::later_ms;

    #[test]
    fn what_fails_again_waits_longer_each_time_within_bounds() {
        assert_eq!([0, 5_000, 12_000, 10_000_000].map(later_ms), [5_000, 5_000, 12_000, 600_000]);
    }
}
