//! Function `destroy`: ends a meeting for all, by its id or by the id of a create request whose answer has not arrived yet. An
//! operator of the service ends any meeting by invoking the function.

mod admin;

use admin::AdminOrder;
use serde_json::Value;
use switchboard_core::{Action, Meeting, Now, Refusal};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::RequestId;
use switchboard_protocol::requests::DestroyRequest;
use switchboard_service::ports::{CommitResult, Loaded, Meetings, Ports};
use switchboard_service::request::serve_event;
use switchboard_service::{CommitTerms, InvocationFailure, InvocationReport, Request, ServeError, Service};

/// Serves the event of a rule, or an operator's order.
pub async fn serve<P: Ports>(
    event: Value,
    now: Now,
    service: &Service<P>,
) -> Result<Value, InvocationFailure> {
    let report = match AdminOrder::of(&event) {
        Some(order) => admin::end(order?, now, service).await,
        None => serve_event(event, now, service, &destroy).await,
    };
    report.map(|report| report.to_value())
}

/// Serves `destroy_meeting`.
pub async fn destroy<P: Ports>(
    request: Request<DestroyRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let DestroyRequest::DestroyMeeting(destroy) = &request.envelope.request;
    let command = request.command(Action::Destroy);
    match (&destroy.meeting_id, &destroy.create_id) {
        (Some(meeting_id), _) => service.change(meeting_id, &command, request.now).await,
        (None, Some(create_id)) => Box::pin(take_back(create_id, &request, service)).await,
        (None, None) => Err(Refusal::new(Code::BadRequest, "give meeting_id or create_id").into()),
    }
}

/// Takes back the sender's own create request, named by its id. If that request has not arrived yet, a tombstone makes it fail.
async fn take_back<P: Ports>(
    create_id: &RequestId,
    request: &Request<DestroyRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let id = service.key.meeting(&request.by, create_id);
    if let Some(existing) = service.table.meeting(&id).await? {
        return end_own(existing, request, service).await;
    }
    let tombstone = Meeting::tombstone(id, &request.by, create_id, request.now);
    let terms = CommitTerms {
        seen: None,
        mark: None,
        cause: request.cause(),
        slots: Vec::new(),
        guarded: false,
        now: request.now,
    };
    match service.commit(&tombstone, terms).await? {
        CommitResult::Done => {
            let decision = tombstone.taken_back(&request.by, &request.cause());
            Ok(service.run_effects(None, decision, false, request.now).await)
        }
        CommitResult::Lost(Some(existing)) => end_own(*existing, request, service).await,
        CommitResult::Lost(None) | CommitResult::SlotTaken | CommitResult::Conflict => {
            Err(ServeError::Contended)
        }
    }
}

/// Ends the meeting that the create request made, or leaves the call that it was merged into.
async fn end_own<P: Ports>(
    existing: Loaded,
    request: &Request<DestroyRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    match existing.meeting.merged_into.clone() {
        Some(met) => service.change(&met, &request.command(Action::TakeBack), request.now).await,
        None => service.change_loaded(existing, &request.command(Action::Destroy), request.now).await,
    }
}
