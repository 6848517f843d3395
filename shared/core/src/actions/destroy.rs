//! `destroy_meeting` (T46): the host ends the meeting for all, from any device.

use crate::change::Change;
use crate::refusal::Refusal;
use crate::reply::ReplyResult;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::{Code, EndReason};

/// Answered by `meeting_ended`.
pub(crate) fn apply(change: &mut Change, by: &ClientId, text: Option<&String>) -> ReplyResult {
    if change.meeting.host != by.user() {
        return Err(Refusal::new(Code::NotHost, "only the host may end the meeting; send leave to leave it"));
    }
    change.end(EndReason::HostEnded);
    change.meeting.end_text = text.cloned();
    answer_again(change)
}

pub(crate) fn answer_again(change: &Change) -> ReplyResult {
    Ok(change.meeting.ended_body().into())
}
