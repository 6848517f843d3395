//! The one entrance to the core, [`decide`], and the dispatch of commands to their transitions: one file per action.
//!
//! The deadlines that are over are applied first, then the input; the commit reads the notices from the state that results.

mod accept;
mod admit;
mod allow_speech;
mod cancel_invite;
pub(crate) mod create;
mod deny;
mod destroy;
mod hand;
mod invite;
mod join;
mod leave;
mod merge;
mod mute;
mod refresh_token;
mod reject;
mod rejoin;
mod remove;
mod report_media;
mod ringing;
mod set_role;
mod silence;
mod transfer_host;
mod unmute_self;
mod update_meeting;

use crate::cause::Cause;
use crate::change::Change;
use crate::deadlines;
use crate::decision::Decision;
use crate::events::{admin, callback, device, presence};
use crate::input::{Action, Command, Input, Now, RtcCapabilities};
use crate::limits::MAX_REQUESTS_PER_DEVICE;
use crate::media_acts::media_acts;
use crate::meeting::{AppliedRequest, Meeting};
use crate::notices::notices;
use crate::outgoing::Outgoing;
use crate::refusal::Refusal;
use crate::reply::ReplyResult;
use crate::stamped::Stamped;
use switchboard_protocol::code::Code;

/// Decides `input` on `meeting`. The deadlines that are over are committed even if a command is refused.
#[must_use]
pub fn decide(meeting: &Meeting, input: &Input, now: Now, rtc: RtcCapabilities) -> Decision {
    match input {
        Input::Command(command) => decide_command(Change::of(meeting, now, rtc), command),
        Input::Deadline => deadlines::applied(meeting, now, rtc),
        Input::Device { client_id, status } => {
            device::apply(Change::of(meeting, now, rtc), client_id, *status)
        }
        Input::Presence(seen) => presence::apply(Change::of(meeting, now, rtc), seen),
        Input::Callback { event, user } => {
            callback::apply(Change::of(meeting, now, rtc), event, user.as_ref())
        }
        Input::AdminEnd => admin::apply(Change::of(meeting, now, rtc)),
    }
}

fn decide_command(mut change: Change, command: &Command) -> Decision {
    change.apply_deadlines();
    let cause = Cause::request(&command.by, &command.request_id);
    match find_applied(&change.meeting, command) {
        Some(known) if known.hash != command.hash => {
            let refusal =
                Refusal::bad_field("id", "this id was used for another request; give each request its own");
            finish(change, command, &cause, Err(refusal))
        }
        Some(known) => {
            let rev = known.rev();
            repeat(change, command, &cause, rev)
        }
        None => {
            let had_deadlines = std::mem::replace(&mut change.is_changed, false);
            let reply = apply(&mut change, command);
            if reply.is_ok() && change.is_changed {
                keep_as_applied(&mut change, command);
            }
            change.is_changed |= had_deadlines;
            finish(change, command, &cause, reply)
        }
    }
}

/// Answers a repeat of the request that made the revision `rev`, and repeats its effects as far as they still hold.
fn repeat(change: Change, command: &Command, cause: &Cause, rev: u64) -> Decision {
    let reply = answer_again(&change, command, rev);
    let notices = notices(&change.meeting, rev, cause, change.now.ms, change.rtc);
    let acts = media_acts(&change.meeting, rev);
    let mut decision = finish(change, command, cause, reply);
    decision.media.extend(acts);
    // Members may have had these notices before, so the last revision that they know is not known: no `prev_rev`.
    decision.notices.extend(notices.into_iter().map(|notice| Outgoing { prev_rev: None, ..notice }));
    decision.drop_echoes(&command.by);
    decision
}

fn find_applied<'a>(meeting: &'a Meeting, command: &Command) -> Option<&'a Stamped<AppliedRequest>> {
    let creation = &meeting.created_by;
    if creation.client_id == command.by && creation.request.id == command.request_id {
        return Some(&creation.request);
    }
    meeting.requests.get(&command.by)?.iter().find(|request| request.id == command.request_id)
}

fn keep_as_applied(change: &mut Change, command: &Command) {
    let requests = change.meeting.requests.entry(command.by.clone()).or_default();
    if requests.len() >= MAX_REQUESTS_PER_DEVICE {
        requests.remove(0);
    }
    let request = AppliedRequest { id: command.request_id.clone(), hash: command.hash.clone() };
    requests.push(Stamped::new(request, change.rev));
}

/// Builds the decision, with the answer to the sender.
fn finish(change: Change, command: &Command, cause: &Cause, reply: ReplyResult) -> Decision {
    let by = &command.by;
    let mut decision = match reply {
        Ok(reply) => {
            let now_ms = change.now.ms;
            let answer = |meeting: &Meeting| Outgoing::reply(by, cause, reply, meeting, now_ms);
            if change.is_changed {
                let decision = change.into_decision(Some(cause));
                Decision { answer: decision.next.as_ref().and_then(answer), ..decision }
            } else {
                Decision { answer: answer(&change.meeting), ..Decision::default() }
            }
        }
        Err(refusal) => {
            let code = refusal.code;
            let notice = notice_of_refusal(&change, command, code, cause);
            let mut decision = change.into_decision(None);
            decision.notices.extend(notice);
            let answer = Some(Outgoing::answer(by, cause, refusal.into_body()));
            Decision { answer, refused: Some(code), ..decision }
        }
    };
    decision.drop_echoes(by);
    decision
}

