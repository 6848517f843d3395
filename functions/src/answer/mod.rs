//! Function `answer`: a device reports that it rings or is silenced, the user accepts or rejects the call.

use switchboard_core::{Action, Input};
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

/// A user is in one call at a time: an accept takes the user's call slot from any other call, and that call is left.
///
/// The accept is committed first, so that an accept which loses a race costs the user no call. It is answered last, so that
/// the terminal retries if the function crashes in between: the repeat leaves the other call.
async fn accept<P: Ports>(
    asked: &Accept,
    request: &ReceivedRequest<AnswerRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let (user, now, meeting_id) = (request.by.user(), request.now, &asked.meeting_id);
    let (stored, other_call) = service.load_with_other_call(meeting_id, &user, now).await?;
    let is_in_other_call = other_call.is_some();
    let action = Action::Accept { invite_id: asked.invite_id.clone(), media: asked.media, is_in_other_call };
    let command = request.command(action);
    let Stored::Meeting(loaded) = stored else {
        return service.change_stored(stored, command, now).await;
    };
    service.keep_findable(&user, other_call, now).await?;
    let (input, rtc) = (Input::Command(command), service.rtc_capabilities());
    let mut decided = service.decide_and_commit(loaded, &input, now, rtc).await?;
    let is_repeat = !decided.is_commit();
    let left = if !decided.is_refused() && (is_in_other_call || is_repeat) {
        service.leave_other_calls(&user, meeting_id, now).await
    } else {
        Ok(())
    };
    if left.is_err() {
        decided.withhold_answer();
    }
    let (report, _) = service.run_effects_of(decided, now).await;
    left.map(|()| report)
}

#[cfg(test)]
mod tests;
