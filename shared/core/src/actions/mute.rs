//! `mute` (T34, T35): a host mutes a user softly, or blocks the user's speech.

use crate::change::Change;
use crate::outgoing::ReplyResult;
use crate::refusal::Refusal;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{SpeechMode, UserOrAll};
use switchboard_protocol::requests::MuteMode;

/// Answered by `speech_changed`. A soft mute does not end a block. Refuses with `forbidden` to block the
/// host, with `speech_blocked` a cohost who would change the end of their own block, and with `not_host` a
/// cohost who would change the end of a block of the host.
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    target: &UserOrAll,
    mode: MuteMode,
    for_seconds: Option<u32>,
) -> ReplyResult {
    change.require_host_set(by)?;
    change.require_not_own_block(by, target)?;
    if mode == MuteMode::Hard {
        change.require_not_hosts_block(by, target)?;
    }
    let users = change.speech_targets(by, target)?;
    if mode == MuteMode::Hard && users.contains(&change.meeting.host) {
        return Err(Refusal::new(Code::Forbidden, "the host's speech cannot be blocked; send a soft mute"));
    }
    let until_ms = until_ms(change, for_seconds);
    for user in &users {
        let is_blocked = !change.meeting.participants[user].speech.has_right();
        match mode {
            MuteMode::Hard if change.is_kept_by_host(by, user) => {}
            MuteMode::Hard => change.set_speech(user, SpeechMode::Hard, until_ms, &by.user()),
            MuteMode::Soft if !is_blocked => change.set_speech(user, SpeechMode::Soft, None, &by.user()),
            MuteMode::Soft => {}
        }
    }
    answer_again(change, by, target, mode, for_seconds)
}

pub(crate) fn answer_again(
    change: &Change,
    by: &ClientId,
    target: &UserOrAll,
    mode: MuteMode,
    for_seconds: Option<u32>,
) -> ReplyResult {
    Ok(change.speech_changed(by, target, mode.into(), until_ms(change, for_seconds)))
}

fn until_ms(change: &Change, for_seconds: Option<u32>) -> Option<i64> {
    for_seconds.map(|seconds| change.now.ms + i64::from(seconds) * 1_000)
}

#[cfg(test)]
mod tests;
