//! One command, one decision: what is overdue first, then the command, then who is told.

use super::change::Change;
use super::invite::Invitee;
use super::media::{MediaAct, acts};
use super::merge::taken_back;
use super::notice::notices;
use super::{Grant, Joining, KNOWN_REQUESTS, Known, Meeting, Now, Refusal, Tell, Update};
use crate::address::{ClientId, UserId};
use crate::cause::Cause;
use crate::id::{BodyHash, InviteId, RequestId};
use crate::message::code::Code;
use crate::message::downlink::Body;
use crate::message::object::{BusyPolicy, MediaFlags, Role, Whom};
use crate::message::uplink::{MediaReport, MuteMode};
use serde_json::{Map, Value};

/// A request of one device on a meeting that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The device that asks, as the broker proved it.
    pub by: ClientId,
    /// The request's id.
    pub request_id: RequestId,
    /// What it said.
    pub hash: BodyHash,
    /// What it asks.
    pub action: Action,
}

/// What can be asked of a meeting.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The create of this very meeting came again.
    CreateAgain,
    /// This device rings.
    Ringing {
        /// For which invitation.
        invite_id: InviteId,
    },
    /// The user takes the call on this device.
    Accept {
        /// Which invitation.
        invite_id: InviteId,
    },
    /// The user does not take the call.
    Reject {
        /// Which invitation.
        invite_id: InviteId,
    },
    /// This device alone stops ringing.
    Silence {
        /// For which invitation.
        invite_id: InviteId,
    },
    /// A member brings more people in.
    Invite {
        /// Whom, with what the table knows of them.
        invitees: Vec<Invitee>,
        /// How long it rings; the meeting's own time if absent.
        ring_seconds: Option<u32>,
        /// What the app passes along.
        ext: Option<Map<String, Value>>,
    },
    /// Invitations are taken back.
    CancelInvite {
        /// Whose; all that are pending if absent.
        invitees: Option<Vec<UserId>>,
    },
    /// This device comes back to its seat.
    Rejoin,
    /// This device says that it is in the media or not any more.
    ReportMedia {
        /// In or out.
        state: MediaReport,
        /// What it sends.
        media: MediaFlags,
        /// Whether that is so: the RTC service says it, or cannot tell.
        verified: bool,
    },
    /// The user needs a fresh token.
    RefreshToken,
    /// The user speaks again after a soft mute.
    UnmuteSelf,
    /// The user hangs up.
    Leave,
    /// A host mutes somebody.
    Mute {
        /// Whom.
        whom: Whom,
        /// How.
        mode: MuteMode,
        /// How long a block lasts.
        for_seconds: Option<u32>,
    },
    /// A host gives the right to speak back.
    AllowSpeech {
        /// Whose.
        whom: Whom,
    },
    /// A direct call of this user to the other side of this one meets it.
    Merge {
        /// Whom the user calls.
        peer: UserId,
        /// What that call does if the other one is busy.
        busy: BusyPolicy,
    },
    /// The user takes back a call that met this one.
    TakeBack,
    /// The user comes in without an invitation, or on another device.
    Join(Joining),
    /// The user raises a hand.
    RaiseHand,
    /// The user lowers the hand.
    LowerHand,
    /// A host lets people in from the lobby.
    Admit {
        /// Whom; all that wait if absent.
        users: Option<Vec<UserId>>,
    },
    /// A host turns people away from the lobby.
    Deny {
        /// Whom; all that wait if absent.
        users: Option<Vec<UserId>>,
    },
    /// The host makes somebody else host.
    TransferHost {
        /// Whom.
        user: UserId,
    },
    /// The host makes somebody a cohost or takes that back.
    SetRole {
        /// Whom.
        user: UserId,
        /// What they are from now on.
        role: Role,
    },
    /// A host changes lock, rules, title or end.
    UpdateMeeting(Update),
    /// A host puts somebody out.
    Remove {
        /// Whom.
        user: UserId,
        /// Whether they may not come back.
        ban: bool,
        /// How long a ban lasts.
        for_seconds: Option<u32>,
    },
    /// The host ends it for all.
    Destroy,
}

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

/// What a command that is done has to say to its sender, if anything.
pub(super) type Outcome = Result<Option<Body<Grant>>, Refusal>;

impl Change {
    fn apply(&mut self, command: &Command) -> Outcome {
        if let Some((reason, _, _)) = self.meeting.end() {
            return match command.action {
                Action::Destroy if self.has_part(&command.by) => Ok(self.meeting.ended_body()),
                Action::TakeBack if self.has_part(&command.by) => Ok(Some(taken_back())),
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
            Ok(body) => {
                let now_ms = self.now.ms;
                let decision = self.commit(cause);
                let answer = body.map(|body| {
                    Tell::answer(&command.by, cause, refreshed(body, decision.next.as_ref(), now_ms))
                });
                Decision { answer, ..decision }
            }
            Err(refusal) => {
                let code = refusal.code;
                let closing = self.late_answer(&command.by, &command.action, code, cause);
                // What the command did not cause, time did.
                let deadline = self.deadline_cause();
                let mut decision = self.commit(&deadline);
                decision.tells.extend(closing);
                let answer = Some(Tell::answer(&command.by, cause, refusal.into_body()));
                Decision { answer, refused: Some(code), ..decision }
            }
        }
    }

    /// What no terminal asked for.
    pub(super) fn decision_of_time(self) -> Decision {
        let cause = self.deadline_cause();
        self.commit(&cause)
    }

    /// What is committed if anything changed, with what follows from it; not yet the answer.
    fn commit(self, cause: &Cause) -> Decision {
        if !self.changed {
            return Decision::default();
        }
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

/// An answer that carries the meeting shows it as it was committed.
fn refreshed(body: Body<Grant>, next: Option<&Meeting>, now_ms: i64) -> Body<Grant> {
    match (body, next) {
        (Body::InvitationAccepted { join, .. }, Some(next)) => {
            Body::InvitationAccepted { join, meeting: next.view(now_ms) }
        }
        (Body::Joined { join, .. }, Some(next)) => Body::Joined { join, meeting: next.view(now_ms) },
        (Body::MeetingMerged { join, .. }, Some(next)) => {
            Body::MeetingMerged { join, meeting: next.view(now_ms) }
        }
        (Body::MeetingUpdated { .. }, Some(next)) => Body::MeetingUpdated { meeting: next.view(now_ms) },
        (body, _) => body,
    }
}

impl Decision {
    /// The sender's answer stands for the same news on the same device.
    fn without_echo(&mut self, by: &ClientId) {
        let Some(answer) = self.answer.as_ref().map(|answer| answer.body.clone()) else { return };
        self.tells.retain(|tell| tell.to != *by || !is_same_news(&tell.body, &answer));
    }
}

/// Whether two bodies say the same sort of thing about the same user.
fn is_same_news(a: &Body<Grant>, b: &Body<Grant>) -> bool {
    match (a, b) {
        (Body::ParticipantUpdated { participant: a }, Body::ParticipantUpdated { participant: b }) => {
            a.user_id == b.user_id
        }
        (
            Body::SpeechChanged { user_id: a @ Whom::User(_), .. },
            Body::SpeechChanged { user_id: b @ Whom::User(_), .. },
        ) => a == b,
        _ => a.kind() == b.kind(),
    }
}
