//! Answers to an invitation: this device rings or is silenced, the user takes the call or does not.

use switchboard_core::Action;
use switchboard_protocol::requests::AnswerRequest;
use switchboard_service::serve::{Failure, Outcome, Request, Service};

/// Serves `ringing`, `accept`, `reject` and `silence`.
pub async fn answer(request: Request<AnswerRequest>, service: &Service) -> Result<Outcome, Failure> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        AnswerRequest::Ringing(ringing) => {
            (ringing.meeting_id, Action::Ringing { invite_id: ringing.invite_id })
        }
        AnswerRequest::Accept(accept) => (accept.meeting_id, Action::Accept { invite_id: accept.invite_id }),
        AnswerRequest::Reject(reject) => (reject.meeting_id, Action::Reject { invite_id: reject.invite_id }),
        AnswerRequest::Silence(silence) => {
            (silence.meeting_id, Action::Silence { invite_id: silence.invite_id })
        }
    };
    service.change(&meeting_id, &request.command(action), request.now).await
}
