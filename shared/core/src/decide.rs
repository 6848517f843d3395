//! One command, one decision: what is overdue first, then the command, then who is told.

pub use super::action::{Action, Command};

use super::change::Change;
use super::media::{MediaAct, acts};
use super::merge::taken_back;
use super::notice::notices;
use super::reply::{Outcome, Reply};
use super::{KNOWN_REQUESTS, Known, Meeting, Now, Refusal, Tell};
use crate::cause::Cause;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::UserOrAll;

/// A change of a user's call slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotChange {
    /// The meeting takes the user's slot.
    Claim(UserId),
    /// The meeting gives it back, if it still names this meeting.
    Free(UserId),
}

/// What follows from a command or from time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// The state to commit over the one that was decided from; `None` if nothing changed.
    pub next: Option<Meeting>,
    /// Call slots to change in the same commit.
    pub slots: Vec<SlotChange>,
    /// What the RTC service is to be told.
    pub media: Vec<MediaAct>,
    /// Whom to tell, besides the sender's answer.
    pub tells: Vec<Tell>,
    /// The one answer to the sender; `None` for requests that have none.
    pub answer: Option<Tell>,
    /// The code, where the answer is a refusal.
    pub refused: Option<Code>,
}

/// Decides `command` on `meeting`. What is overdue is applied first and committed even if the command is refused.
#[must_use]
pub fn decide(meeting: &Meeting, command: &Command, now: Now) -> Decision {
    let mut change = Change::of(meeting, now);
    change.tick();
    let cause = Cause::Request { client_id: command.by.clone(), request_id: command.request_id.clone() };

    match known(&change.meeting, command) {
        Some(known) if known.hash != command.hash && !change.meeting.is_tombstone() => {
            let words = "this id was used for another request; give each request its own";
            change.refused(
                command,
                &cause,
                Refusal { path: Some("id".to_owned()), ..Refusal::new(Code::BadRequest, words) },
            )
        }
        Some(known) => {
            let known = known.clone();
            let replay = change.answer_again(command, known.rev);
            let again = notices(&change.meeting, known.rev, &cause, now);
            let acts = acts(&change.meeting, known.rev);
            let mut decision = change.finish(command, &cause, replay);
            decision.media.extend(acts);
            // Told once before, perhaps: nobody can say what members knew then, so no `prev_rev`.
            decision.tells.extend(again.into_iter().map(|tell| Tell { prev_rev: None, ..tell }));
            decision.without_echo(&command.by);
            decision
        }
        None => {
            let ticked = change.changed;
            change.changed = false;
            let outcome = change.apply(command);
            if outcome.is_ok() && change.changed {
                change.remember(command);
            }
            change.changed |= ticked;
            let mut decision = change.finish(command, &cause, outcome);
            decision.without_echo(&command.by);
            decision
        }
    }
}

/// Applies what is overdue at `now`, and nothing else.
#[must_use]
pub fn tick(meeting: &Meeting, now: Now) -> Decision {
    let mut change = Change::of(meeting, now);
    change.tick();
    change.decision_of_time()
}

fn known<'a>(meeting: &'a Meeting, command: &Command) -> Option<&'a Known> {
    if meeting.created_by.client_id == command.by && meeting.created_by.request.id == command.request_id {
        return Some(&meeting.created_by.request);
    }
    meeting.requests.get(&command.by)?.iter().find(|known| known.id == command.request_id)
}

impl Meeting {
    /// Whether the revision `rev` was made by this request, so that its repeat tells the news of it again. Otherwise time
    /// made it, before the request was decided.
    #[must_use]
    pub fn remembers(&self, cause: &Cause, rev: u64) -> bool {
        let Cause::Request { client_id, request_id } = cause else { return false };
        let known = self.requests.get(client_id).into_iter().flatten();
        known.chain([&self.created_by.request]).any(|known| known.id == *request_id && known.rev == rev)
    }
}

impl Change {
    fn apply(&mut self, command: &Command) -> Outcome {
        if let Some((reason, _, _)) = self.meeting.end() {
            return match command.action {
                Action::Destroy if self.has_part(&command.by) => Ok(self.meeting.ended_body().into()),
                Action::TakeBack if self.has_part(&command.by) => Ok(Reply::Body(taken_back())),
                _ => Err(Refusal::meeting_ended(reason)),
            };
        }
        let knocks = matches!(command.action, Action::Join(_));
        if !knocks && !self.has_part(&command.by) {
            return Err(Refusal::new(Code::Forbidden, "you have no part in this meeting"));
        }
        match &command.action {
            // Only the request that made the meeting derives its id, and that one is known.
            Action::CreateAgain => Err(Refusal::new(Code::BadRequest, "give each request its own id")),
            Action::Ringing { invite_id } => self.ringing(&command.by, invite_id),
            Action::Accept { invite_id } => self.accept(&command.by, invite_id),
            Action::Reject { invite_id } => self.reject(&command.by, invite_id),
            Action::Silence { invite_id } => self.silence(&command.by, invite_id),
            Action::Invite { invitees, ring_seconds, ext } => {
                self.invite_more(&command.by, invitees, *ring_seconds, ext.as_ref())
            }
            Action::CancelInvite { invitees } => self.cancel_invite(&command.by, invitees.as_deref()),
            Action::Merge { peer, busy } => self.merge(&command.by, peer, *busy),
            Action::TakeBack => self.take_back(&command.by),
            Action::Join(joining) => self.join(&command.by, joining),
            Action::RaiseHand => self.set_hand(&command.by, true),
            Action::LowerHand => self.set_hand(&command.by, false),
            Action::Admit { users } => self.admit(&command.by, users.as_deref()),
            Action::Deny { users } => self.deny(&command.by, users.as_deref()),
            Action::TransferHost { user } => self.transfer_host(&command.by, user),
            Action::SetRole { user, role } => self.set_role(&command.by, user, *role),
            Action::UpdateMeeting(update) => self.update_meeting(&command.by, update),
            Action::Rejoin => self.rejoin(&command.by),
            Action::ReportMedia { state, media, verified } => {
                self.report_media(&command.by, *state, *media, *verified)
            }
            Action::RefreshToken => self.refresh_token(&command.by),
            Action::UnmuteSelf => self.unmute_self(&command.by),
            Action::Leave => self.leave(&command.by),
            Action::Mute { whom, mode, for_seconds } => self.mute(&command.by, whom, *mode, *for_seconds),
            Action::AllowSpeech { whom } => self.allow_speech(&command.by, whom),
            Action::Remove { user, ban, for_seconds } => self.remove(&command.by, user, *ban, *for_seconds),
            Action::Destroy => self.destroy(&command.by),
        }
    }

