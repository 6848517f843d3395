//! The end of any meeting by the operator of the service, with the event `{"admin": {"meeting_id": "…"}}`.
//!
//! No terminal can send this event: the rule wraps every published message in `payload`, and only roles of
//! the AWS account may invoke the function.

use serde::Deserialize;
use serde_json::Value;
use switchboard_core::{Input, Now};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;
use switchboard_service::ports::{Meetings, Ports, Stored};
use switchboard_service::{InvocationFailure, InvocationReport, ServeError, Service};

/// An operator's order to end a meeting.
#[derive(Debug, Deserialize)]
pub(super) struct AdminOrder {
    meeting_id: MeetingId,
}

impl AdminOrder {
    /// Reads the order in `event`; `None` for the event of a rule.
    pub(super) fn of(event: &Value) -> Option<Result<Self, InvocationFailure>> {
        let order = event.get("admin")?;
        Some(Self::deserialize(order).map_err(|error| InvocationFailure::malformed(&error)))
    }
}

/// T46: ends the meeting. Reports `meeting_not_found` for an unknown id. An ended meeting is left unchanged.
pub(super) async fn end<P: Ports>(
    order: AdminOrder,
    now: Now,
    service: &Service<P>,
) -> Result<InvocationReport, InvocationFailure> {
    let found = service.table.meeting(&order.meeting_id).await;
    let Some(Stored::Meeting(loaded)) =
        found.map_err(|error| InvocationFailure::from(&ServeError::from(error)))?
    else {
        let meeting_id = Some(order.meeting_id);
        let refused = Some(Code::MeetingNotFound);
        return Ok(InvocationReport { meeting_id, refused, ..InvocationReport::default() });
    };
    let ended = service.apply(loaded, &Input::AdminEnd, now).await;
    ended.map(|(report, _)| report).map_err(|error| InvocationFailure::from(&error))
}
