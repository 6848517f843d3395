//! Being in a meeting: media reports, fresh tokens, leaving (T18, T27, T40), and requests that come again.

use super::answer::accepted;
use super::change::Change;
use super::decide::{Action, Command, Outcome};
use super::join::in_elsewhere;
use super::merge::taken_back;
use super::open::created;
use super::{Grant, Meeting, Participant, Refusal};
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
            MediaReport::Left => return self.leave(by).map(|_| None),
            MediaReport::Joined => {
                let Some(participant) = self.meeting.participants.get_mut(&user) else { return Ok(None) };
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
        Ok(None)
    }

    /// A token for a seat that is held; nothing is stored.
    pub(super) fn refresh_token(&mut self, by: &ClientId) -> Outcome {
        self.settle_on(by);
        self.seated(by)?;
        Ok(self.participant(by).map(|p| token(&self.meeting, p)))
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
        Ok(Some(Body::Ok {}))
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
                Ok(Some(created(&self.meeting, self.now.ms)))
            }
            Action::CreateAgain => {
                let device = &self.meeting.created_by.client_id;
                if self.seated(device).is_ok() {
                    Ok(Some(created(&self.meeting, self.now.ms)))
                } else {
                    Err(refusal())
                }
            }
            Action::Accept { invite_id } => {
                accepted(&self.meeting, &command.by, self.now.ms).map(Some).ok_or_else(|| {
                    let answered = self.open_invitation(&command.by, invite_id).err();
                    answered.filter(|_| ended.is_none()).unwrap_or_else(refusal)
                })
            }
            Action::Destroy => Ok(self.meeting.ended_body()),
            Action::Rejoin if self.seated(&command.by).is_ok() => {
                Ok(joined(&self.meeting, &command.by, self.now.ms))
            }
            Action::Rejoin => Err(refusal()),
            Action::Join(_) => match self.participant(&command.by).map(|p| p.state) {
                Some(State::Lobby) if ended.is_none() => Ok(Some(Body::LobbyWaiting {})),
                _ if self.seated(&command.by).is_ok() => Ok(joined(&self.meeting, &command.by, self.now.ms)),
                Some(state) if state.is_member() => Err(in_elsewhere()),
                _ => Err(refusal()),
            },
            Action::Merge { .. } | Action::Ringing { .. } if ended.is_some() => Err(refusal()),
            Action::Merge { .. } => self.merged_again(&command.by),
            Action::TakeBack => Ok(Some(taken_back())),
            Action::RaiseHand | Action::LowerHand => Ok(Some(self.meeting.hands_body())),
            Action::Admit { users } | Action::Deny { users } => {
                Ok(Some(self.lobby_as_it_is(users.as_deref(), rev)))
            }
            Action::TransferHost { .. } => Ok(self.meeting.host_body()),
            Action::UpdateMeeting(_) => {
                Ok(Some(Body::MeetingUpdated { meeting: self.meeting.view(self.now.ms) }))
            }
            Action::Invite { invitees, .. } => {
                let named: Vec<_> = invitees.iter().map(|invitee| invitee.user_id.clone()).collect();
                Ok(Some(self.result_of(&named)))
            }
            Action::CancelInvite { invitees: Some(named) } => Ok(Some(self.result_of(named))),
            Action::CancelInvite { invitees: None } => {
                Ok(Some(self.result_of(&self.users(|p| p.changed_rev == rev && p.state == State::Cancelled))))
            }
            Action::Mute { whom, mode, for_seconds } => {
                let until_ms = for_seconds.map(|seconds| self.now.ms + i64::from(seconds) * 1_000);
                Ok(Some(self.speech_answer(&command.by, whom, (*mode).into(), until_ms)))
            }
            Action::AllowSpeech { whom } => {
                Ok(Some(self.speech_answer(&command.by, whom, SpeechMode::Free, None)))
            }
            Action::UnmuteSelf => {
                let whom = UserOrAll::User(command.by.user());
                Ok(Some(self.speech_answer(&command.by, &whom, SpeechMode::Free, None)))
            }
            Action::Remove { user, .. } | Action::SetRole { user, .. } => Ok(self.participant_answer(user)),
            Action::Leave | Action::Reject { .. } | Action::Silence { .. } => Ok(Some(Body::Ok {})),
            // Who has taken the call meanwhile has stopped to ring; everybody else has to.
            Action::Ringing { .. } if self.seated(&command.by).is_ok() => Ok(None),
            Action::Ringing { invite_id } => self.open_invitation(&command.by, invite_id).map(|()| None),
            Action::RefreshToken => {
                self.seated(&command.by).map_err(|_| refusal())?;
                Ok(self.participant(&command.by).map(|p| token(&self.meeting, p)))
            }
            Action::ReportMedia { .. } => Ok(None),
        }
    }
}

pub(super) fn joined(meeting: &Meeting, by: &ClientId, now_ms: i64) -> Option<Body<Grant>> {
    let participant = meeting.participants.get(&by.user())?;
    Some(Body::Joined { join: Grant::of(meeting, participant), meeting: meeting.view(now_ms) })
}

fn token(meeting: &Meeting, participant: &Participant) -> Body<Grant> {
    Body::Token { join: Grant::of(meeting, participant) }
}

pub(super) fn not_admitted() -> Refusal {
    Refusal::new(Code::NotAdmitted, "you are not in this meeting on this device")
}
