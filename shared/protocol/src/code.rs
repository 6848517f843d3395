//! Stable codes, each with the SIP status that a gateway would send (RFC 3261).

use serde::{Deserialize, Serialize};

/// Code of an `error` downlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The uplink is malformed, or a field is missing or wrong; `path` names the field.
    BadRequest,
    /// `v` is an unknown version of the protocol.
    UnsupportedVersion,
    /// The uplink is larger than 16 KB.
    TooLarge,
    /// The request was older than its `ttl_ms` when the function read it.
    RequestExpired,
    /// The function cannot identify the sender.
    Unauthenticated,
    /// The sender sends too many requests.
    RateLimited,
    /// Internal error of the service; it has been reported.
    Internal,
    /// A part of the service is unreachable; retry.
    Unavailable,
    /// The RTC service is unreachable; retry.
    RtcUnavailable,
    /// Unknown meeting.
    MeetingNotFound,
    /// The meeting has ended; `reason` has the cause.
    MeetingEnded,
    /// The sender has no part in this meeting, or no right to make this request.
    Forbidden,
    /// Only the host, or the host and the cohosts, may make this request.
    NotHost,
    /// The meeting is locked and refuses newcomers.
    Locked,
    /// The sender is banned from this meeting.
    Banned,
    /// The sender has no seat in the meeting.
    NotAdmitted,
    /// The host or a cohost took away the sender's right to speak.
    SpeechBlocked,
    /// Every seat is taken.
    MeetingFull,
    /// The state of the meeting does not allow the request.
    StateConflict,
    /// The named user has no part in this meeting.
    UserNotFound,
    /// More invitees than a request or the meeting may have.
    TooManyInvitees,
    /// The sender has no such invitation.
    InvitationNotFound,
    /// The invitation is already answered.
    AlreadyAnswered,
    /// The invitation was cancelled.
    InvitationCancelled,
    /// The invitation has expired.
    InvitationExpired,
    /// The sender is in another call.
    UserBusy,
    /// A list that belongs to the sender, such as the list of blocked users, is full.
    TooMany,
}

impl Code {
    /// Returns the SIP status that a gateway would send.
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
            | Self::TooManyInvitees
            | Self::TooMany => 403,
            Self::MeetingFull | Self::UserBusy => 486,
            Self::StateConflict => 491,
            Self::InvitationNotFound => 481,
            Self::AlreadyAnswered => 200,
            Self::InvitationCancelled => 487,
        }
    }

    /// Returns `true` if the same request may succeed later without a change.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::RtcUnavailable | Self::Internal)
    }
}

/// Reason of a meeting's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A user of a direct call hung up.
    Completed,
    /// The caller cancelled the call before it was answered.
    Cancelled,
    /// All invitees declined.
    AllDeclined,
    /// No invitee answered in time.
    NoAnswer,
    /// No device of the invitees could be reached.
    Unreachable,
    /// The callee is in another call.
    Busy,
    /// The host ended the meeting for all.
    HostEnded,
    /// The host left, and the meeting's rule `host_leave` ends it.
    HostLeft,
    /// All participants left.
    Empty,
    /// No participant ever joined.
    Unused,
    /// The meeting reached its time limit.
    MaxDuration,
    /// The call continued in another meeting.
    Merged,
    /// A user of a direct call did not reach the media.
    RtcFailed,
    /// A user of a direct call lost the media and did not come back in time.
    Lost,
    /// The operator ended the meeting.
    Admin,
}

impl EndReason {
    /// Returns the SIP status that a gateway would send for this reason.
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
