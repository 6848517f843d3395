//! Invites more people during a call, and takes invitations back. A direct call that somebody is invited to becomes
//! a group for good.

use switchboard_core::{Action, Refusal};
use switchboard_protocol::code::Code;
use switchboard_protocol::requests::{Invite, InviteRequest};
use switchboard_service::serve::{Failure, Outcome, Request, Service};

/// Serves `invite` and `cancel_invite`.
pub async fn invite(request: Request<InviteRequest>, service: &Service) -> Result<Outcome, Failure> {
    match request.envelope.request.clone() {
        InviteRequest::Invite(invite) => invite_more(&invite, &request, service).await,
        InviteRequest::CancelInvite(cancel) => {
            let command = request.command(Action::CancelInvite { invitees: cancel.invitees });
            service.change(&cancel.meeting_id, &command, request.now).await
        }
    }
}

/// Reads the meeting and everybody who is named in one round trip, as a create does.
async fn invite_more(
    invite: &Invite,
    request: &Request<InviteRequest>,
    service: &Service,
) -> Result<Outcome, Failure> {
    let mut people = service.people(&invite.meeting_id, &invite.invitees, request.now).await?;
    let loaded = people.meeting.take().ok_or_else(not_found)?;
    // That the meeting is over is said before anything else is refused.
    if loaded.meeting.end().is_none() {
        let named = invite.invitees.iter().enumerate().map(|(at, user)| (format!("invitees[{at}]"), user));
        service.check_users(&invite.meeting_id, named)?;
    }
    let invite_id = |user| service.key.invite(&invite.meeting_id, &request.by, &request.envelope.id, user);
    let action = Action::Invite {
        invitees: invite.invitees.iter().map(|user| people.invitee(user, invite_id(user))).collect(),
        ring_seconds: invite.ring_seconds,
        ext: invite.ext.clone(),
    };
    service.change_loaded(loaded, &request.command(action), request.now).await
}

fn not_found() -> Refusal {
    Refusal::new(Code::MeetingNotFound, "there is no such meeting")
}
