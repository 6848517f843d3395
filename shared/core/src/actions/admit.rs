//! `admit` (T21): a host admits users from the lobby.

use crate::change::Change;
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::reply::{Reply, ReplyResult};
use crate::seating::EntryBy;
use crate::standing::Standing;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::limits::MAX_INVITEES;
use switchboard_protocol::object::LobbyDecision;

/// Most users that one request admits: as many as it may name. Each takes two items of the transaction, which has 100.
const MAX_ADMITTED: usize = MAX_INVITEES;

/// Answered by `lobby_updated`, with the result for each user: those named, or all who wait, in the order in which they
/// came. Refuses with `meeting_full` if there was a seat for none of them.
pub(crate) fn apply(change: &mut Change, by: &ClientId, named: Option<&[UserId]>) -> ReplyResult {
    change.require_host_set(by)?;
    let mut users = Vec::new();
    for user in change.named_or_waiting(named).into_iter().take(MAX_ADMITTED) {
        let code = admit(change, &user).err().map(|refusal| refusal.code);
        users.push(LobbyDecision { user_id: user, admitted: code.is_none(), code });
    }
    if !users.is_empty() && users.iter().all(|user| user.code == Some(Code::MeetingFull)) {
        return Err(Refusal::new(Code::MeetingFull, "every seat is taken; try again when somebody left"));
    }
    Ok(Reply::Body(Body::LobbyUpdated { users }))
}

/// A seat for a user who waits. The device that asked first has it until another one claims it.
fn admit(change: &mut Change, user: &UserId) -> Result<(), Refusal> {
    let participant = change.meeting.participants.get(user);
    match participant.map(|p| &*p.standing) {
        Some(Standing::Lobby { devices }) => {
            let waiting = devices.clone();
            change.require_free_seat()?;
            if let Some(first) = waiting.first().cloned() {
                change.take_seat(&first, EntryBy::Admission { waiting });
            }
            Ok(())
        }
        Some(Standing::Seated(_)) => Ok(()),
        _ => Err(Refusal::new(Code::UserNotFound, "the user does not wait in the lobby")),
    }
}

pub(crate) fn answer_again(change: &Change, named: Option<&[UserId]>, rev: u64) -> ReplyResult {
    Ok(Reply::Body(change.lobby_updated(named, rev)))
}

impl Change {
    /// The users that a request about the lobby means: those named, or all who wait, in the order in which they came.
    pub(crate) fn named_or_waiting(&self, named: Option<&[UserId]>) -> Vec<UserId> {
        if let Some(named) = named {
            return named.to_vec();
        }
        let mut waiting: Vec<&Participant> =
            self.meeting.participants.values().filter(|p| p.is_in_lobby()).collect();
        waiting.sort_by_key(|p| (p.standing.rev(), p.order));
        waiting.into_iter().map(|p| p.user_id.clone()).collect()
    }

    /// The body `lobby_updated` for a repeat of the request that made the revision `rev`, from the present state.
    pub(crate) fn lobby_updated(&self, named: Option<&[UserId]>, rev: u64) -> Body {
        let users = match named {
            Some(named) => named.to_vec(),
            None => self.meeting.users(|p| !p.lobby_devices().is_empty() && p.standing.is_from(rev)),
        };
        let decision = |user: UserId| LobbyDecision {
            admitted: self.meeting.has_member(&user),
            user_id: user,
            code: None,
        };
        Body::LobbyUpdated { users: users.into_iter().map(decision).collect() }
    }
}
