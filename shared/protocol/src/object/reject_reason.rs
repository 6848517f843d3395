//! The reason for which a user declines an invitation.

use serde::{Deserialize, Serialize};

/// Reason for declining an invitation. The inviter and the members get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The user declined.
    Declined,
    /// The user is busy: the invitation ends as `user_busy`.
    Busy,
    /// The device is set to stay silent: the invitation ends with the code `do_not_disturb`.
    DoNotDisturb,
    /// Any other reason.
    Other,
}
