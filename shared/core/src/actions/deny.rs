//! `deny` (T22): a host denies users the entry from the lobby. They may ask once more; the second time is a ban.

use crate::change::Change;
use crate::participant::Participant;
use crate::reply::{Reply, ReplyResult};
use crate::standing::OutReason;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::LobbyDecision;

/// Answered by `lobby_updated`, with the result for each user.
pub(crate) fn apply(change: &mut Change, by: &ClientId, named: Option<&[UserId]>, ban: bool) -> ReplyResult {
    change.require_host_set(by)?;
    let mut users = Vec::new();
    for user in change.named_or_waiting(named) {
        let participant = change.meeting.participants.get(&user);
        let waits = participant.is_some_and(Participant::is_in_lobby);
        let admitted = participant.is_some_and(Participant::is_member);
        if waits {
            turn_away(change, &user, ban);
        }
        let code = (!waits).then_some(Code::UserNotFound);
        users.push(LobbyDecision { user_id: user, admitted, code });
    }
    Ok(Reply::Body(Body::LobbyUpdated { users }))
}

/// The second time, and with `ban`, the user is banned for the rest of the meeting.
fn turn_away(change: &mut Change, user: &UserId, ban: bool) {
    let Some(participant) = change.meeting.participants.get_mut(user) else { return };
    let is_last = ban || participant.lobby.is_denied;
    participant.lobby.is_denied = true;
    let reason = if is_last { OutReason::Banned { until_ms: None } } else { OutReason::Ended };
    change.put_out(user, reason);
}

pub(crate) fn answer_again(change: &Change, named: Option<&[UserId]>, rev: u64) -> ReplyResult {
    Ok(Reply::Body(change.lobby_updated(named, rev)))
}
