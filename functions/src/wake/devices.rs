//! Nudges about a device: its meeting may not have heard that the connection was lost, or that there is a new
//! one.

use switchboard_core::{DeviceStatus, Input, Now, Participant};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::ParticipantState;
use switchboard_service::ports::{Meetings, NewConnection, Ports, Stored};
use switchboard_service::{ServeError, Service};

/// Informs a meeting that the device of a seat has a new connection, unless the meeting already knows, or the
/// device has confirmed the seat in the meantime.
pub(super) async fn check_new_connection<P: Ports>(
    id: &MeetingId,
    connection: &NewConnection,
    service: &Service<P>,
    now: Now,
) -> Result<(), ServeError> {
    let Some(Stored::Meeting(loaded)) = service.table.meeting(id).await? else { return Ok(()) };
    let NewConnection { device, since_ms } = connection;
    if !loaded.meeting.has_unconfirmed_seat(device, *since_ms) {
        return Ok(());
    }
    let status = DeviceStatus::ConnectedAnew { since_ms: *since_ms };
    let input = Input::Device { client_id: device.clone(), status };
    service.apply(loaded, &input, now).await.map(|_| ())
}

/// Informs a meeting that one of its devices lost its connection, unless the meeting already knows: the
/// function `presence` may have crashed between its two writes. If the device has reconnected in the
/// meantime, the check that follows finds it connected.
pub(super) async fn check_lost_device<P: Ports>(
    id: &MeetingId,
    device: &ClientId,
    service: &Service<P>,
    now: Now,
) -> Result<(), ServeError> {
    let Some(Stored::Meeting(loaded)) = service.table.meeting(id).await? else { return Ok(()) };
    let is_unaware = |p: &Participant| {
        p.sits_on(device)
            && p.state() != ParticipantState::Reconnecting
            && p.seat().is_some_and(|seat| seat.check_at_ms.is_none())
    };
    if !loaded.meeting.members().any(is_unaware) {
        return Ok(());
    }
    let input = Input::Device { client_id: device.clone(), status: DeviceStatus::Disconnected };
    service.apply(loaded, &input, now).await.map(|_| ())
}
