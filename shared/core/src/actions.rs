//! The list of actions: the requests that a terminal may make of a meeting that exists. Each action has a
//! variant of [`Action`], an arm in two `match`es, and a file with its transition.

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

/// The action that a sender requests. Each action's transition is in the file of the same name in `actions/`.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A repeat of the create request that made this meeting.
    CreateAgain,
    /// The device reports that it rings.
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
        /// Display name from the user's JWT, which may be newer than the name in the invitation.
        name: Option<String>,
        /// True if the user's call slot names another call: the accept takes the slot, and the user leaves
        /// the other call.
        is_in_other_call: bool,
    },
    /// The user declines the invitation on all devices.
    Reject {
        /// The invitation.
        invite_id: InviteId,
        /// Reason that the user gives.
        reason: RejectReason,
        /// Text of the user.
        text: Option<String>,
    },
    /// Only this device stops ringing.
    Silence {
        /// The invitation.
        invite_id: InviteId,
    },
    /// A member invites more users.
    Invite {
        /// The users, with the table's data about them.
        invitees: Vec<Invitee>,
        /// Seconds that the invitations ring; if absent, the meeting's own setting.
        ring_seconds: Option<u32>,
        /// Object of the app, which the service does not read.
        ext: Option<Map<String, Value>>,
    },
    /// The inviter or the host cancels invitations.
    CancelInvite {
        /// Accounts; if absent, all users with an open invitation.
        invitees: Option<Vec<UserId>>,
    },
    /// The sender calls the other user of this direct call, and the new call merges with this call.
    Merge {
        /// Account of the callee.
        peer: UserId,
        /// Busy policy of the call that merges.
        busy: BusyPolicy,
        /// Media that the device will send first.
        media: Media,
    },
    /// The sender takes back a create request that merged with this call.
    TakeBack {
        /// Reason that the sender gives. All users receive it if the request ends the call.
        text: Option<String>,
    },
    /// The user joins without an invitation, or on another device.
    Join(Joiner),
    /// The device returns to its seat.
    Rejoin,
    /// The device reports that it is in the media, or that it left the media.
    ReportMedia {
        /// In or out.
        state: MediaReport,
        /// Media that the device sends.
        media: MediaChange,
        /// True if the RTC service confirms the report, or if the RTC service does not report presence.
        verified: bool,
    },
    /// The sender requests a fresh join token.
    RefreshToken,
    /// The user raises a hand.
    RaiseHand,
    /// The user lowers the hand.
    LowerHand,
    /// The user unmutes after a soft mute.
    UnmuteSelf,
    /// The user hangs up.
    Leave,
    /// A host mutes a user.
    Mute {
        /// The user, or all users.
        target: UserOrAll,
        /// Soft or hard.
        mode: MuteMode,
        /// Seconds that a block lasts.
        for_seconds: Option<u32>,
    },
    /// A host returns the right to speak.
    AllowSpeech {
        /// The user, or all users.
        target: UserOrAll,
    },
    /// A host removes or bans a user.
    Remove {
        /// Account.
        user: UserId,
        /// True to ban the user, who then cannot come back.
        ban: bool,
        /// Seconds that a ban lasts.
        for_seconds: Option<u32>,
        /// Reason that the host gives.
        text: Option<String>,
    },
    /// A host admits users from the lobby.
    Admit {
        /// Accounts; if absent, all users in the lobby.
        users: Option<Vec<UserId>>,
    },
    /// A host refuses users in the lobby.
    Deny {
        /// Accounts; if absent, all users in the lobby.
        users: Option<Vec<UserId>>,
        /// True to ban the users, who then cannot ask to join again.
        ban: bool,
    },
    /// The host makes another member host.
    TransferHost {
        /// Account.
        user: UserId,
    },
    /// The host makes a participant a cohost, or a member again.
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
    /// The creator names the create request and ends its meeting for all.
    DestroyCreated {
        /// Reason that the creator gives.
        text: Option<String>,
    },
}

impl Action {
    /// Applies a new request of the device `by`.
    ///
    /// Refuses with `meeting_ended` after the end of the meeting, and with `forbidden` if the sender has no
    /// part in the meeting.
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
            return Err(Refusal::new(
                Code::Forbidden,
                "you have no part in this meeting; join it, or ask its host to invite you",
            ));
        }
        match self {
            // A repeat of the create request itself is recognised earlier, so this is another request with
            // the same id.
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
                remove::apply(change, by, user, *ban, *for_seconds, Remark::of_host(by.user(), text.clone()))
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

    /// Answers a repeat of the request that made the revision `rev`. The answer shows the present state, and
    /// has a join token only if the device may have one now.
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

    /// Returns whether the answer shows a part of the meeting that the sender may not see, or may no longer
    /// see.
    pub(crate) fn is_out_of_sight(&self, change: &Change, by: &ClientId) -> bool {
        self.shows_meeting() && change.require_view(by).is_err()
    }

    /// Returns whether the answer shows more of the meeting than the request and its result for the sender.
    /// All other actions require the sender's seat themselves, or their answers show nothing of the meeting.
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

    /// Returns the notice that accompanies a refusal, if the action has one.
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