impl Change {
    /// The state to commit, if anything changed, with the effects that follow; not yet the answer. `request` is the request
    /// that was applied.
    pub(crate) fn into_decision(self, request: Option<&Cause>) -> Decision {
        if !self.is_changed {
            return Decision::default();
        }
        let cause = Cause::of_revision(request.cloned(), &self.meeting, self.rev);
        let mut meeting = self.meeting;
        meeting.rev = self.rev;
        let notices = notices(&meeting, self.rev, &cause, self.now.ms, self.rtc);
        if notices.iter().any(|notice| notice.prev_rev.is_some()) {
            meeting.notified_rev = self.rev;
        }
        let media = media_acts(&meeting, self.rev);
        Decision { next: Some(meeting), slots: self.slots, media, notices, ..Decision::default() }
    }
}

/// Applies a command that was not applied before.
///
/// Refuses with `meeting_ended` after the end, and with `forbidden` a sender without a part in the meeting.
fn apply(change: &mut Change, command: &Command) -> ReplyResult {
    let by = &command.by;
    let has_part = change.participant(by).is_some();
    if let Some(end) = change.meeting.end() {
        return match command.action {
            Action::Destroy if has_part => destroy::answer_again(change),
            Action::TakeBack if has_part => merge::take_back_again(),
            _ => Err(Refusal::meeting_ended(end.reason)),
        };
    }
    if !has_part && !matches!(command.action, Action::Join(_)) {
        return Err(Refusal::new(Code::Forbidden, "you have no part in this meeting"));
    }
    match &command.action {
        // The create request itself is always known; another request with its id is not a repeat.
        Action::CreateAgain => Err(Refusal::new(Code::BadRequest, "give each request its own id")),
        Action::Ringing { invite_id } => ringing::apply(change, by, invite_id),
        Action::Accept { invite_id } => accept::apply(change, by, invite_id),
        Action::Reject { invite_id } => reject::apply(change, by, invite_id),
        Action::Silence { invite_id } => silence::apply(change, by, invite_id),
        Action::Invite { invitees, ring_seconds, ext } => {
            invite::apply(change, by, invitees, *ring_seconds, ext.as_ref())
        }
        Action::CancelInvite { invitees } => cancel_invite::apply(change, by, invitees.as_deref()),
        Action::Merge { peer, busy } => merge::apply(change, by, peer, *busy),
        Action::TakeBack => merge::take_back(change, by),
        Action::Join(joiner) => join::apply(change, by, joiner),
        Action::Rejoin => rejoin::apply(change, by),
        Action::ReportMedia { state, media, verified } => {
            report_media::apply(change, by, *state, *media, *verified)
        }
        Action::RefreshToken => refresh_token::apply(change, by),
        Action::RaiseHand => hand::apply(change, by, true),
        Action::LowerHand => hand::apply(change, by, false),
        Action::UnmuteSelf => unmute_self::apply(change, by),
        Action::Leave => leave::apply(change, by),
        Action::Mute { target, mode, for_seconds } => mute::apply(change, by, target, *mode, *for_seconds),
        Action::AllowSpeech { target } => allow_speech::apply(change, by, target),
        Action::Remove { user, ban, for_seconds } => remove::apply(change, by, user, *ban, *for_seconds),
        Action::Admit { users } => admit::apply(change, by, users.as_deref()),
        Action::Deny { users } => deny::apply(change, by, users.as_deref()),
        Action::TransferHost { user } => transfer_host::apply(change, by, user),
        Action::SetRole { user, role } => set_role::apply(change, by, user, *role),
        Action::UpdateMeeting(settings) => update_meeting::apply(change, by, settings),
        Action::Destroy => destroy::apply(change, by),
    }
}

/// Answers a repeat of the command that made the revision `rev`, from the present state: with a join token only if one is
/// due now.
fn answer_again(change: &Change, command: &Command, rev: u64) -> ReplyResult {
    let by = &command.by;
    match &command.action {
        Action::CreateAgain => create::answer_again(change, rev),
        Action::Ringing { invite_id } => ringing::answer_again(change, by, invite_id),
        Action::Accept { invite_id } => accept::answer_again(change, by, invite_id),
        Action::Reject { .. } => reject::answer_again(),
        Action::Silence { .. } => silence::answer_again(),
        Action::Invite { invitees, .. } => invite::answer_again(change, invitees),
        Action::CancelInvite { invitees } => cancel_invite::answer_again(change, invitees.as_deref(), rev),
        Action::Merge { .. } => merge::answer_again(change, by),
        Action::TakeBack => merge::take_back_again(),
        Action::Join(_) => join::answer_again(change, by),
        Action::Rejoin => rejoin::answer_again(change, by),
        Action::ReportMedia { .. } => report_media::answer_again(),
        Action::RefreshToken => refresh_token::answer_again(change, by),
        Action::RaiseHand | Action::LowerHand => hand::answer_again(change),
        Action::UnmuteSelf => unmute_self::answer_again(change, by),
        Action::Leave => leave::answer_again(),
        Action::Mute { target, mode, for_seconds } => {
            mute::answer_again(change, by, target, *mode, *for_seconds)
        }
        Action::AllowSpeech { target } => allow_speech::answer_again(change, by, target),
        Action::Remove { user, .. } => remove::answer_again(change, user),
        Action::Admit { users } => admit::answer_again(change, users.as_deref(), rev),
        Action::Deny { users } => deny::answer_again(change, users.as_deref(), rev),
        Action::TransferHost { .. } => transfer_host::answer_again(change),
        Action::SetRole { user, .. } => set_role::answer_again(change, user),
        Action::UpdateMeeting(_) => update_meeting::answer_again(),
        Action::Destroy => destroy::answer_again(change),
    }
}

/// The notice that goes with a refusal, if any.
fn notice_of_refusal(change: &Change, command: &Command, code: Code, cause: &Cause) -> Option<Outgoing> {
    match &command.action {
        Action::Accept { invite_id } => {
            accept::notice_of_refusal(change, &command.by, invite_id, code, cause)
        }
        _ => None,
    }
}
