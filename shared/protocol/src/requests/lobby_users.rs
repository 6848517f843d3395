//! Users in the lobby, in the form that `admit` and `deny` use.

use super::check;
use crate::address::UserId;
use crate::invalid::Invalid;
use crate::limits::MAX_INVITEES;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The text `"*"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Star {
    /// All users.
    #[serde(rename = "*")]
    Star,
}

/// All users in the lobby, or some of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
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

// Not derived: serde reads an untagged enum from a copy, whose errors do not say which entry of the list is wrong.
impl<'de> Deserialize<'de> for LobbyUsers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UsersVisitor)
    }
}

struct UsersVisitor;

impl<'de> Visitor<'de> for UsersVisitor {
    type Value = LobbyUsers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of user ids, or \"*\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<LobbyUsers, E> {
        if text == "*" {
            Ok(LobbyUsers::All(Star::Star))
        } else {
            Err(E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, users: A) -> Result<LobbyUsers, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(users)).map(LobbyUsers::Users)
    }
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
