//! Being in a meeting: media reports, fresh tokens, leaving (T18, T27, T40), and requests that come again.

use super::Refusal;
use super::answer::ACCEPTED;
use super::change::Change;
use super::decide::{Action, Command};
use super::join::in_elsewhere;
use super::merge::taken_back;
use super::open::CREATED;
use super::reply::{Outcome, Reply};
use super::update::MEETING_UPDATED;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{MediaFlags, ParticipantState as State, SpeechMode, UserOrAll};
use switchboard_protocol::requests::MediaReport;

impl Change {
    /// T18 for `joined`, T27 for `left`. A report that the RTC service does not confirm changes nothing: what it sees
    /// comes by its own way.
    pub(super) fn report_media(
        &mut self,
        by: &ClientId,
        report: MediaReport,
        media: MediaFlags,
        verified: bool,
    ) -> Outcome {
        self.settle_on(by);
        self.seated(by)?;
        let user = by.user();
        match report {
            _ if !verified => {}
            MediaReport::Left => return self.leave(by).map(|_| Reply::Nothing),
            MediaReport::Joined => {
                let Some(participant) = self.meeting.participants.get_mut(&user) else {
                    return Ok(Reply::Nothing);
                };
                if participant.state != State::Joined {
                    participant.media = media;
                    participant.join_by_ms = None;
                    participant.away = None;
                    participant.check_at_ms = None;
                    self.set_state(&user, State::Joined);
                    self.settle();
                } else if participant.media == MediaFlags::default() && media != MediaFlags::default() {
                    // The RTC service was faster; it does not say what is sent.
                    participant.media = media;
                    self.changed = true;
                }
            }
        }
        Ok(Reply::Nothing)
    }

    /// A token for a seat that is held; nothing is stored.
    pub(super) fn refresh_token(&mut self, by: &ClientId) -> Outcome {
        self.settle_on(by);
        self.seated(by)?;
        Ok(Reply::Seat(|_, _| Body::Token {}))
    }

    /// T27, and T40 where that ends a direct call. A device that is not in has nothing to leave: what it says late must
    /// not hang up for the one that has the call now.
    pub(super) fn leave(&mut self, by: &ClientId) -> Outcome {
        self.settle_on(by);
        if self.participant(by).is_some_and(|p| p.state == State::Lobby) {
            // Who waits no more is not to be let in.
            self.set_state(&by.user(), State::Ended);
        } else if self.seated(by).is_ok() {
            self.set_state(&by.user(), State::Left);
            self.settle();
        }
        Ok(Reply::Body(Body::Ok {}))
    }

    /// Only the device that has the user's seat.
    pub(super) fn seated(&self, by: &ClientId) -> Result<(), Refusal> {
        match self.participant(by) {
            Some(p) if p.state.is_member() && p.seat.as_ref() == Some(by) => Ok(()),
            Some(p) if p.state == State::Banned => {
                Err(Refusal::new(Code::Banned, "you are banned from this meeting"))
            }
            _ => Err(not_admitted()),
        }
    }

