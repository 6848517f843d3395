//! Function `invite`: invites more users to a meeting, and cancels invitations. With an additional
//! invitation, a direct call becomes a group permanently.

use std::collections::BTreeMap;
use switchboard_core::{Action, Command, Invitee, Refusal};
use switchboard_protocol::requests::{Invite, InviteRequest};
use switchboard_service::inviter::Inviter;
use switchboard_service::ports::Ports;
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};

/// Serves every [`InviteRequest`].
pub async fn invite<P: Ports>(
    request: ReceivedRequest<InviteRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    match request.envelope.request.clone() {
        InviteRequest::Invite(invite) => invite_more(&invite, &request, service).await,
        InviteRequest::CancelInvite(cancel) => {
            let command = request.command(Action::CancelInvite { invitees: cancel.invitees });
            service.change(&cancel.meeting_id, command, request.now).await
        }
    }
}

/// Reads the meeting and all invitees in one round trip.
async fn invite_more<P: Ports>(
    invite: &Invite,
    request: &ReceivedRequest<InviteRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let inviter = request.by.user();
    let mut users = service.load_users(&invite.meeting_id, &invite.invitees, &inviter, request.now).await?;
    let stored = users.meeting.take().ok_or_else(Refusal::meeting_not_found)?;
    // `meeting_ended` takes precedence over other refusals.
    if stored.is_live() {
        let named = invite.invitees.iter().enumerate().map(|(at, user)| (format!("invitees[{at}]"), user));
        service.check_users(&invite.meeting_id, named)?;
    }
    // An invitation of a user in the lobby admits the user.
    let mut other_calls = BTreeMap::new();
    for user in stored.waiting_users(Some(&invite.invitees)) {
        let held = users.slot_meeting(&user).filter(|held| *held != invite.meeting_id);
        service.keep_findable(&user, held.clone(), request.now).await?;
        other_calls.extend(held.map(|held| (user, held)));
    }
    let invite_id = |user| service.key.invite(&invite.meeting_id, &request.by, &request.envelope.id, user);
    let invitees: Vec<Invitee> =
        invite.invitees.iter().map(|user| users.invitee(user, invite_id(user))).collect();
    let (ring_seconds, ext) = (invite.ring_seconds, invite.ext.clone());
    let action = Action::Invite { invitees: invitees.clone(), ring_seconds, ext };
    let command = Command { other_calls, ..request.command(action) };
    let counted = Inviter { user: inviter, rings: users.rings, invitees: &invitees };
    service.change_and_count(stored, command, counted, request.now).await
}

#[cfg(test)]
mod ring_tests;
#[cfg(test)]
mod tests;
