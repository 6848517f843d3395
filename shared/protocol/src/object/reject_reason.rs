//! The reason for which a user declines an invitation.

use serde::{Deserialize, Serialize};

/// Reason for declining an invitation. The inviter and the members of the meeting receive it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The user declined.
    Declined,
    /// The user is busy. The invitation ends with the code `user_busy`.
    Busy,
    /// The device is set to do-not-disturb. The invitation ends with the code `do_not_disturb`.
    DoNotDisturb,
    /// Any other reason.
    Other,
}
