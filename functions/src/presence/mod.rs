//! Function `presence`: lifecycle events of the broker, from which the service learns the devices of a user
//! and lost connections.
//!
//! The events arrive late, twice and out of order. A disconnect never ends a call: it only makes `wake` check
//! the device later.
//!
//! An event is written to two records, the user's and the meeting's, and the function may crash in between.
//! Therefore an event that the user's record already has is applied to the meeting again, which changes
//! nothing if the meeting knows of it. And before a disconnect is written, a message for `wake` is put on the
//! delay queue.

use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use switchboard_core::{DeviceStatus, Input, Now};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::json;
use switchboard_service::error_chain::ErrorChain;
use switchboard_service::ports::{
    BrokerError, DeviceSession, DeviceWrite, Downlinks, Loaded, Meetings, Ports, Users,
};
use switchboard_service::request::Received;
use switchboard_service::{InvocationFailure, InvocationReport, ServeError, Service};

/// Time limit for reading a device's session from the broker.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(1);

/// The fields of a lifecycle event that the function uses. Other programs may connect to the broker, too: an
/// event whose client ID does not belong to a terminal is ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleEvent {
    client_id: String,
    event_type: String,
    /// Milliseconds since the epoch, by the broker's clock.
    timestamp: i64,
    #[serde(default)]
    session_identifier: String,
    #[serde(default)]
    version_number: i64,
}

/// Serves `connected` and `disconnected`.
pub async fn presence<P: Ports>(
    event: Value,
    now: Now,
    service: &Service<P>,
) -> Result<Value, InvocationFailure> {
    let received = Received::from_event(event).map_err(|error| InvocationFailure::malformed(&error))?;
    if received.payload.is_empty() {
        tracing::warn!("lifecycle event ignored: its payload is empty");
        return Ok(Value::Null);
    }
    let event: LifecycleEvent =
        json::read(&received.payload).map_err(|error| InvocationFailure::malformed(&error))?;
    let Ok(client_id) = ClientId::try_from(event.client_id) else { return Ok(Value::Null) };
    let session = DeviceSession {
        client_id,
        session: event.session_identifier,
        version: event.version_number,
        at_ms: received.received_ms.unwrap_or(event.timestamp),
    };
    let report = match event.event_type.as_str() {
        "connected" => connected(&session, event.timestamp, service, now).await,
        "disconnected" => disconnected(&session, service, now).await,
        // Event types that the broker may add later are ignored.
        _ => Ok(InvocationReport::default()),
    };
    report.map(|report| report.to_value()).map_err(|error| InvocationFailure::from(&error))
}

/// Serves `connected`. `connected_ms` is the time of the connection; `session.at_ms` may be later, since the event
/// may be served late.
async fn connected<P: Ports>(
    session: &DeviceSession,
    connected_ms: i64,
    service: &Service<P>,
    now: Now,
) -> Result<InvocationReport, ServeError> {
    let queue_ms = queue_ms(&session.client_id, service).await;
    let status = match service.table.device_connected(session, queue_ms).await? {
        DeviceWrite::Outdated => {
            tracing::info!(device = %session.client_id, "connect event ignored: a newer one was stored before");
            return Ok(InvocationReport::default());
        }
        // Since the first copy of the event, the device may have confirmed its seat.
        DeviceWrite::Repeated => DeviceStatus::Connected,
        DeviceWrite::Done => DeviceStatus::ConnectedAnew { since_ms: connected_ms },
    };
    let seats = seats(&session.client_id, service, now).await?;
    apply(seats, &session.client_id, status, service, now).await
}

/// Asks the broker for the milliseconds by which a connected device's queue outlives its connection; `None`
/// if the broker does not answer in time. Only the record of the device depends on the answer, and an offer
/// to a device with an unknown queue is published, too.
async fn queue_ms<P: Ports>(device: &ClientId, service: &Service<P>) -> Option<i64> {
    match tokio::time::timeout(LOOKUP_TIMEOUT, service.publisher.broker.queue_ms(device)).await {
        Ok(Ok(queue_ms)) => queue_ms,
        // After an outage, all devices connect at once and use up the account's quota.
        Ok(Err(error @ BrokerError::Throttled { .. })) => {
            tracing::info!(%device, error = %ErrorChain(&error), "queue of the device unknown until it connects again");
            None
        }
        Ok(Err(error)) => {
            tracing::warn!(%device, error = %ErrorChain(&error), "queue of the device unknown until it connects again");
            None
        }
        Err(_) => {
            tracing::warn!(%device, error = "timed out", "queue of the device unknown until it connects again");
            None
        }
    }
}

async fn disconnected<P: Ports>(
    session: &DeviceSession,
    service: &Service<P>,
    now: Now,
) -> Result<InvocationReport, ServeError> {
    let seats = seats(&session.client_id, service, now).await?;
    for loaded in &seats {
        service.schedule_device_check(&loaded.meeting.id, &session.client_id).await;
    }
    if service.table.device_disconnected(session).await? == DeviceWrite::Outdated {
        tracing::info!(device = %session.client_id, "disconnect event ignored: its connection was replaced");
        return Ok(InvocationReport::default());
    }
    apply(seats, &session.client_id, DeviceStatus::Disconnected, service, now).await
}

/// Reads the meetings in which the device has a seat. A user may be in more than one.
async fn seats<P: Ports>(
    device: &ClientId,
    service: &Service<P>,
    now: Now,
) -> Result<Vec<Loaded>, ServeError> {
    let user = device.user();
    let ids = service.table.meetings_of(&user, now.ms).await?;
    let mut meetings = service.table.meetings(&ids).await?;
    meetings.retain(|loaded| loaded.meeting.participants.get(&user).is_some_and(|p| p.sits_on(device)));
    Ok(meetings)
}

/// Applies the state of a device to the meetings. Returns the report of the last meeting that changed.
async fn apply<P: Ports>(
    meetings: Vec<Loaded>,
    device: &ClientId,
    status: DeviceStatus,
    service: &Service<P>,
    now: Now,
) -> Result<InvocationReport, ServeError> {
    let mut report = InvocationReport::default();
    for loaded in meetings {
        let rev = loaded.meeting.rev;
        let input = Input::Device { client_id: device.clone(), status };
        let (applied, after) = service.apply(loaded, &input, now).await?;
        if after.meeting.rev > rev || report.meeting_id.is_none() {
            report = applied;
        }
    }
    Ok(report)
}

#[cfg(test)]
mod tests;
