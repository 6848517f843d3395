//! Callbacks of the RTC service, over a function URL that anybody may call: what is not signed by the service is refused
//! before it is read, and what is says who really is in the media.
//!
//! They come late, twice and out of order; the core keeps order among them (`meeting/heard.rs`), so that the service may
//! send each again until it is answered.

pub mod http;

use serde_json::Value;
use switchboard_core::{Now, media_heard};
use switchboard_rtc::callback::{Callback, CallbackError, CallbackReader, MediaEvent, MediaEventKind};
use switchboard_service::serve::{Failure, Fault, Service};
use switchboard_service::store::StoreError;

use http::{Request, Response};

/// Most bytes of a callback. An event has a few hundred; Janus sends lists of them.
pub const BODY_MAX: usize = 256 * 1024;

/// Serves one callback. `callbacks` is nothing if this service has none, or if nobody set what they are signed with.
pub async fn rtc_webhook(
    event: Value,
    callbacks: Option<&dyn CallbackReader>,
    now: Now,
    service: &Service,
) -> Result<Value, Fault> {
    let request = Request::from_event(event).map_err(|error| Fault::malformed(&error))?;
    let events = match read(&request, callbacks, now) {
        Ok(events) => events,
        Err(refused) => {
            tracing::info!(status = refused.status(), "a callback was refused");
            return Ok(refused.to_value());
        }
    };
    let mut response = Response::Taken;
    for event in &events {
        match apply(event, service, now).await {
            Ok(true) => {}
            Ok(false) => response = Response::Unavailable,
            // It would not get better by being sent again, and is worth an alarm.
            Err(failure @ Failure::Store(StoreError::Unreadable { .. })) => {
                return Err(Fault::from(&failure));
            }
            Err(failure) => {
                tracing::error!(event.id, error = %failure, "a callback could not be served; it may come again");
                return Ok(Response::Unavailable.to_value());
            }
        }
    }
    Ok(response.to_value())
}

/// What a request tells, or how it is refused. Who sent it is settled before a byte of its body is understood.
fn read(
    request: &Request,
    callbacks: Option<&dyn CallbackReader>,
    now: Now,
) -> Result<Vec<MediaEvent>, Response> {
    let callbacks = callbacks.ok_or(Response::NoCallbacks)?;
    if request.method != "POST" {
        return Err(Response::NotPosted);
    }
    if request.body.len() > BODY_MAX {
        return Err(Response::TooLong);
    }
    let callback = Callback { headers: &request.headers, body: &request.body, now_ms: now.ms };
    callbacks.read(&callback).map_err(|error| match error {
        CallbackError::Forged => Response::Forged,
        CallbackError::Malformed => Response::Malformed,
    })
}

/// Applies one event to its meeting. Channels of others are none of ours. `false` if the RTC service did not do what
/// follows from it, and nothing is noted by which that would be done again: then the event has to come again.
async fn apply(event: &MediaEvent, service: &Service, now: Now) -> Result<bool, Failure> {
    let Some(meeting_id) = service.meeting_of_channel(&event.channel_id) else { return Ok(true) };
    let Some(loaded) = service.table.meeting(&meeting_id).await? else { return Ok(true) };
    let known_rev = loaded.meeting.rev;
    let user = match &event.kind {
        MediaEventKind::Joined { media_id, .. } | MediaEventKind::Left { media_id, .. } => {
            service.user_of(&loaded.meeting, media_id)
        }
        MediaEventKind::RoomClosed => None,
    };
    let heard = |meeting: &_| media_heard(meeting, event, user.as_ref(), now);
    let (outcome, _) = service.apply(loaded, None, heard, now).await?;
    tracing::info!(
        meeting.id = %meeting_id, event.id, user.id = user.as_ref().map(tracing::field::display),
        rev = outcome.rev, state = ?outcome.state, "served",
    );
    // What a commit wanted done is noted on the record; what an event wants that changed nothing is noted nowhere.
    Ok(outcome.media_failed.is_empty() || outcome.rev != Some(known_rev))
}

#[cfg(test)]
mod tests;
