//! The transitions of commands: one file per action, with the transition, the answer to a repeat, and the unit tests.

pub(crate) mod accept;
mod admit;
mod allow_speech;
mod cancel_invite;
pub(crate) mod create;
mod deny;
mod destroy;
mod hand;
pub(crate) mod invite;
pub(crate) mod join;
mod leave;
pub(crate) mod merge;
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
use crate::input::{Action, Command};
use crate::outgoing::Outgoing;
use crate::refusal::Refusal;
use crate::reply::ReplyResult;
use switchboard_protocol::code::Code;

/// Applies a command that was not applied before.
///
/// Refuses with `meeting_ended` after the end, and with `forbidden` a sender without a part in the meeting.
pub(crate) fn apply(change: &mut Change, command: &Command) -> ReplyResult {
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
pub(crate) fn answer_again(change: &Change, command: &Command, rev: u64) -> ReplyResult {
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
pub(crate) fn notice_of_refusal(
    change: &Change,
    command: &Command,
    code: Code,
    cause: &Cause,
) -> Option<Outgoing> {
    match &command.action {
        Action::Accept { invite_id } => {
            accept::notice_of_refusal(change, &command.by, invite_id, code, cause)
        }
        _ => None,
    }
}
