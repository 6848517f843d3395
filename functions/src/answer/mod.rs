//! Function `answer`: a device reports that it rings or is silenced, or the user accepts or rejects the call.
//!
//! `request.rs` of `switchboard-service` calls [`answer`] for each message on `call-up/answer`. A request
//! becomes an [`Action`], which the file of the same name in `shared/core/src/actions` decides. The methods of
//! [`Service`] are in `shared/service/src`: those that load with or leave another call in `other_calls.rs`, those that
//! change a meeting in `change_loop.rs`.

use switchboard_core::Action;
use switchboard_protocol::requests::{Accept, AnswerRequest, Reject};
use switchboard_service::ports::Ports;
use switchboard_service::{InvocationReport, MeetingOfUser, ReceivedRequest, ServeError, Service};

/// Serves every [`AnswerRequest`].
pub async fn answer<P: Ports>(
    request: ReceivedRequest<AnswerRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        AnswerRequest::Ringing(asked) => (asked.meeting_id, Action::Ringing { invite_id: asked.invite_id }),
        AnswerRequest::Accept(asked) => return accept(&asked, &request, service).await,
        AnswerRequest::Reject(Reject { meeting_id, invite_id, reason, text }) => {
            (meeting_id, Action::Reject { invite_id, reason, text })
        }
        AnswerRequest::Silence(asked) => (asked.meeting_id, Action::Silence { invite_id: asked.invite_id }),
    };
    service.change(&meeting_id, request.command(action), request.now).await
}

/// Serves an accept. A user is in one call at a time: the accept takes the user's call slot from any other
/// call, and the user leaves that call.
async fn accept<P: Ports>(
    asked: &Accept,
    request: &ReceivedRequest<AnswerRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let (user, now) = (request.by.user(), request.now);
    let MeetingOfUser { stored, name, other_call } =
        service.load_with_other_call(&asked.meeting_id, &user, now).await?;
    let is_in_other_call = other_call.is_some();
    // The slot will name this call, so presence events and a repeat of this request must find the other call
    // without the slot.
    service.keep_findable(&user, other_call.clone(), now).await?;
    let action =
        Action::Accept { invite_id: asked.invite_id.clone(), media: asked.media, name, is_in_other_call };
    let command = request.command(action).with_other_call(&user, other_call);
    service.change_and_leave_others(stored, command, is_in_other_call, now).await
}

#[cfg(test)]
mod repeat_tests;
#[cfg(test)]
mod tests;
