//! The stable codes that clients match on, each with the SIP status a gateway would send (RFC 3261).

use serde::{Deserialize, Serialize};

/// Code of an `error` downlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Not readable, or a field is missing or wrong; `path` names it.
    BadRequest,
    /// `v` is not a version that is spoken here.
    UnsupportedVersion,
    /// The uplink has more than 16 KB.
    TooLarge,
    /// The request was older than its `ttl_ms` when it was read.
    RequestExpired,
    /// The sender is not known.
    Unauthenticated,
    /// Too many requests.
    RateLimited,
    /// A fault of ours.
    Internal,
    /// The table or another part cannot be reached; try again.
    Unavailable,
    /// The RTC service cannot be reached; try again.
    RtcUnavailable,
    /// There is no such meeting.
    MeetingNotFound,
    /// The meeting is over; `reason` says why.
    MeetingEnded,
    /// The sender has no part in this meeting, or may not do this.
    Forbidden,
    /// Only the host may do this.
    NotHost,
    /// The meeting takes nobody in.
    Locked,
    /// The sender is banned from this meeting.
    Banned,
    /// The sender is not in the meeting.
    NotAdmitted,
    /// The host has blocked the sender's speech.
    SpeechBlocked,
    /// Every seat is taken.
    MeetingFull,
    /// The request does not fit the present state.
    StateConflict,
    /// That user has no part in this meeting.
    UserNotFound,
    /// More invitees than a request or the meeting may have.
    TooManyInvitees,
    /// There is no such invitation for the sender.
    InvitationNotFound,
    /// The invitation was answered already.
    AlreadyAnswered,
    /// The invitation was taken back.
    InvitationCancelled,
    /// The invitation's time is over.
    InvitationExpired,
    /// The sender is in another call.
    UserBusy,
}

impl Code {
    /// The SIP status a gateway would send.
    #[must_use]
    pub fn sip(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::UnsupportedVersion => 505,
            Self::TooLarge => 513,
            Self::RequestExpired | Self::InvitationExpired => 408,
            Self::Unauthenticated => 401,
            Self::RateLimited | Self::Unavailable | Self::RtcUnavailable => 503,
            Self::Internal => 500,
            Self::MeetingNotFound | Self::UserNotFound => 404,
            Self::MeetingEnded => 410,
            Self::Forbidden
            | Self::NotHost
            | Self::Locked
            | Self::Banned
            | Self::NotAdmitted
            | Self::SpeechBlocked
            | Self::TooManyInvitees => 403,
            Self::MeetingFull | Self::UserBusy => 486,
            Self::StateConflict => 491,
            Self::InvitationNotFound => 481,
            Self::AlreadyAnswered => 200,
            Self::InvitationCancelled => 487,
        }
    }

    /// Whether the same request may succeed later without any change.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::RtcUnavailable | Self::Internal)
    }
}

/// Why a meeting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A party of a direct call hung up.
    Completed,
    /// The caller gave up before an answer.
    Cancelled,
    /// Everybody who was invited declined.
    AllDeclined,
    /// Nobody answered in time.
    NoAnswer,
    /// No device could be reached.
    Unreachable,
    /// The callee is in another call.
    Busy,
    /// The host ended it for all.
    HostEnded,
    /// The host left and the policy ends the meeting.
    HostLeft,
    /// Nobody was left.
    Empty,
    /// Nobody ever joined.
    Unused,
    /// The meeting's time was over.
    MaxDuration,
    /// It went on in another meeting.
    Merged,
    /// The RTC service failed a party.
    RtcFailed,
    /// A party was lost and did not come back.
    Lost,
    /// The operator ended it.
    Admin,
}

impl EndReason {
    /// The SIP status a gateway would send for this end.
    #[must_use]
    pub fn sip(self) -> u16 {
        match self {
            Self::Completed
            | Self::HostEnded
            | Self::HostLeft
            | Self::Empty
            | Self::MaxDuration
            | Self::Admin => 200,
            Self::Cancelled => 487,
            Self::AllDeclined => 603,
            Self::NoAnswer | Self::Unused => 408,
            Self::Unreachable => 480,
            Self::Busy => 486,
            Self::Merged => 302,
            Self::RtcFailed | Self::Lost => 504,
        }
    }
}