    /// The answer to a request that was applied before: from the present state, a token only if one is due now.
    pub(super) fn answer_again(&self, command: &Command, rev: u64) -> Outcome {
        let ended = self.meeting.end();
        let refusal = || match ended {
            Some((reason, _, _)) => Refusal::meeting_ended(reason),
            None => self.seated(&command.by).err().unwrap_or_else(not_admitted),
        };
        match &command.action {
            // A create that ended at once (the only invitee was busy) had no way in to give.
            Action::CreateAgain
                if ended.is_some_and(|(_, _, at)| at == rev) && !self.meeting.is_tombstone() =>
            {
                Ok(CREATED)
            }
            Action::CreateAgain => {
                let device = &self.meeting.created_by.client_id;
                if self.seated(device).is_ok() { Ok(CREATED) } else { Err(refusal()) }
            }
            Action::Accept { invite_id } => {
                if self.seated(&command.by).is_ok() {
                    return Ok(ACCEPTED);
                }
                let answered = self.open_invitation(&command.by, invite_id).err();
                Err(answered.filter(|_| ended.is_none()).unwrap_or_else(refusal))
            }
            Action::Destroy => Ok(self.meeting.ended_body().into()),
            Action::Rejoin if self.seated(&command.by).is_ok() => Ok(JOINED),
            Action::Rejoin => Err(refusal()),
            Action::Join(_) => match self.participant(&command.by).map(|p| p.state) {
                Some(State::Lobby) if ended.is_none() => Ok(Reply::Body(Body::LobbyWaiting {})),
                _ if self.seated(&command.by).is_ok() => Ok(JOINED),
                Some(state) if state.is_member() => Err(in_elsewhere()),
                _ => Err(refusal()),
            },
            Action::Merge { .. } | Action::Ringing { .. } if ended.is_some() => Err(refusal()),
            Action::Merge { .. } => self.merged_again(&command.by),
            Action::TakeBack => Ok(Reply::Body(taken_back())),
            Action::RaiseHand | Action::LowerHand => Ok(Reply::Body(self.meeting.hands_body())),
            Action::Admit { users } | Action::Deny { users } => {
                Ok(Reply::Body(self.lobby_as_it_is(users.as_deref(), rev)))
            }
            Action::TransferHost { .. } => Ok(self.meeting.host_body().into()),
            Action::UpdateMeeting(_) => Ok(MEETING_UPDATED),
            Action::Invite { invitees, .. } => {
                let named: Vec<_> = invitees.iter().map(|invitee| invitee.user_id.clone()).collect();
                Ok(Reply::Body(self.result_of(&named)))
            }
            Action::CancelInvite { invitees: Some(named) } => Ok(Reply::Body(self.result_of(named))),
            Action::CancelInvite { invitees: None } => Ok(Reply::Body(
                self.result_of(&self.users(|p| p.changed_rev == rev && p.state == State::Cancelled)),
            )),
            Action::Mute { whom, mode, for_seconds } => {
                let until_ms = for_seconds.map(|seconds| self.now.ms + i64::from(seconds) * 1_000);
                Ok(Reply::Body(self.speech_answer(&command.by, whom, (*mode).into(), until_ms)))
            }
            Action::AllowSpeech { whom } => {
                Ok(Reply::Body(self.speech_answer(&command.by, whom, SpeechMode::Free, None)))
            }
            Action::UnmuteSelf => {
                let whom = UserOrAll::User(command.by.user());
                Ok(Reply::Body(self.speech_answer(&command.by, &whom, SpeechMode::Free, None)))
            }
            Action::Remove { user, .. } | Action::SetRole { user, .. } => {
                Ok(self.participant_answer(user).into())
            }
            Action::Leave | Action::Reject { .. } | Action::Silence { .. } => Ok(Reply::Body(Body::Ok {})),
            // Who has taken the call meanwhile has stopped to ring; everybody else has to.
            Action::Ringing { .. } if self.seated(&command.by).is_ok() => Ok(Reply::Nothing),
            Action::Ringing { invite_id } => {
                self.open_invitation(&command.by, invite_id).map(|()| Reply::Nothing)
            }
            Action::RefreshToken => {
                self.seated(&command.by).map_err(|_| refusal())?;
                Ok(Reply::Seat(|_, _| Body::Token {}))
            }
            Action::ReportMedia { .. } => Ok(Reply::Nothing),
        }
    }
}

/// The answer to a sender who has a seat now.
pub(super) const JOINED: Reply =
    Reply::Seat(|meeting, now_ms| Body::Joined { meeting: meeting.view(now_ms) });

pub(super) fn not_admitted() -> Refusal {
    Refusal::new(Code::NotAdmitted, "you are not in this meeting on this device")
}
