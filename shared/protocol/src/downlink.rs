//! Downlinks: the messages that the service publishes to terminals.

mod fit;
mod info;
mod parts;
#[cfg(test)]
mod tests;

pub use info::{DOWNLINKS, DownlinkInfo, EXAMPLES, JoinField, Snapshot};
pub use parts::{ClosedReason, MeetingOffer, Offer, RemovedReason};

use crate::address::UserId;
use crate::code::{Code, EndReason};
use crate::id::{DownlinkId, InviteId, MeetingId, RequestId};
use crate::join::Join;
use crate::object::{
    CallView, Caller, InvitationView, LobbyDecision, MeetingView, MissedCallView, NotInvited,
    ParticipantView, Reach, SpeechMode, UserOrAll, WhoMayCall,
};
use serde::{Deserialize, Serialize};

/// Request that a downlink answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Re {
    /// The request with this id.
    Request(RequestId),
    /// A request without a readable id: `null`.
    Unreadable(()),
    /// No request: the field is absent.
    #[default]
    Nothing,
}

impl Re {
    /// Returns `true` if the downlink is not an answer.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

/// A message to one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Downlink {
    /// Version of the protocol.
    #[cfg_attr(feature = "schema", schemars(extend("const" = super::VERSION)))]
    pub v: u64,
    /// Id of the message. Every copy of the message has the same id.
    pub id: DownlinkId,
    /// Id of the request that the downlink answers.
    #[serde(default, skip_serializing_if = "Re::is_nothing")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<RequestId>"))]
    pub re: Re,
    /// Meeting that the downlink is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// Revision of the meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    /// Previous revision of which the members were notified. Present in notices to all members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev_rev: Option<u64>,
    /// Clock of the service, in milliseconds since the epoch.
    pub server_ms: i64,
    /// Milliseconds from receipt after which the downlink is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<i64>,
    /// Join parameters; [`DownlinkInfo::join`] says which types have them. The token is minted last, so that
    /// no other code handles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// Type, and the fields of that type.
    #[serde(flatten)]
    pub body: Body,
}

