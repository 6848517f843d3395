//! `transfer_host`: the host makes another member host.

use crate::change::Change;
use crate::refusal::Refusal;
use crate::reply::{Reply, ReplyResult};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Body;

/// Answered by `host_changed`.
pub(crate) fn apply(change: &mut Change, by: &ClientId, user: &UserId) -> ReplyResult {
    change.require_host(by)?;
    if !change.meeting.has_member(user) {
        return Err(Refusal::not_a_member());
    }
    let previous = change.meeting.host.clone();
    if previous != *user {
        change.make_host(user);
        change.update_host();
    }
    Ok(Reply::Body(Body::HostChanged { host: user.clone(), previous }))
}

pub(crate) fn answer_again(change: &Change) -> ReplyResult {
    Ok(change.meeting.host_changed().into())
}
