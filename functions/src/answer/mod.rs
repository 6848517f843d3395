//! Function `answer`: a device reports that it rings or is silenced, the user accepts or rejects the call.

use switchboard_core::Action;
use switchboard_protocol::requests::{Accept, AnswerRequest, Reject};
use switchboard_service::ports::Ports;
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};

/// Serves every [`AnswerRequest`].
pub async fn answer<P: Ports>(
    request: ReceivedRequest<AnswerRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        AnswerRequest::Ringing(asked) => (asked.meeting_id, Action::Ringing { invite_id: asked.invite_id }),
        AnswerRequest::Accept(Accept { meeting_id, invite_id, media }) => {
            (meeting_id, Action::Accept { invite_id, media })
        }
        AnswerRequest::Reject(Reject { meeting_id, invite_id, reason, text }) => {
            (meeting_id, Action::Reject { invite_id, reason, text })
        }
        AnswerRequest::Silence(asked) => (asked.meeting_id, Action::Silence { invite_id: asked.invite_id }),
    };
    service.change(&meeting_id, request.command(action), request.now).await
}

#[cfg(test)]
mod tests;
