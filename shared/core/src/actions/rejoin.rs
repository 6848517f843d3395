//! `rejoin` (T25, T26): a device comes back to its seat, also to one that was given up, while the meeting takes people in.

use super::join::JOINED;
use crate::change::Change;
use crate::refusal::Refusal;
use crate::reply::ReplyResult;
use crate::standing::OutReason;
use switchboard_protocol::address::ClientId;

/// Answered by `joined`.
pub(crate) fn apply(change: &mut Change, by: &ClientId) -> ReplyResult {
    match change.participant(by).and_then(|p| p.out_reason()) {
        Some(OutReason::Banned { .. }) => return Err(Refusal::banned()),
        Some(OutReason::Lost) => {
            change.require_unlocked().and_then(|()| change.enter(by)).map_err(|_| Refusal::not_admitted())?;
        }
        _ => {
            change.claim_admitted_seat(by);
            change.require_seat(by)?;
            change.device_connected(by);
            change.extend_absence(by);
        }
    }
    Ok(JOINED)
}

pub(crate) fn answer_again(change: &Change, by: &ClientId) -> ReplyResult {
    if change.require_seat(by).is_ok() {
        return Ok(JOINED);
    }
    if let Some(end) = change.meeting.end() {
        return Err(Refusal::meeting_ended(end.reason));
    }
    change.require_seat(by)?;
    Err(Refusal::not_admitted())
}
