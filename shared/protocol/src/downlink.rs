//! What terminals receive. The core fills the bodies with a grant where a join
//! token is due; minting turns it into a [`Join`], so that no other code ever holds a token.

mod parts;

pub use parts::{ClosedReason, MeetingOffer, Offer, RemovedReason};

use crate::address::UserId;
use crate::code::{Code, EndReason};
use crate::id::{DownlinkId, InviteId, MeetingId, RequestId};
use crate::join::Join;
use crate::object::{
    CallView, Caller, InvitationView, LobbyDecision, MeetingView, ParticipantView, Reach, SpeechMode,
    UserOrAll,
};
use serde::{Deserialize, Serialize};

/// Which request a downlink answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Re {
    /// The request with this id.
    Request(RequestId),
    /// A request whose id could not be read: `null`.
    Unreadable(()),
    /// None: absent.
    #[default]
    Nothing,
}

impl Re {
    /// Whether the downlink is no answer.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

/// A message to one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Downlink {
    /// The protocol's version.
    #[cfg_attr(feature = "schema", schemars(extend("const" = super::VERSION)))]
    pub v: u64,
    /// The same for every copy of this message.
    pub id: DownlinkId,
    /// The request that it answers.
    #[serde(default, skip_serializing_if = "Re::is_nothing")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<RequestId>"))]
    pub re: Re,
    /// The meeting that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// The meeting's revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    /// The last revision that members were told, in downlinks to all members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev_rev: Option<u64>,
    /// The service's clock, in milliseconds since the epoch.
    pub server_ms: i64,
    /// Milliseconds from receipt after which it means nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<i64>,
    /// What it says.
    #[serde(flatten)]
    pub body: Body,
}

