//! Function `answer`: a device reports that it rings or is silenced, the user accepts or rejects the call.

use switchboard_core::{Action, Input, Refusal, decide};
use switchboard_protocol::requests::{Accept, AnswerRequest, Reject};
use switchboard_service::ports::{Ports, Stored};
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};

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

/// Reads the meeting and the sender's call slot in one round trip. A user is in one call at a time: if the slot names another
/// call, that call is left as soon as the accept is known to succeed.
async fn accept<P: Ports>(
    accept: &Accept,
    request: &ReceivedRequest<AnswerRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let (user, now, id) = (request.by.user(), request.now, &accept.meeting_id);
    let mut users = service.load_users_without_calls(id, std::slice::from_ref(&user), now).await?;
    let stored = users.meeting.take().ok_or_else(Refusal::meeting_not_found)?;
    let command =
        request.command(Action::Accept { invite_id: accept.invite_id.clone(), media: accept.media });
    if let Stored::Meeting(loaded) = &stored
        && users.slot_meeting(&user).is_some_and(|held| held != *id)
    {
        let input = Input::Command(command.clone());
        let decision = decide(&loaded.meeting, &input, now, service.rtc_capabilities());
        if decision.refused.is_none() && decision.next.is_some() {
            service.leave_others(&user, id, now).await?;
        }
    }
    service.change_stored(stored, command, now).await
}

#[cfg(test)]
mod tests;
