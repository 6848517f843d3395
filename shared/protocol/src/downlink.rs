//! Downlinks: the messages that the service publishes to terminals.

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
    /// Join parameters, in the types that [`join_field`] names. Minted last, so that nothing before it holds a token.
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
    /// Answers `create_meeting`.
    MeetingCreated {
        /// The meeting.
        meeting: MeetingView,
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
    Token {},
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

impl Body {
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
            Self::Token {} => "token",
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
}

/// Presence of the field `join` in a type of downlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinField {
    /// Never there.
    Absent,
    /// There if the receiver has a seat; the text says when.
    Optional(&'static str),
    /// Always there.
    Required,
}

/// Returns whether downlinks of the type `kind` carry `join`.
#[must_use]
pub fn join_field(kind: &str) -> JoinField {
    match kind {
        "meeting_created" => {
            JoinField::Optional("The caller's join parameters; absent when the only invitee is busy.")
        }
        "lobby_result" => {
            JoinField::Optional("The user's join parameters; absent when `admitted` is `false`.")
        }
        "invitation_accepted" | "joined" | "token" | "meeting_merged" => JoinField::Required,
        _ => JoinField::Absent,
    }
}