/// What a downlink says. `J` is the join parameters: [`Join`] on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body<J = Join> {
    /// Answers `create_meeting`.
    MeetingCreated {
        /// The meeting.
        meeting: MeetingView,
        /// The caller's way in; absent when the only invitee is busy.
        #[serde(skip_serializing_if = "Option::is_none")]
        join: Option<J>,
        /// Who was invited.
        invitations: Vec<InvitationView>,
    },
    /// Rings.
    Invitation(Offer),
    /// Tells the inviter how an invitation goes.
    InvitationUpdated {
        /// Who was invited.
        user_id: UserId,
        /// Which invitation.
        invite_id: InviteId,
        /// Where the invitee stands.
        state: super::object::ParticipantState,
        /// How it ended, if it did: `no_answer` (SIP 408), `unreachable` (480), `user_busy` (486), `declined` (603),
        /// `cancelled` (487) or `failed` (504).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// How far it got.
        reach: Reach,
    },
    /// Stops ringing.
    InvitationClosed {
        /// Which invitation.
        invite_id: InviteId,
        /// Why.
        reason: ClosedReason,
    },
    /// Answers `accept`.
    InvitationAccepted {
        /// The way in.
        join: J,
        /// The meeting.
        meeting: MeetingView,
    },
    /// Answers `invite` and `cancel_invite`.
    InvitationResult {
        /// Those who were named.
        invitations: Vec<InvitationView>,
    },
    /// Answers `rejoin`.
    Joined {
        /// The way in.
        join: J,
        /// The meeting.
        meeting: MeetingView,
    },
    /// The meeting itself changed.
    MeetingUpdated {
        /// The meeting as it is now.
        meeting: MeetingView,
    },
    /// Answers `sync`.
    State {
        /// Meetings that the user is in.
        meetings: Vec<MeetingView>,
        /// Invitations that may still be answered.
        invitations: Vec<MeetingOffer>,
        /// Which part this is, from 1, where the state does not fit into one message.
        #[serde(skip_serializing_if = "Option::is_none")]
        page: Option<u32>,
        /// How many parts there are.
        #[serde(skip_serializing_if = "Option::is_none")]
        pages: Option<u32>,
    },
    /// Answers `history`.
    History {
        /// Past calls, newest first.
        calls: Vec<CallView>,
        /// Where the next page begins; absent on the last one.
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    },
    /// Answers a request that needs no words.
    Ok {},
    /// A fresh join token.
    Token {
        /// The way in.
        join: J,
    },
    /// A participant changed.
    ParticipantUpdated {
        /// The participant as it is now.
        participant: ParticipantView,
    },
    /// This user is out, or was moved to another device.
    ParticipantRemoved {
        /// Why.
        reason: RemovedReason,
        /// Milliseconds until a ban ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_in_ms: Option<i64>,
    },
    /// Somebody may speak, is asked to be silent, or may not speak.
    SpeechChanged {
        /// Who; `"*"` is everybody who is in but the host and `by`.
        user_id: UserOrAll,
        /// Whether they may speak.
        mode: SpeechMode,
        /// Milliseconds until a block ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_in_ms: Option<i64>,
        /// Who changed it.
        by: UserId,
        /// Whether the RTC service holds them to it; never for `soft`, which only asks.
        enforced: bool,
    },
    /// Answers a `join` that has to wait for a host.
    LobbyWaiting {},
    /// Somebody waits in the lobby.
    LobbyRequest {
        /// Who.
        user_id: UserId,
        /// The name from the app's JWT.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Whether a host let this user in from the lobby.
    LobbyResult {
        /// Whether.
        admitted: bool,
        /// The way in.
        #[serde(skip_serializing_if = "Option::is_none")]
        join: Option<J>,
        /// The meeting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meeting: Option<MeetingView>,
    },
    /// Answers `admit` and `deny`, and tells the other hosts.
    LobbyUpdated {
        /// What became of each.
        users: Vec<LobbyDecision>,
    },
    /// Somebody else runs the meeting.
    HostChanged {
        /// Who.
        host: UserId,
        /// Who did before.
        previous: UserId,
    },
    /// Hands went up or down.
    HandChanged {
        /// Whose are up, in the order raised.
        hands: Vec<UserId>,
    },
    /// Answers a `create_meeting` that met a call of the same two; tells the other side of it.
    MeetingMerged {
        /// The call in which both are.
        meeting: MeetingView,
        /// The way in.
        join: J,
    },
    /// The meeting ends soon.
    MeetingEnding {
        /// Milliseconds until then.
        in_ms: i64,
        /// Why.
        reason: EndReason,
    },
    /// The meeting is over.
    MeetingEnded {
        /// Why.
        reason: EndReason,
        /// The SIP status a gateway would send.
        sip: u16,
        /// Milliseconds that it was active; 0 if it never was.
        duration_ms: i64,
    },
    /// A call that was not taken.
    MissedCall {
        /// Who called.
        from: Caller,
        /// Why it ended: a participant's state, or the meeting's end.
        reason: String,
        /// When, in milliseconds since the epoch.
        at_ms: i64,
    },
    /// The request is refused.
    Error {
        /// The stable code.
        code: Code,
        /// What to do, for people.
        message: String,
        /// The field at fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// Whether the same request may succeed later.
        retryable: bool,
        /// Milliseconds to wait before that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<i64>,
        /// The SIP status a gateway would send.
        sip: u16,
        /// Why the meeting ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
    },
}

