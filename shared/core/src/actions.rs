//! The list of actions, the things that a terminal may ask of a meeting that exists: each has a variant of [`Action`], an
//! arm in two `match`es, and a file with its transition.

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
use crate::input::{Invitee, Joiner, MediaChange, SettingsChange};
use crate::outgoing::{Outgoing, ReplyResult};
use crate::refusal::Refusal;
use crate::remark::Remark;
use serde_json::{Map, Value};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::{BusyPolicy, Media, RejectReason, Role, UserOrAll};
use switchboard_protocol::requests::{MediaReport, MuteMode};

/// The action that a sender asks for. The transition of each is in the file of its name under `actions/`.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A repeat of the create request that made this meeting.
    CreateAgain,
    /// This device rings.
    Ringing {
        /// The invitation.
        invite_id: InviteId,
    },
    /// The user accepts the invitation on this device.
    Accept {
        /// The invitation.
        invite_id: InviteId,
        /// Media that the device will send first.
        media: Media,
        /// Display name from the user's JWT, which may be newer than the invitation.
        name: Option<String>,
        /// True if the user's call slot names another call: the accept takes the slot from it, and the user leaves it.
        is_in_other_call: bool,
    },
    /// The user rejects the invitation on all devices.
    Reject {
        /// The invitation.
        invite_id: InviteId,
        /// Reason that the user gives.
        reason: RejectReason,
        /// Text of the user.
        text: Option<String>,
    },
    /// This device alone stops ringing.
    Silence {
        /// The invitation.
        invite_id: InviteId,
    },
    /// A member invites more users.
    Invite {
        /// The users, with what the table knows of them.
        invitees: Vec<Invitee>,
        /// Seconds that the invitations ring; the meeting's own setting if absent.
        ring_seconds: Option<u32>,
        /// Opaque object of the app.
        ext: Option<Map<String, Value>>,
    },
    /// The inviter or the host cancels invitations.
    CancelInvite {
        /// Accounts; all with an open invitation if absent.
        invitees: Option<Vec<UserId>>,
    },
    /// A direct call to the other side of this one merges with it.
    Merge {
        /// Account of the callee.
        peer: UserId,
        /// Busy policy of the call that merges.
        busy: BusyPolicy,
        /// Media that the device will send first.
        media: Media,
    },
    /// The sender takes back a call that merged with this one.
    TakeBack {
        /// Reason that the sender gives, told to everybody if the call ends with it.
        text: Option<String>,
    },
    /// The user comes in without an invitation, or on another device.
    Join(Joiner),
    /// This device comes back to its seat.
    Rejoin,
    /// This device reports that it is in the media, or left it.
    ReportMedia {
        /// In or out.
        state: MediaReport,
        /// Media that the device sends.
        media: MediaChange,
        /// True if the RTC service confirms the report, or does not report presence.
        verified: bool,
    },
    /// The sender needs a fresh join token.
    RefreshToken,
    /// The user raises a hand.
    RaiseHand,
    /// The user lowers the hand.
    LowerHand,
    /// The user speaks again after a soft mute.
    UnmuteSelf,
    /// The user hangs up.
    Leave,
    /// A host mutes a user.
    Mute {
        /// The user, or all.
        target: UserOrAll,
        /// Soft or hard.
        mode: MuteMode,
        /// Seconds that a block lasts.
        for_seconds: Option<u32>,
    },
    /// A host gives the right to speak back.
    AllowSpeech {
        /// The user, or all.
        target: UserOrAll,
    },
    /// A host removes or bans a user.
    Remove {
        /// Account.
        user: UserId,
        /// True if the user may not come back.
        ban: bool,
        /// Seconds that a ban lasts.
        for_seconds: Option<u32>,
        /// Reason that the host gives.
        text: Option<String>,
    },
    /// A host admits users from the lobby.
    Admit {
        /// Accounts; all who wait if absent.
        users: Option<Vec<UserId>>,
    },
    /// A host denies users the entry from the lobby.
    Deny {
        /// Accounts; all who wait if absent.
        users: Option<Vec<UserId>>,
        /// True for a ban: they may not knock once more.
        ban: bool,
    },
    /// The host makes another member host.
    TransferHost {
        /// Account.
        user: UserId,
    },
    /// The host makes a participant cohost, or member again.
    SetRole {
        /// Account.
        user: UserId,
        /// The new role.
        role: Role,
    },
    /// A host changes the meeting's settings.
    UpdateMeeting(SettingsChange),
    /// The host ends the meeting for all.
    Destroy {
        /// Reason that the host gives.
        text: Option<String>,
    },
    /// The creator ends the meeting for all, by the id of the create request.
    DestroyCreated {
        /// Reason that the creator gives.
        text: Option<String>,
    },
}

