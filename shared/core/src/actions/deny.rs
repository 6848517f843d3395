//! `deny` (T22): a host denies users the entry from the lobby. They may join again, and wait again.

use crate::change::Change;
use crate::participant::Participant;
use crate::reply::{Reply, ReplyResult};
use crate::standing::OutReason;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::LobbyDecision;

/// Answered by `lobby_updated`, with the result for each user.
pub(crate) fn apply(change: &mut Change, by: &ClientId, named: Option<&[UserId]>) -> ReplyResult {
    change.require_host_set(by)?;
    let mut users = Vec::new();
    for user in change.named_or_waiting(named) {
        let participant = change.meeting.participants.get(&user);
        let waits = participant.is_some_and(Participant::is_in_lobby);
        let admitted = participant.is_some_and(Participant::is_member);
        if waits {
            change.put_out(&user, OutReason::Ended);
        }
        let code = (!waits).then_some(Code::UserNotFound);
        users.push(LobbyDecision { user_id: user, admitted, code });
    }
    Ok(Reply::Body(Body::LobbyUpdated { users }))
}

pub(crate) fn answer_again(change: &Change, named: Option<&[UserId]>, rev: u64) -> ReplyResult {
    Ok(Reply::Body(change.lobby_updated(named, rev)))
}
