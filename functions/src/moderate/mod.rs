//! Function `moderate`: requests of host and cohosts about speech, participants, roles and the rules of a meeting.

use switchboard_core::{Action, Refusal, SettingsChange};
use switchboard_protocol::requests::{Admit, ModerateRequest, Remove, UpdateMeeting};
use switchboard_service::ports::{Meetings, Ports};
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};

/// Serves every [`ModerateRequest`].
pub async fn moderate<P: Ports>(
    request: ReceivedRequest<ModerateRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        ModerateRequest::Mute(mute) => {
            let (mode, for_seconds) = (mute.mode, mute.for_seconds);
            (mute.meeting_id, Action::Mute { target: mute.user_id, mode, for_seconds })
        }
        ModerateRequest::AllowSpeech(allow) => {
            (allow.meeting_id, Action::AllowSpeech { target: allow.user_id })
        }
        ModerateRequest::Remove(remove) => {
            let Remove { meeting_id, user_id: user, ban, for_seconds, reason: text } = remove;
            (meeting_id, Action::Remove { user, ban: ban.unwrap_or(false), for_seconds, text })
        }
        ModerateRequest::Admit(admit) => return admit_users(admit, &request, service).await,
        ModerateRequest::Deny(deny) => {
            (deny.meeting_id, Action::Deny { users: deny.users.named(), ban: deny.ban.unwrap_or(false) })
        }
        ModerateRequest::TransferHost(transfer) => {
            (transfer.meeting_id, Action::TransferHost { user: transfer.user_id })
        }
        ModerateRequest::SetRole(set) => {
            (set.meeting_id, Action::SetRole { user: set.user_id, role: set.role.into() })
        }
        ModerateRequest::UpdateMeeting(update) => {
            let UpdateMeeting { meeting_id, locked, policy, title, extend_minutes } = update;
            (meeting_id, Action::UpdateMeeting(SettingsChange { locked, policy, title, extend_minutes }))
        }
    };
    service.change(&meeting_id, request.command(action), request.now).await
}

/// Serves an admission. An admitted user does not leave another call, so the broker's events must still find
/// that call.
async fn admit_users<P: Ports>(
    admit: Admit,
    request: &ReceivedRequest<ModerateRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let stored = service.table.meeting(&admit.meeting_id).await?.ok_or_else(Refusal::meeting_not_found)?;
    let named = admit.users.named();
    let waiting = stored.waiting_users(named.as_deref());
    let mut command = request.command(Action::Admit { users: named });
    command.other_calls = service.keep_other_calls_findable(&admit.meeting_id, &waiting, request.now).await?;
    service.change_stored(stored, command, request.now).await
}

#[cfg(test)]
mod tests;
