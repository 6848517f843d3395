//! `refresh_token`: a fresh join token for the device that has the seat. Nothing is stored.

use crate::change::Change;
use crate::refusal::Refusal;
use crate::reply::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Body;

const TOKEN: Reply = Reply::Seat(|_, _| Body::Token {});

/// Answered by `token`.
pub(crate) fn apply(change: &mut Change, by: &ClientId) -> ReplyResult {
    change.claim_admitted_seat(by);
    change.require_seat(by)?;
    Ok(TOKEN)
}

pub(crate) fn answer_again(change: &Change, by: &ClientId) -> ReplyResult {
    if let Some(end) = change.meeting.end() {
        return Err(Refusal::meeting_ended(end.reason));
    }
    change.require_seat(by)?;
    Ok(TOKEN)
}
