//! Function `rtc-webhook`: callbacks of the RTC service, which report the users in the media. They arrive
//! through a public function URL, so a body without a valid signature is refused before it is parsed.
//!
//! Callbacks arrive late, twice and out of order. The core orders them (`events/callback.rs` of
//! `switchboard-core`), so the RTC service may repeat each callback until it is answered.

pub mod http;

use serde_json::Value;
use switchboard_core::{Input, Now};
use switchboard_rtc::callback::{Callback, CallbackError, CallbackReader, MediaEvent, MediaEventKind};
use switchboard_service::error_chain::ErrorChain;
use switchboard_service::ports::{Meetings, Ports, StoreError, Stored};
use switchboard_service::{InvocationFailure, ServeError, Service};

use http::{HttpRequest, HttpResponse};

/// Largest body of a callback in bytes. One event has a few hundred bytes; Janus sends lists of events.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// Serves one callback. `callbacks` is `None` if the RTC service has no callbacks, or no secret to verify them is set.
pub async fn rtc_webhook<P: Ports>(
    event: Value,
    callbacks: Option<&dyn CallbackReader>,
    now: Now,
    service: &Service<P>,
) -> Result<Value, InvocationFailure> {
    let request = HttpRequest::from_event(event, MAX_BODY_BYTES)
        .map_err(|error| InvocationFailure::malformed(&error))?;
    let events = match read(&request, callbacks, now) {
        Ok(events) => events,
        Err(refused) => {
            tracing::info!(status = refused.status(), "RTC callback refused");
            return Ok(refused.to_value());
        }
    };
    let mut response = HttpResponse::Taken;
    for event in &events {
        match apply(event, service, now).await {
            Ok(true) => {}
            Ok(false) => response = HttpResponse::Unavailable,
            // A retry would not help, and the error should raise an alarm.
            Err(error @ ServeError::Store(StoreError::Unreadable { .. } | StoreError::Invalid { .. })) => {
                return Err(InvocationFailure::from(&error));
            }
            Err(error) => {
                tracing::error!(
                    event.id, error = %ErrorChain(&error),
                    "RTC event not served; the response asks the RTC service to retry"
                );
                return Ok(HttpResponse::Unavailable.to_value());
            }
        }
    }
    Ok(response.to_value())
}

/// Reads the events of a callback, or returns the refusal. The signature is verified before the body is parsed.
fn read(
    request: &HttpRequest,
    callbacks: Option<&dyn CallbackReader>,
    now: Now,
) -> Result<Vec<MediaEvent>, HttpResponse> {
    let callbacks = callbacks.ok_or(HttpResponse::NoCallbacks)?;
    if request.method != "POST" {
        return Err(HttpResponse::NotPosted);
    }
    if request.is_too_long {
        return Err(HttpResponse::TooLong);
    }
    let callback = Callback { headers: &request.headers, body: &request.body, now_ms: now.ms };
    callbacks.read(&callback).map_err(|error| match error {
        CallbackError::Forged => HttpResponse::Forged,
        CallbackError::Malformed => HttpResponse::Malformed,
    })
}

/// Applies one event to its meeting. Ignores events of other deployments' channels. Returns `false` if the
/// RTC service has to send the event again: a call that follows from the event failed, and no commit makes
/// `wake` repeat that call.
async fn apply<P: Ports>(event: &MediaEvent, service: &Service<P>, now: Now) -> Result<bool, ServeError> {
    let Some(meeting_id) = service.meeting_of_channel(&event.channel_id) else { return Ok(true) };
    let Some(Stored::Meeting(loaded)) = service.table.meeting(&meeting_id).await? else { return Ok(true) };
    let known_rev = loaded.meeting.rev;
    let user = match &event.kind {
        MediaEventKind::Joined { media_id, .. } | MediaEventKind::Left { media_id, .. } => {
            service.user_of(&loaded.meeting, media_id)
        }
        MediaEventKind::ChannelClosed => None,
    };
    if let (MediaEventKind::Joined { media_id, .. }, None) = (&event.kind, &user) {
        service.remove_stranger(&loaded.meeting, media_id, now).await;
    }
    let input = Input::Callback { event: event.clone(), user: user.clone() };
    let (report, _) = service.apply(loaded, &input, now).await?;
    tracing::info!(
        meeting.id = %meeting_id, event.id, user.id = user.as_ref().map(tracing::field::display),
        rev = report.rev, state = ?report.state, "RTC event served",
    );
    // Calls that follow from a commit are pending on the record. Calls that follow from an event without a
    // commit are not stored.
    Ok(report.media_failed.is_empty() || report.rev != Some(known_rev))
}

#[cfg(test)]
mod tests;
