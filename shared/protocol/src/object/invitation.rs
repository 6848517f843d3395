//! Invitations, as their inviter sees them.

use super::{ParticipantState, RejectReason};
use crate::address::UserId;
use crate::code::Code;
use crate::id::InviteId;
use serde::{Deserialize, Serialize};

/// Reach of the offer of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The offer is not sent yet, or the service knows neither that it was delivered nor that a queue keeps
    /// it.
    Unknown,
    /// The offer waits in the broker's queue of a disconnected device, and the queue lasts until the ring
    /// ends.
    Queued,
    /// Sent to a connected device, without confirmation.
    Sent,
    /// A device confirmed the receipt.
    Delivered,
}

/// An invitation, as its inviter sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationView {
    /// Invitee.
    pub user_id: UserId,
    /// Id of the invitation.
    pub invite_id: InviteId,
    /// State of the invitee.
    pub state: ParticipantState,
    /// End of the invitation, if it ended: `no_answer` (SIP 408), `unreachable` (480), `user_busy` (486), `declined` (603),
    /// `do_not_disturb` (480), `cancelled` (487) or `failed` (504).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Reason that the invitee gave for declining.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// Text of the invitee who declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Reach of the offer.
    pub reach: Reach,
}

/// A user whom a request about invitations names and who has no invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotInvited {
    /// User.
    pub user_id: UserId,
    /// State of the user; absent for a user who has no part in the meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ParticipantState>,
    /// Code of the reason for which the request did nothing for this user: `banned` or `user_not_found`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}
