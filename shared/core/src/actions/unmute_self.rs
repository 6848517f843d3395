//! `unmute_self` (T36, T37): the user unmutes after a soft mute.

use crate::change::Change;
use crate::outgoing::ReplyResult;
use crate::refusal::Refusal;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{SpeechMode, UserOrAll};

/// Answered by `speech_changed`. Refuses with `speech_blocked` during a block.
pub(crate) fn apply(change: &mut Change, by: &ClientId) -> ReplyResult {
    change.claim_admitted_seat(by);
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

#[cfg(test)]
mod tests {
    use crate::Action;
    use crate::tests::scenes::{active_group, mute, speech_downlinks, speech_mode};
    use switchboard_protocol::object::SpeechMode;
    use switchboard_protocol::requests::MuteMode;

    #[test]
    fn t34_t36_a_soft_mute_asks_and_its_user_may_speak_again() {
        let mut call = active_group();
        mute(&mut call, "alice.phone", "bob", MuteMode::Soft, None).expect("the host has the right");
        assert_eq!(
            speech_downlinks(&call),
            ["alice.phone= bob Soft", "bob.phone: bob Soft", "carol.phone: bob Soft"]
        );
        assert!(call.last.rtc_actions.is_empty(), "the RTC service has no part in it");
        call.does("bob.phone", Action::UnmuteSelf).expect("a soft mute may be lifted by its user");
        assert_eq!(speech_mode(&call, "bob"), SpeechMode::Free);
        assert_eq!(
            speech_downlinks(&call),
            ["alice.phone: bob Free", "bob.phone= bob Free", "carol.phone: bob Free"]
        );
    }
}
