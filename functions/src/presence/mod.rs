//! Lifecycle events of the broker: which devices a user has, and whose connection dropped.
//!
//! They come late, twice and out of order. A disconnect never hangs up: it only makes `wake` look at the device
//! a little later.

use serde::Deserialize;
use serde_json::Value;
use switchboard_core::{Connection, Now};
use switchboard_protocol::address::ClientId;
use switchboard_service::rule::Received;
use switchboard_service::serve::{Failure, Fault, Outcome, Service};
use switchboard_service::store::Seen;

/// A lifecycle event, as far as it is of use here. The broker's users name one of their own by a client ID that is
/// no terminal's: such an event is none of ours.
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
pub async fn presence(event: Value, now: Now, service: &Service) -> Result<Value, Fault> {
    let received = Received::from_event(event).map_err(|error| Fault::malformed(&error))?;
    let event: LifecycleEvent =
        serde_json::from_slice(&received.payload).map_err(|error| Fault::malformed(&error))?;
    let Ok(client_id) = ClientId::try_from(event.client_id) else { return Ok(Value::Null) };
    let seen = Seen {
        client_id,
        session: event.session_identifier,
        version: event.version_number,
        at_ms: received.received_ms.unwrap_or(event.timestamp),
    };
    let outcome = match event.event_type.as_str() {
        "connected" => connected(&seen, service, now).await,
        "disconnected" => disconnected(&seen, service, now).await,
        // The broker may learn new words; they change nothing here.
        _ => Ok(Outcome::default()),
    };
    outcome.map(|outcome| outcome.to_value()).map_err(|failure| Fault::from(&failure))
}

async fn connected(seen: &Seen, service: &Service, now: Now) -> Result<Outcome, Failure> {
    if !service.table.device_connected(seen).await? {
        tracing::info!(device = %seen.client_id, "an older connect came late");
        return Ok(Outcome::default());
    }
    note(&seen.client_id, Connection::Here, service, now).await
}

async fn disconnected(seen: &Seen, service: &Service, now: Now) -> Result<Outcome, Failure> {
    if !service.table.device_disconnected(seen).await? {
        tracing::info!(device = %seen.client_id, "a disconnect of a connection that was replaced, or one that came twice");
        return Ok(Outcome::default());
    }
    note(&seen.client_id, Connection::Dropped, service, now).await
}

/// The meeting in which the user has a seat is named by the call slot.
async fn note(device: &ClientId, seen: Connection, service: &Service, now: Now) -> Result<Outcome, Failure> {
    let Some(slot) = service.table.slot(&device.user()).await? else { return Ok(Outcome::default()) };
    let Some(loaded) = service.table.meeting(&slot.meeting_id).await? else { return Ok(Outcome::default()) };
    Ok(service.note_connection(loaded, device, seen, now).await?.0)
}
