//! `allow_speech` (T38): a host gives the right to speak back. The microphone stays off until its user turns it on.

use crate::change::Change;
use crate::reply::ReplyResult;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::object::{SpeechMode, UserOrAll};

/// Answered by `speech_changed`.
pub(crate) fn apply(change: &mut Change, by: &ClientId, target: &UserOrAll) -> ReplyResult {
    change.require_host_set(by)?;
    for user in change.speech_targets(by, target)? {
        change.set_speech(&user, SpeechMode::Free, None, &by.user());
    }
    answer_again(change, by, target)
}

pub(crate) fn answer_again(change: &Change, by: &ClientId, target: &UserOrAll) -> ReplyResult {
    Ok(change.speech_changed(by, target, SpeechMode::Free, None))
}
