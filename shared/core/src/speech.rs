//! Who may speak (T34–T38). A soft mute asks; a hard one takes the right to publish audio, at the RTC service and in
//! every later token, until it is given back or its time is over.

use super::change::Change;
use super::reply::{Outcome, Reply};
use super::{Meeting, Now, Participant, Refusal};
use serde::{Deserialize, Serialize};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{Speech, SpeechMode, UserOrAll};
use switchboard_protocol::requests::MuteMode;

/// Whether a participant may speak, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpeechState {
    /// Whether they may.
    pub mode: SpeechMode,
    /// When a block ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// Who set it; the host where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// The revision in which it was set.
    #[serde(default)]
    pub rev: u64,
    /// The revision in which the right to publish audio was taken, given back, or taken anew.
    #[serde(default)]
    pub right_rev: u64,
}

impl SpeechState {
    /// Whether the right to publish audio is there.
    #[must_use]
    pub fn has_right(&self) -> bool {
        self.mode != SpeechMode::Hard
    }

    /// How it looks on the wire.
    #[must_use]
    pub fn view(&self, now_ms: i64) -> Speech {
        Speech { mode: self.mode, until_in_ms: self.until_in_ms(now_ms) }
    }

    fn until_in_ms(&self, now_ms: i64) -> Option<i64> {
        self.until_ms.map(|until_ms| (until_ms - now_ms).max(0))
    }
}

impl Change {
    /// T34, T35: by a host or cohost. A soft mute does not lift a block, and the host cannot be blocked.
    pub(super) fn mute(
        &mut self,
        by: &ClientId,
        whom: &UserOrAll,
        mode: MuteMode,
        for_seconds: Option<u32>,
    ) -> Outcome {
        self.must_be_hosting(by)?;
        let targets = self.spoken_of(by, whom)?;
        if mode == MuteMode::Hard && targets.contains(&self.meeting.host) {
            return Err(Refusal::new(Code::Forbidden, "the host's speech cannot be blocked"));
        }
        let until_ms = for_seconds.map(|seconds| self.now.ms + i64::from(seconds) * 1_000);
        for user in &targets {
            let blocked = !self.meeting.participants[user].speech.has_right();
            match mode {
                MuteMode::Hard => self.set_speech(user, SpeechMode::Hard, until_ms, &by.user()),
                MuteMode::Soft if !blocked => self.set_speech(user, SpeechMode::Soft, None, &by.user()),
                MuteMode::Soft => {}
            }
        }
        Ok(Reply::Body(self.speech_answer(by, whom, mode.into(), until_ms)))
    }

    /// T38: only the right comes back; the microphone stays off until its user turns it on.
    pub(super) fn allow_speech(&mut self, by: &ClientId, whom: &UserOrAll) -> Outcome {
        self.must_be_hosting(by)?;
        for user in self.spoken_of(by, whom)? {
            self.set_speech(&user, SpeechMode::Free, None, &by.user());
        }
        Ok(Reply::Body(self.speech_answer(by, whom, SpeechMode::Free, None)))
    }

    /// T36, T37.
    pub(super) fn unmute_self(&mut self, by: &ClientId) -> Outcome {
        self.seated(by)?;
        if self.participant(by).is_some_and(|p| !p.speech.has_right()) {
            return Err(Refusal::new(Code::SpeechBlocked, "a host has blocked your speech"));
        }
        self.set_speech(&by.user(), SpeechMode::Free, None, &by.user());
        Ok(Reply::Body(self.speech_answer(by, &UserOrAll::User(by.user()), SpeechMode::Free, None)))
    }

    /// Sets whether `user` may speak. Nothing changes if that is so already.
    pub(super) fn set_speech(&mut self, user: &UserId, mode: SpeechMode, until_ms: Option<i64>, by: &UserId) {
        let rev = self.rev;
        let Some(participant) = self.meeting.participants.get_mut(user) else { return };
        let speech = &mut participant.speech;
        if speech.mode == mode && speech.until_ms == until_ms {
            return;
        }
        // A block that is set anew is also told anew: nobody knows whether the first time got through.
        if mode == SpeechMode::Hard || !speech.has_right() {
            speech.right_rev = rev;
        }
        speech.mode = mode;
        speech.until_ms = until_ms;
        speech.by = Some(by.clone());
        speech.rev = rev;
        self.changed = true;
    }

