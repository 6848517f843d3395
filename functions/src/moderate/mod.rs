//! What host and cohosts do: who may speak, who is in, who runs the meeting, and its rules.

use switchboard_core::{Action, Update};
use switchboard_protocol::uplink::{Moderate, UpdateMeeting};
use switchboard_service::serve::{Failure, Outcome, Request, Service};

/// Serves `mute`, `allow_speech`, `remove`, `admit`, `deny`, `transfer_host`, `set_role` and `update_meeting`.
pub async fn moderate(request: Request<Moderate>, service: &Service) -> Result<Outcome, Failure> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        Moderate::Mute(mute) => {
            let (mode, for_seconds) = (mute.mode, mute.for_seconds);
            (mute.meeting_id, Action::Mute { whom: mute.user_id, mode, for_seconds })
        }
        Moderate::AllowSpeech(allow) => (allow.meeting_id, Action::AllowSpeech { whom: allow.user_id }),
        Moderate::Remove(remove) => {
            let (ban, for_seconds) = (remove.ban.unwrap_or(false), remove.for_seconds);
            (remove.meeting_id, Action::Remove { user: remove.user_id, ban, for_seconds })
        }
        Moderate::Admit(admit) => (admit.meeting_id, Action::Admit { users: admit.users.named() }),
        Moderate::Deny(deny) => (deny.meeting_id, Action::Deny { users: deny.users.named() }),
        Moderate::TransferHost(transfer) => {
            (transfer.meeting_id, Action::TransferHost { user: transfer.user_id })
        }
        Moderate::SetRole(set) => {
            (set.meeting_id, Action::SetRole { user: set.user_id, role: set.role.into() })
        }
        Moderate::UpdateMeeting(update) => {
            let UpdateMeeting { meeting_id, locked, policy, title, extend_minutes } = update;
            (meeting_id, Action::UpdateMeeting(Update { locked, policy, title, extend_minutes }))
        }
    };
    service.change(&meeting_id, &request.command(action), request.now).await
}