impl<J> Body<J> {
    /// Whether it goes to the bulk topic of its receiver.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        matches!(self, Self::State { .. } | Self::History { .. })
    }

    /// The type on the wire.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MeetingCreated { .. } => "meeting_created",
            Self::Invitation(_) => "invitation",
            Self::InvitationUpdated { .. } => "invitation_updated",
            Self::InvitationClosed { .. } => "invitation_closed",
            Self::InvitationAccepted { .. } => "invitation_accepted",
            Self::InvitationResult { .. } => "invitation_result",
            Self::Joined { .. } => "joined",
            Self::MeetingUpdated { .. } => "meeting_updated",
            Self::State { .. } => "state",
            Self::History { .. } => "history",
            Self::Ok {} => "ok",
            Self::Token { .. } => "token",
            Self::ParticipantUpdated { .. } => "participant_updated",
            Self::ParticipantRemoved { .. } => "participant_removed",
            Self::SpeechChanged { .. } => "speech_changed",
            Self::LobbyWaiting {} => "lobby_waiting",
            Self::LobbyRequest { .. } => "lobby_request",
            Self::LobbyResult { .. } => "lobby_result",
            Self::LobbyUpdated { .. } => "lobby_updated",
            Self::HostChanged { .. } => "host_changed",
            Self::HandChanged { .. } => "hand_changed",
            Self::MeetingMerged { .. } => "meeting_merged",
            Self::MeetingEnding { .. } => "meeting_ending",
            Self::MeetingEnded { .. } => "meeting_ended",
            Self::MissedCall { .. } => "missed_call",
            Self::Error { .. } => "error",
        }
    }

    /// Turns the join parameters into another form, as minting does.
    pub fn try_map_join<K, E>(self, mint: impl FnOnce(J) -> Result<K, E>) -> Result<Body<K>, E> {
        Ok(match self {
            Self::MeetingCreated { meeting, join, invitations } => {
                Body::MeetingCreated { meeting, join: join.map(mint).transpose()?, invitations }
            }
            Self::InvitationAccepted { join, meeting } => {
                Body::InvitationAccepted { join: mint(join)?, meeting }
            }
            Self::Token { join } => Body::Token { join: mint(join)? },
            Self::Invitation(offer) => Body::Invitation(offer),
            Self::InvitationResult { invitations } => Body::InvitationResult { invitations },
            Self::Joined { join, meeting } => Body::Joined { join: mint(join)?, meeting },
            Self::MeetingUpdated { meeting } => Body::MeetingUpdated { meeting },
            Self::State { meetings, invitations, page, pages } => {
                Body::State { meetings, invitations, page, pages }
            }
            Self::InvitationUpdated { user_id, invite_id, state, code, reach } => {
                Body::InvitationUpdated { user_id, invite_id, state, code, reach }
            }
            Self::InvitationClosed { invite_id, reason } => Body::InvitationClosed { invite_id, reason },
            Self::History { calls, cursor } => Body::History { calls, cursor },
            Self::Ok {} => Body::Ok {},
            Self::ParticipantUpdated { participant } => Body::ParticipantUpdated { participant },
            Self::ParticipantRemoved { reason, until_in_ms } => {
                Body::ParticipantRemoved { reason, until_in_ms }
            }
            Self::SpeechChanged { user_id, mode, until_in_ms, by, enforced } => {
                Body::SpeechChanged { user_id, mode, until_in_ms, by, enforced }
            }
            Self::LobbyWaiting {} => Body::LobbyWaiting {},
            Self::LobbyRequest { user_id, name } => Body::LobbyRequest { user_id, name },
            Self::LobbyResult { admitted, join, meeting } => {
                Body::LobbyResult { admitted, join: join.map(mint).transpose()?, meeting }
            }
            Self::LobbyUpdated { users } => Body::LobbyUpdated { users },
            Self::HostChanged { host, previous } => Body::HostChanged { host, previous },
            Self::HandChanged { hands } => Body::HandChanged { hands },
            Self::MeetingMerged { meeting, join } => Body::MeetingMerged { meeting, join: mint(join)? },
            Self::MeetingEnding { in_ms, reason } => Body::MeetingEnding { in_ms, reason },
            Self::MeetingEnded { reason, sip, duration_ms } => {
                Body::MeetingEnded { reason, sip, duration_ms }
            }
            Self::MissedCall { from, reason, at_ms } => Body::MissedCall { from, reason, at_ms },
            Self::Error { code, message, path, retryable, retry_after_ms, sip, reason } => {
                Body::Error { code, message, path, retryable, retry_after_ms, sip, reason }
            }
        })
    }
}