    /// T38: blocks whose time is over.
    pub(super) fn end_blocks(&mut self) {
        let now_ms = self.now.ms;
        for user in self.users(|p| p.speech.until_ms.is_some_and(|until_ms| until_ms <= now_ms)) {
            let by = self.meeting.participants[&user].speech.by.clone();
            let by = by.unwrap_or_else(|| self.meeting.host.clone());
            self.set_speech(&user, SpeechMode::Free, None, &by);
        }
    }

    /// Those who are named and in the meeting.
    fn spoken_of(&self, by: &ClientId, whom: &UserOrAll) -> Result<Vec<UserId>, Refusal> {
        match whom {
            UserOrAll::All => {
                Ok(self.users(|p| p.state.is_member() && is_everybody(&self.meeting, p, &by.user())))
            }
            UserOrAll::User(user)
                if self.meeting.participants.get(user).is_some_and(|p| p.state.is_member()) =>
            {
                Ok(vec![user.clone()])
            }
            UserOrAll::User(_) => Err(Refusal::new(Code::UserNotFound, "that user is not in the meeting")),
        }
    }

    /// The answer to a request about somebody's speech: of one user what holds, of everybody what was asked.
    pub(super) fn speech_answer(
        &self,
        by: &ClientId,
        whom: &UserOrAll,
        mode: SpeechMode,
        until_ms: Option<i64>,
    ) -> Body {
        match whom {
            UserOrAll::User(user) => {
                self.meeting.participants.get(user).map(|p| of_one(&self.meeting, p, self.now))
            }
            UserOrAll::All => None,
        }
        .unwrap_or_else(|| {
            let asked = SpeechState { mode, until_ms, by: Some(by.user()), ..SpeechState::default() };
            body(&self.meeting, whom.clone(), &asked, self.now)
        })
    }
}

/// Whether `"*"`, said by `by`, means this participant too.
pub(super) fn is_everybody(meeting: &Meeting, participant: &Participant, by: &UserId) -> bool {
    participant.user_id != meeting.host && participant.user_id != *by
}

/// The news of one participant's speech.
pub(super) fn of_one(meeting: &Meeting, participant: &Participant, now: Now) -> Body {
    body(meeting, UserOrAll::User(participant.user_id.clone()), &participant.speech, now)
}

/// Where several changed in `rev`: the one statement that tells them all, if there is a true one.
pub(super) fn of_everybody(meeting: &Meeting, rev: u64, now: Now) -> Option<Body> {
    let changed: Vec<&Participant> = meeting.members().filter(|p| p.speech.rev == rev).collect();
    let first = changed.first().filter(|_| changed.len() > 1)?;
    let by = first.speech.by.as_ref().unwrap_or(&meeting.host);
    let meant: Vec<&Participant> = meeting.members().filter(|p| is_everybody(meeting, p, by)).collect();
    let same =
        |p: &&Participant| (p.speech.mode, p.speech.until_ms) == (first.speech.mode, first.speech.until_ms);
    let told = changed.iter().all(|p| is_everybody(meeting, p, by)) && meant.iter().all(same);
    told.then(|| body(meeting, UserOrAll::All, &first.speech, now))
}

fn body(meeting: &Meeting, user_id: UserOrAll, speech: &SpeechState, now: Now) -> Body {
    Body::SpeechChanged {
        user_id,
        mode: speech.mode,
        until_in_ms: speech.until_in_ms(now.ms),
        by: speech.by.clone().unwrap_or_else(|| meeting.host.clone()),
        enforced: now.rtc_restricts && speech.mode != SpeechMode::Soft,
    }
}
