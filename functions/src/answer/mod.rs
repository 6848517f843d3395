//! Answers to an invitation: this device rings or is silenced, the user takes the call or does not.

use switchboard_core::Action;
use switchboard_protocol::uplink::Answer;
use switchboard_service::serve::{Failure, Outcome, Request, Service};

/// Serves `ringing`, `accept`, `reject` and `silence`.
pub async fn answer(request: Request<Answer>, service: &Service) -> Result<Outcome, Failure> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        Answer::Ringing(ringing) => (ringing.meeting_id, Action::Ringing { invite_id: ringing.invite_id }),
        Answer::Accept(accept) => (accept.meeting_id, Action::Accept { invite_id: accept.invite_id }),
        Answer::Reject(reject) => (reject.meeting_id, Action::Reject { invite_id: reject.invite_id }),
        Answer::Silence(silence) => (silence.meeting_id, Action::Silence { invite_id: silence.invite_id }),
    };
    service.change(&meeting_id, &request.command(action), request.now).await
}
