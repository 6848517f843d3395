//! The users whose calls reach a user.

use serde::{Deserialize, Serialize};

/// Users whose calls reach a user. Blocked users are never among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhoMayCall {
    /// Every user.
    #[default]
    Everyone,
    /// The users of the list `allow`.
    Allowed,
    /// No user.
    Nobody,
}
