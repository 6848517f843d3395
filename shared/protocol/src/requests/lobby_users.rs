//! Users in the lobby, in the form that `admit` and `deny` use.

use super::check;
use crate::address::UserId;
use crate::invalid::Invalid;
use crate::limits::MAX_INVITEES;
use serde::{Deserialize, Serialize};

/// The text `"*"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Star {
    /// All users.
    #[serde(rename = "*")]
    Star,
}

/// All users in the lobby, or some of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "send a list of user ids, or \"*\"")]
pub enum LobbyUsers {
    /// All users: `"*"`.
    All(Star),
    /// These users, without duplicates.
    Users(
        #[cfg_attr(
            feature = "schema",
            schemars(length(min = 1, max = MAX_INVITEES), extend("uniqueItems" = true))
        )]
        Vec<UserId>,
    ),
}

impl LobbyUsers {
    /// Returns the named users; `None` means all.
    #[must_use]
    pub fn named(self) -> Option<Vec<UserId>> {
        match self {
            Self::All(Star::Star) => None,
            Self::Users(users) => Some(users),
        }
    }

    /// Checks that the list has a valid length and no duplicates.
    ///
    /// # Errors
    /// `bad_request` at `users`, or at the first duplicate.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let Self::Users(users) = self else { return Ok(()) };
        if users.is_empty() || users.len() > MAX_INVITEES {
            return Err(Invalid::new("users", format!("name 1 to {MAX_INVITEES} users, or \"*\"")));
        }
        check::distinct("users", users)
    }
}
