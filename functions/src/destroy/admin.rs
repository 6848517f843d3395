//! Ending somebody else's meeting, for those who run the service: `{"admin": {"meeting_id": "…"}}`.
//!
//! No terminal can say this: the rule wraps whatever is published in `payload`, and only the account's own roles may invoke
//! the function.

use serde::Deserialize;
use serde_json::Value;
use switchboard_core::{Now, end_by_admin};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;
use switchboard_service::serve::{Fault, Outcome, Service};

/// Which meeting shall end.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    meeting_id: MeetingId,
}

impl Order {
    /// The order in this event, if it is one.
    pub(super) fn of(event: &Value) -> Option<Result<Self, Fault>> {
        let order = event.get("admin")?;
        Some(Self::deserialize(order).map_err(|error| Fault::malformed(&error)))
    }
}

/// T46: ends it. A meeting that there is none of is said to be none; one that has ended stays as it is.
pub(super) async fn end(order: Order, now: Now, service: &Service) -> Result<Outcome, Fault> {
    let found = service.table.meeting(&order.meeting_id).await;
    let Some(loaded) = found.map_err(|error| Fault::from(&error.into()))? else {
        let meeting_id = Some(order.meeting_id);
        return Ok(Outcome { meeting_id, refused: Some(Code::MeetingNotFound), ..Outcome::default() });
    };
    let ended = service.apply(loaded, None, |meeting| end_by_admin(meeting, now), now).await;
    ended.map(|(outcome, _)| outcome).map_err(|failure| Fault::from(&failure))
}
