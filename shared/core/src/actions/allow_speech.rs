//! `allow_speech` (T38): a host returns the right to speak. The microphone stays off until its user turns it
//! on.

use crate::change::Change;
use crate::outgoing::ReplyResult;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::object::{SpeechMode, UserOrAll};

/// Answered by `speech_changed`. Refuses with `speech_blocked` a cohost who would end their own block, and with
/// `not_host` a cohost who would end a block of the host. `"*"` omits the blocks of the host if a cohost sends
/// it.
pub(crate) fn apply(change: &mut Change, by: &ClientId, target: &UserOrAll) -> ReplyResult {
    change.require_host_set(by)?;
    change.require_not_own_block(by, target)?;
    change.require_not_hosts_block(by, target)?;
    for user in change.speech_targets(by, target)? {
        if change.is_kept_by_host(by, &user) {
            continue;
        }
        change.set_speech(&user, SpeechMode::Free, None, &by.user());
    }
    answer_again(change, by, target)
}

pub(crate) fn answer_again(change: &Change, by: &ClientId, target: &UserOrAll) -> ReplyResult {
    Ok(change.speech_changed(by, target, SpeechMode::Free, None))
}

#[cfg(test)]
mod tests {
    use crate::tests::scenes::{active_group, allow, mute, restricted, speech_downlinks, speech_mode};
    use switchboard_protocol::object::SpeechMode;
    use switchboard_protocol::requests::MuteMode;

    #[test]
    fn t38_the_right_comes_back_by_a_host_or_when_its_time_comes() {
        let mut call = active_group();
        mute(&mut call, "alice.phone", "bob", MuteMode::Hard, None).expect("the host has the right");
        allow(&mut call, "alice.phone", "bob").expect("the host has the right");
        assert_eq!(restricted(&call), [("bob".to_owned(), true)]);
        assert_eq!(speech_mode(&call, "bob"), SpeechMode::Free);

        mute(&mut call, "alice.phone", "bob", MuteMode::Hard, Some(60)).expect("the host has the right");
        assert_eq!(call.next_deadline_ms(), Some(call.now.ms + 60_000));
        call.at(59_999);
        assert!(call.wakes().next.is_none());
        call.at(60_000);
        assert!(call.wakes().next.is_some(), "the end of the block is committed");
        assert_eq!(restricted(&call), [("bob".to_owned(), true)]);
        assert_eq!(
            speech_downlinks(&call),
            ["alice.phone: bob Free", "bob.phone: bob Free", "carol.phone: bob Free"]
        );
    }
}