    fn has_part(&self, by: &ClientId) -> bool {
        self.meeting.participants.contains_key(&by.user())
    }

    fn remember(&mut self, command: &Command) {
        let requests = self.meeting.requests.entry(command.by.clone()).or_default();
        if requests.len() >= KNOWN_REQUESTS {
            requests.remove(0);
        }
        requests.push(Known { id: command.request_id.clone(), hash: command.hash.clone(), rev: self.rev });
    }

    fn deadline_cause(&self) -> Cause {
        Cause::Deadline { meeting_id: self.meeting.id.clone(), rev: self.rev }
    }

    fn refused(self, command: &Command, cause: &Cause, refusal: Refusal) -> Decision {
        self.finish(command, cause, Err(refusal))
    }

    fn finish(self, command: &Command, cause: &Cause, outcome: Outcome) -> Decision {
        match outcome {
            Ok(reply) => {
                let now_ms = self.now.ms;
                let answer = |meeting: &Meeting| Tell::reply(&command.by, cause, reply, meeting, now_ms);
                if !self.changed {
                    return Decision { answer: answer(&self.meeting), ..Decision::default() };
                }
                let decision = self.commit(Some(cause));
                Decision { answer: decision.next.as_ref().and_then(answer), ..decision }
            }
            Err(refusal) => {
                let code = refusal.code;
                let closing = self.late_answer(&command.by, &command.action, code, cause);
                let mut decision = self.commit(None);
                decision.tells.extend(closing);
                let answer = Some(Tell::answer(&command.by, cause, refusal.into_body()));
                Decision { answer, refused: Some(code), ..decision }
            }
        }
    }

    /// What no terminal asked for.
    pub(super) fn decision_of_time(self) -> Decision {
        self.commit(None)
    }

    /// What is committed if anything changed, with what follows from it; not yet the answer.
    fn commit(self, request: Option<&Cause>) -> Decision {
        if !self.changed {
            return Decision::default();
        }
        // What the request did not cause, time did: under the request's cause it would look like news of it told again.
        let deadline = self.deadline_cause();
        let cause = request.filter(|cause| self.meeting.remembers(cause, self.rev)).unwrap_or(&deadline);
        let mut meeting = self.meeting;
        meeting.rev = self.rev;
        let tells = notices(&meeting, self.rev, cause, self.now);
        if tells.iter().any(|tell| tell.prev_rev.is_some()) {
            meeting.told_rev = self.rev;
        }
        let media = acts(&meeting, self.rev);
        Decision { next: Some(meeting), slots: self.slots, media, tells, ..Decision::default() }
    }
}

impl Decision {
    /// Whether nobody would ask again for what this commit wants told: an end, and what time or the broker did. A request
    /// that changed nothing itself is not remembered, so its repeat would not tell the news of time again either.
    #[must_use]
    pub fn is_asked_for_by_nobody(&self, cause: Option<&Cause>) -> bool {
        let Some(next) = &self.next else { return false };
        let asked = cause.is_some_and(|cause| next.remembers(cause, next.rev));
        next.end().is_some() || (!self.tells.is_empty() && !asked)
    }

    /// The sender's answer stands for the same news on the same device.
    fn without_echo(&mut self, by: &ClientId) {
        let Some(answer) = self.answer.as_ref().map(|answer| answer.body.clone()) else { return };
        self.tells.retain(|tell| tell.to != *by || !is_same_news(&tell.body, &answer));
    }
}

/// Whether two bodies say the same sort of thing about the same user.
fn is_same_news(a: &Body, b: &Body) -> bool {
    match (a, b) {
        (Body::ParticipantUpdated { participant: a }, Body::ParticipantUpdated { participant: b }) => {
            a.user_id == b.user_id
        }
        (
            Body::SpeechChanged { user_id: a @ UserOrAll::User(_), .. },
            Body::SpeechChanged { user_id: b @ UserOrAll::User(_), .. },
        ) => a == b,
        _ => a.kind() == b.kind(),
    }
}