/// Body of a downlink: its type and the fields of that type, except `join`, which stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    /// Answers `create_meeting`: the meeting exists.
    MeetingCreated {
        /// The meeting.
        meeting: MeetingView,
        /// Invitations of the invitees.
        invitations: Vec<InvitationView>,
    },
    /// Offers a call to one device, which rings.
    Invitation(Offer),
    /// Informs the inviter of the progress of an invitation.
    InvitationUpdated {
        /// Invitee.
        user_id: UserId,
        /// Invitation.
        invite_id: InviteId,
        /// State of the invitee.
        state: super::object::ParticipantState,
        /// End of the invitation, if it ended: `no_answer` (SIP 408), `unreachable` (480), `user_busy` (486), `declined` (603),
        /// `do_not_disturb` (480), `cancelled` (487) or `failed` (504).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Reason for which the invitee declined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<super::object::RejectReason>,
        /// Text of the invitee who declined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Reach of the offer.
        reach: Reach,
    },
    /// Stops the ring of one device.
    InvitationClosed {
        /// Invitation.
        invite_id: InviteId,
        /// Reason of the end.
        reason: ClosedReason,
        /// Reason of the meeting's end, with the reason `meeting_ended`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_reason: Option<EndReason>,
        /// Reason that the host gave for the end of the meeting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Answers `accept`: the device has the user's seat.
    InvitationAccepted {
        /// The meeting.
        meeting: MeetingView,
    },
    /// Answers `invite` and `cancel_invite` with the result for each named user.
    InvitationResult {
        /// Invitations of the named users.
        invitations: Vec<InvitationView>,
        /// Named users without an invitation; absent if every named user has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_invited: Option<Vec<NotInvited>>,
    },
    /// Answers `join` and `rejoin`: the device has the user's seat.
    Joined {
        /// The meeting.
        meeting: MeetingView,
    },
    /// Announces a change of the meeting itself; answers `update_meeting`.
    MeetingUpdated {
        /// The meeting after the change.
        meeting: MeetingView,
    },
    /// Answers `sync` with the present state.
    State {
        /// Live meetings in which the user has a part.
        meetings: Vec<MeetingView>,
        /// Invitations that can be answered now.
        invitations: Vec<MeetingOffer>,
        /// Calls that the user missed since the requested time, newest first; present if requested, on the first page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missed: Option<Vec<MissedCallView>>,
        /// Number of this page, from 1, if the state does not fit into one message.
        #[serde(skip_serializing_if = "Option::is_none")]
        page: Option<u32>,
        /// Number of pages.
        #[serde(skip_serializing_if = "Option::is_none")]
        pages: Option<u32>,
    },
    /// Answers `history` with a page of past calls.
    History {
        /// Past calls, newest first.
        calls: Vec<CallView>,
        /// Beginning of the next page, to be sent as `cursor`; absent on the last page.
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    },
    /// Answers the requests about settings with all settings of the user.
    Settings {
        /// Blocked users, in the order of their ids.
        blocked: Vec<UserId>,
        /// Users whose calls reach the user.
        who: WhoMayCall,
        /// Users who may call while `who` is `allowed`, in the order of their ids.
        allow: Vec<UserId>,
        /// Milliseconds until the user's devices ring for calls again; absent if they ring now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        do_not_disturb_in_ms: Option<i64>,
        /// Number of this page, from 1, if the lists do not fit into one message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page: Option<u32>,
        /// Number of pages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pages: Option<u32>,
    },
    /// Answers a request whose answer has no fields.
    Ok {},
    /// Answers `refresh_token` with a fresh join token.
    Token {},
    /// Announces a change of a participant; answers `remove` and `set_role`.
    ParticipantUpdated {
        /// The participant after the change.
        participant: ParticipantView,
    },
    /// Informs a device that its user was removed, or moved to another device.
    ParticipantRemoved {
        /// Reason of the removal.
        reason: RemovedReason,
        /// Milliseconds until a ban ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_in_ms: Option<i64>,
        /// Reason that the host gave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Announces a change of the right to speak; answers `mute`, `allow_speech` and `unmute_self`.
    SpeechChanged {
        /// User whose right changed; `"*"` means all members except the host and `by`.
        user_id: UserOrAll,
        /// The right to speak after the change.
        mode: SpeechMode,
        /// Milliseconds until a block ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_in_ms: Option<i64>,
        /// User who made the change.
        by: UserId,
        /// True if the RTC service enforces the change. Always `false` for `soft`, which only asks the user
        /// to mute.
        enforced: bool,
    },
    /// Answers a `join` that waits in the lobby for a host.
    LobbyWaiting {},
    /// Informs hosts that a user waits in the lobby.
    LobbyRequest {
        /// User who waits.
        user_id: UserId,
        /// Display name from the app's JWT.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Informs a waiting user of the host's decision.
    LobbyResult {
        /// True if the user is admitted.
        admitted: bool,
        /// The meeting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meeting: Option<MeetingView>,
    },
    /// Answers `admit` and `deny`, and informs the other hosts.
    LobbyUpdated {
        /// Result for each user.
        users: Vec<LobbyDecision>,
    },
    /// Announces a new host; answers `transfer_host`.
    HostChanged {
        /// New host.
        host: UserId,
        /// Host before.
        previous: UserId,
    },
    /// Announces a raised or lowered hand; answers `raise_hand` and `lower_hand`.
    HandChanged {
        /// Users with a raised hand, in the order of raising.
        hands: Vec<UserId>,
    },
    /// Answers a `create_meeting` that was merged with a call of the same two users, and informs the other user.
    MeetingMerged {
        /// The call with both users.
        meeting: MeetingView,
    },
    /// Warns of the end of the meeting.
    MeetingEnding {
        /// Milliseconds until the end.
        in_ms: i64,
        /// Reason of the end.
        reason: EndReason,
    },
    /// Announces the end of the meeting; answers `destroy_meeting`.
    MeetingEnded {
        /// Reason of the end.
        reason: EndReason,
        /// SIP status that a gateway would send.
        sip: u16,
        /// Milliseconds that the meeting was active; 0 if it never was.
        duration_ms: i64,
        /// Reason that the host gave for the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Informs a user of a missed call.
    MissedCall {
        /// User who called.
        from: Caller,
        /// End of the call: the state of the participant, or the end of the meeting.
        reason: String,
        /// Time of the end, in milliseconds since the epoch.
        at_ms: i64,
    },
    /// Refuses a request.
    Error {
        /// Stable code.
        code: Code,
        /// Remedy, as a sentence for people.
        message: String,
        /// Path of the wrong field, such as `invitees[3]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// True if the same request may succeed later without a change.
        retryable: bool,
        /// Milliseconds to wait before the retry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<i64>,
        /// SIP status that a gateway would send.
        sip: u16,
        /// Reason of the meeting's end, with the code `meeting_ended`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
    },
}
