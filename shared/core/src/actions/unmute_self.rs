//! `unmute_self` (T36, T37): the user speaks again after a soft mute.

use crate::change::Change;
use crate::refusal::Refusal;
use crate::reply::ReplyResult;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{SpeechMode, UserOrAll};

/// Answered by `speech_changed`. Refuses with `speech_blocked` during a block.
pub(crate) fn apply(change: &mut Change, by: &ClientId) -> ReplyResult {
    change.require_seat(by)?;
    if change.participant(by).is_some_and(|p| !p.speech.has_right()) {
        return Err(Refusal::new(
            Code::SpeechBlocked,
            "a host blocked your speech; raise a hand to ask for it",
        ));
    }
    change.set_speech(&by.user(), SpeechMode::Free, None, &by.user());
    answer_again(change, by)
}

pub(crate) fn answer_again(change: &Change, by: &ClientId) -> ReplyResult {
    Ok(change.speech_changed(by, &UserOrAll::User(by.user()), SpeechMode::Free, None))
}
