//! Changes of the right to speak, and the bodies that show it (T34–T38).

use crate::change::Change;
use crate::input::RtcCapabilities;
use crate::meeting::Meeting;
use crate::outgoing::Reply;
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::speech::Speech;
use crate::stamped::Stamped;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{SpeechMode, UserOrAll};

impl Change {
    /// Sets the right of `user` to speak. Changes nothing if the right is already set so.
    pub(crate) fn set_speech(&mut self, user: &UserId, mode: SpeechMode, until_ms: Option<i64>, by: &UserId) {
        let rev = self.rev;
        let Some(participant) = self.meeting.participants.get_mut(user) else { return };
        let speech = &mut participant.speech;
        if *speech.mode == mode && speech.until_ms == until_ms {
            return;
        }
        // A repeated block is sent to the RTC service again, since the first call may have failed.
        if mode == SpeechMode::Hard || !speech.has_right() {
            speech.right_rev = rev;
        }
        speech.mode.set(mode, rev);
        speech.until_ms = until_ms;
        speech.by = Some(by.clone());
        if mode == SpeechMode::Hard
            && let Some(seat) = participant.seat_mut()
        {
            // The notice about the speech implies this. The microphone stays off when the block ends.
            seat.media.amend().audio = false;
        }
        self.is_changed = true;
    }

    /// T38: ends the blocks whose time has passed.
    pub(crate) fn end_blocks(&mut self) {
        let now_ms = self.now.ms;
        for user in self.meeting.users(|p| p.speech.until_ms.is_some_and(|until_ms| until_ms <= now_ms)) {
            let by = self.meeting.participants[&user].speech.by.clone();
            let by = by.unwrap_or_else(|| self.meeting.host.clone());
            self.set_speech(&user, SpeechMode::Free, None, &by);
        }
    }

    /// Returns the members that `target` stands for in a request of `by`.
    ///
    /// Refuses with `user_not_found` if the named user has no seat.
    pub(crate) fn speech_targets(&self, by: &ClientId, target: &UserOrAll) -> Result<Vec<UserId>, Refusal> {
        match target {
            UserOrAll::All => {
                Ok(self.meeting.users(|p| p.is_member() && is_meant_by_all(&self.meeting, p, &by.user())))
            }
            UserOrAll::User(user) if self.meeting.has_member(user) => Ok(vec![user.clone()]),
            UserOrAll::User(_) => Err(Refusal::not_a_member()),
        }
    }

    /// Refuses with `speech_blocked` a request about the sender's own speech while it is blocked: only
    /// another member of the host set may end the block or change its end.
    pub(crate) fn require_not_own_block(&self, by: &ClientId, target: &UserOrAll) -> Result<(), Refusal> {
        let is_own = *target == UserOrAll::User(by.user());
        if is_own && self.participant(by).is_some_and(|p| !p.speech.has_right()) {
            return Err(Refusal::new(
                Code::SpeechBlocked,
                "a host blocked your speech; ask another host to allow it",
            ));
        }
        Ok(())
    }

    /// Refuses with `not_host` a cohost who would end a block that the host set, or change its end.
    pub(crate) fn require_not_hosts_block(&self, by: &ClientId, target: &UserOrAll) -> Result<(), Refusal> {
        let UserOrAll::User(user) = target else { return Ok(()) };
        if self.is_kept_by_host(by, user) {
            return Err(Refusal::new(
                Code::NotHost,
                "the host blocked this user's speech; only the host may change that",
            ));
        }
        Ok(())
    }

    /// Returns whether `by` is a cohost, and `user` has a block that the host set.
    pub(crate) fn is_kept_by_host(&self, by: &ClientId, user: &UserId) -> bool {
        let host = &self.meeting.host;
        let speech = self.meeting.participants.get(user).map(|p| &p.speech);
        by.user() != *host
            && speech.is_some_and(|it| !it.has_right() && it.by.as_ref().is_none_or(|by| by == host))
    }

    /// Returns the answer to a request about speech: for one user the present right, for all users the
    /// requested right.
    pub(crate) fn speech_changed(
        &self,
        by: &ClientId,
        target: &UserOrAll,
        mode: SpeechMode,
        until_ms: Option<i64>,
    ) -> Reply {
        let present = match target {
            UserOrAll::User(user) => self.meeting.participants.get(user),
            UserOrAll::All => None,
        };
        let body = match present {
            Some(participant) => speech_of_one(&self.meeting, participant, self.now.ms, self.rtc),
            None => {
                let mode = Stamped::new(mode, 0);
                let asked = Speech { mode, until_ms, by: Some(by.user()), right_rev: 0 };
                body(&self.meeting, target.clone(), &asked, self.now.ms, self.rtc)
            }
        };
        Reply::Body(body)
    }
}

/// Returns whether `"*"` in a request of `by` includes `participant`: everyone except the host and `by`.
fn is_meant_by_all(meeting: &Meeting, participant: &Participant, by: &UserId) -> bool {
    participant.user_id != meeting.host && participant.user_id != *by
}

/// Returns the body `speech_changed` about one participant.
pub(crate) fn speech_of_one(
    meeting: &Meeting,
    participant: &Participant,
    now_ms: i64,
    rtc: RtcCapabilities,
) -> Body {
    body(meeting, UserOrAll::User(participant.user_id.clone()), &participant.speech, now_ms, rtc)
}

/// Returns one body `speech_changed` for all changes of the revision `rev`; `None` if a single body would be
/// wrong.
pub(crate) fn speech_of_all(meeting: &Meeting, rev: u64, now_ms: i64, rtc: RtcCapabilities) -> Option<Body> {
    let changed: Vec<&Participant> = meeting.members().filter(|p| p.speech.mode.is_from(rev)).collect();
    let first = changed.first().filter(|_| changed.len() > 1)?;
    let by = first.speech.by.as_ref().unwrap_or(&meeting.host);
    let is_same =
        |p: &Participant| (*p.speech.mode, p.speech.until_ms) == (*first.speech.mode, first.speech.until_ms);
    let all_meant = changed.iter().all(|p| is_meant_by_all(meeting, p, by));
    let all_same = meeting.members().filter(|p| is_meant_by_all(meeting, p, by)).all(is_same);
    (all_meant && all_same).then(|| body(meeting, UserOrAll::All, &first.speech, now_ms, rtc))
}

fn body(meeting: &Meeting, user_id: UserOrAll, speech: &Speech, now_ms: i64, rtc: RtcCapabilities) -> Body {
    Body::SpeechChanged {
        user_id,
        mode: *speech.mode,
        until_in_ms: speech.until_in_ms(now_ms),
        by: speech.by.clone().unwrap_or_else(|| meeting.host.clone()),
        enforced: rtc.enforces_rights && *speech.mode != SpeechMode::Soft,
    }
}
