//! Users in the lobby, as `admit` and `deny` name them.

use super::check;
use crate::address::UserId;
use crate::invalid::Invalid;
use crate::limits::MAX_INVITEES;
use serde::{Deserialize, Serialize};

/// `"*"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Star {
    /// All users.
    #[serde(rename = "*")]
    Star,
}

/// Some of the users who wait in the lobby, or all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "give a list of user ids, or \"*\"")]
pub enum LobbyUsers {
    /// All: `"*"`.
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

    /// Checks the number of users and that they are distinct.
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
