//! Ends a meeting for all: by its id, or by the id of a create whose answer has not come yet. Whoever runs the service
//! does it by invoking the function.

mod admin;

use serde_json::Value;
use switchboard_core::{Action, Meeting, Now, Refusal};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::RequestId;
use switchboard_protocol::requests::DestroyRequest;
use switchboard_service::serve::{Failure, Fault, Outcome, Request, Service, Terms};
use switchboard_service::store::{Loaded, Outcome as Committed};

/// Serves what a rule hands over, and what the service's own people invoke the function with.
pub async fn serve(event: Value, now: Now, service: &Service) -> Result<Value, Fault> {
    let outcome = match admin::Order::of(&event) {
        Some(order) => admin::end(order?, now, service).await,
        None => switchboard_service::serve::serve(event, now, service, &destroy).await,
    };
    outcome.map(|outcome| outcome.to_value())
}

/// Serves `destroy_meeting`.
pub async fn destroy(request: Request<DestroyRequest>, service: &Service) -> Result<Outcome, Failure> {
    let DestroyRequest::DestroyMeeting(destroy) = &request.envelope.request;
    let command = request.command(Action::Destroy);
    match (&destroy.meeting_id, &destroy.create_id) {
        (Some(meeting_id), _) => service.change(meeting_id, &command, request.now).await,
        (None, Some(create_id)) => Box::pin(take_back(create_id, &request, service)).await,
        (None, None) => Err(Refusal::new(Code::BadRequest, "give meeting_id or create_id").into()),
    }
}

/// Ends one's own create by its request id. If that create was not seen yet, a mark makes it come to nothing.
async fn take_back(
    create_id: &RequestId,
    request: &Request<DestroyRequest>,
    service: &Service,
) -> Result<Outcome, Failure> {
    let id = service.key.meeting(&request.by, create_id);
    if let Some(existing) = service.table.meeting(&id).await? {
        return end_own(existing, request, service).await;
    }
    let tombstone = Meeting::tombstone(id, &request.by, create_id, request.now);
    let terms = Terms {
        seen: None,
        mark: None,
        cause: request.cause(),
        slots: Vec::new(),
        guarded: false,
        now: request.now,
    };
    match service.commit(&tombstone, terms).await? {
        Committed::Done => {
            let decision = tombstone.taken_back(&request.by, &request.cause());
            Ok(service.perform(None, decision, false, request.now).await)
        }
        Committed::Lost(Some(existing)) => end_own(*existing, request, service).await,
        Committed::Lost(None) | Committed::SlotTaken | Committed::Conflict => Err(Failure::Contended),
    }
}

/// Ends the meeting that one's own create made, or leaves the one that it met.
async fn end_own(
    existing: Loaded,
    request: &Request<DestroyRequest>,
    service: &Service,
) -> Result<Outcome, Failure> {
    match existing.meeting.merged_into.clone() {
        Some(met) => service.change(&met, &request.command(Action::TakeBack), request.now).await,
        None => service.change_loaded(existing, &request.command(Action::Destroy), request.now).await,
    }
}
