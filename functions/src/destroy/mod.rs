//! Function `destroy`: ends a meeting for all, by its id, or by the id of a create request whose answer has
//! not arrived. The operator of the service may end any meeting by invoking the function.

mod admin;

use admin::AdminOrder;
use serde_json::Value;
use switchboard_core::{Action, CreateMark, MarkKind, Now, Refusal};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::RequestId;
use switchboard_protocol::requests::DestroyRequest;
use switchboard_service::ports::{CommitResult, Meetings, Ports, Stored};
use switchboard_service::request::serve_event;
use switchboard_service::{InvocationFailure, InvocationReport, ReceivedRequest, ServeError, Service};

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
    request: ReceivedRequest<DestroyRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let DestroyRequest::DestroyMeeting(destroy) = &request.envelope.request;
    let command = request.command(Action::Destroy { text: reason(&request) });
    match (&destroy.meeting_id, &destroy.create_id) {
        (Some(meeting_id), _) => service.change(meeting_id, command, request.now).await,
        (None, Some(create_id)) => Box::pin(take_back(create_id, &request, service)).await,
        (None, None) => Err(Refusal::new(Code::BadRequest, "send meeting_id or create_id").into()),
    }
}

/// Takes back the sender's own create request, named by its id. If that request has not arrived yet, a create
/// mark makes it fail later.
async fn take_back<P: Ports>(
    create_id: &RequestId,
    request: &ReceivedRequest<DestroyRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let id = service.key.meeting(&request.by, create_id);
    if let Some(existing) = service.table.meeting(&id).await? {
        return end_own(existing, request, service).await;
    }
    let mark = CreateMark {
        meeting_id: id,
        caller: request.by.user(),
        at_ms: request.now.ms,
        kind: MarkKind::TakenBack,
    };
    match service.table.put_mark(&mark).await? {
        CommitResult::Done => {
            let decision = mark.decide(&request.command(Action::TakeBack { text: reason(request) }));
            Ok(service.publish_of_mark(&mark, decision, request.now).await)
        }
        CommitResult::Lost(Some(existing)) => end_own(*existing, request, service).await,
        CommitResult::Lost(None) | CommitResult::SlotTaken | CommitResult::Conflict => {
            Err(ServeError::Contended)
        }
    }
}

/// Ends the meeting that the create request made, or leaves the call with which it was merged.
async fn end_own<P: Ports>(
    existing: Stored,
    request: &ReceivedRequest<DestroyRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    match existing {
        Stored::Mark(CreateMark { kind: MarkKind::MergedInto(met), .. }) => {
            let action = Action::TakeBack { text: reason(request) };
            service.change(&met, request.command(action), request.now).await
        }
        existing => {
            let action = Action::DestroyCreated { text: reason(request) };
            service.change_stored(existing, request.command(action), request.now).await
        }
    }
}

/// Returns the reason that the sender gives.
fn reason(request: &ReceivedRequest<DestroyRequest>) -> Option<String> {
    let DestroyRequest::DestroyMeeting(destroy) = &request.envelope.request;
    destroy.reason.clone()
}

#[cfg(test)]
mod tests;