impl Action {
    /// Applies a request of the device `by` that was not applied before.
    ///
    /// Refuses with `meeting_ended` after the end, and with `forbidden` a sender without a part in the meeting.
    pub(crate) fn apply(&self, change: &mut Change, by: &ClientId) -> ReplyResult {
        let has_part = change.participant(by).is_some();
        if let Some(end) = change.meeting.end() {
            return match self {
                Action::Destroy { .. } | Action::DestroyCreated { .. } if has_part => {
                    destroy::answer_again(change)
                }
                Action::TakeBack { text } if has_part => merge::take_back_again(text.as_ref()),
                _ => Err(Refusal::meeting_ended(end.reason)),
            };
        }
        if !has_part && !matches!(self, Action::Join(_)) {
            return Err(Refusal::new(Code::Forbidden, "you have no part in this meeting"));
        }
        match self {
            // The create request itself is always known; another request with its id is not a repeat.
            Action::CreateAgain => Err(Refusal::new(Code::BadRequest, "give each request its own id")),
            Action::Ringing { invite_id } => ringing::apply(change, by, invite_id),
            Action::Accept { invite_id, media, name, is_in_other_call } => {
                accept::apply(change, by, invite_id, *media, name.as_ref(), *is_in_other_call)
            }
            Action::Reject { invite_id, reason, text } => {
                reject::apply(change, by, invite_id, Remark::of_decline(*reason, text.clone()))
            }
            Action::Silence { invite_id } => silence::apply(change, by, invite_id),
            Action::Invite { invitees, ring_seconds, ext } => {
                invite::apply(change, by, invitees, *ring_seconds, ext.as_ref())
            }
            Action::CancelInvite { invitees } => cancel_invite::apply(change, by, invitees.as_deref()),
            Action::Merge { peer, busy, media } => merge::apply(change, by, peer, *busy, *media),
            Action::TakeBack { text } => merge::take_back(change, by, text.as_ref()),
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
            Action::Mute { target, mode, for_seconds } => {
                mute::apply(change, by, target, *mode, *for_seconds)
            }
            Action::AllowSpeech { target } => allow_speech::apply(change, by, target),
            Action::Remove { user, ban, for_seconds, text } => {
                remove::apply(change, by, user, *ban, *for_seconds, Remark::of_host(text.clone()))
            }
            Action::Admit { users } => admit::apply(change, by, users.as_deref()),
            Action::Deny { users, ban } => deny::apply(change, by, users.as_deref(), *ban),
            Action::TransferHost { user } => transfer_host::apply(change, by, user),
            Action::SetRole { user, role } => set_role::apply(change, by, user, *role),
            Action::UpdateMeeting(settings) => update_meeting::apply(change, by, settings),
            Action::Destroy { text } => destroy::apply(change, by, text.as_ref()),
            Action::DestroyCreated { text } => destroy::apply_by_create(change, by, text.as_ref()),
        }
    }

    /// Answers a repeat of the request that made the revision `rev`, from the present state: with a join token only if one is
    /// due now.
    pub(crate) fn answer_again(&self, change: &Change, by: &ClientId, rev: u64) -> ReplyResult {
        if self.is_out_of_sight(change, by) {
            if let Some(end) = change.meeting.end() {
                return Err(Refusal::meeting_ended(end.reason));
            }
            change.require_view(by)?;
        }
        match self {
            Action::CreateAgain => create::answer_again(change, rev),
            Action::Ringing { invite_id } => ringing::answer_again(change, by, invite_id),
            Action::Accept { invite_id, .. } => accept::answer_again(change, by, invite_id),
            Action::Reject { .. } => reject::answer_again(),
            Action::Silence { .. } => silence::answer_again(),
            Action::Invite { invitees, .. } => invite::answer_again(change, invitees),
            Action::CancelInvite { invitees } => {
                cancel_invite::answer_again(change, invitees.as_deref(), rev)
            }
            Action::Merge { .. } => merge::answer_again(change, by),
            Action::TakeBack { text } => merge::take_back_again(text.as_ref()),
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
            Action::Deny { users, .. } => deny::answer_again(change, users.as_deref(), rev),
            Action::TransferHost { .. } => transfer_host::answer_again(change),
            Action::SetRole { user, .. } => set_role::answer_again(change, user),
            Action::UpdateMeeting(_) => update_meeting::answer_again(),
            Action::Destroy { .. } | Action::DestroyCreated { .. } => destroy::answer_again(change),
        }
    }

    /// Returns whether the answer shows a part of the meeting that the sender may not see (any more).
    pub(crate) fn is_out_of_sight(&self, change: &Change, by: &ClientId) -> bool {
        self.shows_meeting() && change.require_view(by).is_err()
    }

    /// Returns whether the answer shows more of the meeting than the request and its outcome for the sender. The other answers
    /// require the seat themselves, or show nothing.
    const fn shows_meeting(&self) -> bool {
        match self {
            Action::Invite { .. }
            | Action::CancelInvite { .. }
            | Action::RaiseHand
            | Action::LowerHand
            | Action::UnmuteSelf
            | Action::Mute { .. }
            | Action::AllowSpeech { .. }
            | Action::Remove { .. }
            | Action::Admit { .. }
            | Action::Deny { .. }
            | Action::TransferHost { .. }
            | Action::SetRole { .. }
            | Action::UpdateMeeting(_) => true,
            Action::CreateAgain
            | Action::Ringing { .. }
            | Action::Accept { .. }
            | Action::Reject { .. }
            | Action::Silence { .. }
            | Action::Merge { .. }
            | Action::TakeBack { .. }
            | Action::Join(_)
            | Action::Rejoin
            | Action::ReportMedia { .. }
            | Action::RefreshToken
            | Action::Leave
            | Action::Destroy { .. }
            | Action::DestroyCreated { .. } => false,
        }
    }

    /// The notice that goes with a refusal, if any.
    pub(crate) fn notice_of_refusal(
        &self,
        change: &Change,
        by: &ClientId,
        code: Code,
        cause: &Cause,
    ) -> Option<Outgoing> {
        match self {
            Action::Accept { invite_id, .. } => accept::notice_of_refusal(change, by, invite_id, code, cause),
            _ => None,
        }
    }
}
