//! Requests of `moderate`: what the host and the cohosts do to others.

use super::super::envelope::Invalid;
use super::super::object::{PolicyChange, Role, SpeechMode, UserOrAll};
use super::{Fields, check_range, check_text, of_a_meeting, requests};
use crate::address::UserId;
use crate::id::MeetingId;
use crate::limits::{FOR_SECONDS, MAX_INVITEES, MAX_MINUTES};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How somebody is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MuteMode {
    /// The microphone is turned off; its user may turn it on again.
    Soft,
    /// The right to publish audio is taken.
    Hard,
}

/// Mutes one, or everybody but the host and oneself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mute {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whom; `"*"` is everybody who is in.
    pub user_id: UserOrAll,
    /// How.
    pub mode: MuteMode,
    /// 1–86400, only with `hard`: how long; until `allow_speech` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = *FOR_SECONDS.start(), max = *FOR_SECONDS.end())))]
    pub for_seconds: Option<u32>,
}

impl Fields for Mute {
    fn check(&self) -> Result<(), Invalid> {
        if self.mode == MuteMode::Soft && self.for_seconds.is_some() {
            return Err(Invalid::new("for_seconds", "only a hard mute ends by itself"));
        }
        check_range("for_seconds", self.for_seconds, &FOR_SECONDS)
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

/// Gives the right to speak back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AllowSpeech {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whom; `"*"` is everybody who is in.
    pub user_id: UserOrAll,
}

/// Puts somebody out of the meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remove {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whom.
    pub user_id: UserId,
    /// Whether they may not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ban: Option<bool>,
    /// 1–86400, only with `ban`: how long; as long as the meeting if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = *FOR_SECONDS.start(), max = *FOR_SECONDS.end())))]
    pub for_seconds: Option<u32>,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub reason: Option<String>,
}

impl Fields for Remove {
    fn check(&self) -> Result<(), Invalid> {
        if self.for_seconds.is_some() && self.ban != Some(true) {
            return Err(Invalid::new("for_seconds", "only a ban ends by itself"));
        }
        check_range("for_seconds", self.for_seconds, &FOR_SECONDS)?;
        check_text("reason", self.reason.as_deref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

/// `"*"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Star {
    /// Everybody.
    #[serde(rename = "*")]
    Star,
}

/// Some of those who wait in the lobby, or all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "give a list of user ids, or \"*\"")]
pub enum LobbyUsers {
    /// All: `"*"`.
    All(Star),
    /// These, without duplicates.
    Users(Vec<UserId>),
}

impl LobbyUsers {
    /// Who is named; `None` if all are meant.
    #[must_use]
    pub fn named(self) -> Option<Vec<UserId>> {
        match self {
            Self::All(Star::Star) => None,
            Self::Users(users) => Some(users),
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        let Self::Users(users) = self else { return Ok(()) };
        if users.is_empty() || users.len() > MAX_INVITEES {
            return Err(Invalid::new("users", format!("name 1 to {MAX_INVITEES}, or \"*\"")));
        }
        let mut seen = BTreeSet::new();
        match users.iter().position(|user| !seen.insert(user)) {
            Some(at) => Err(Invalid::new(format!("users[{at}]"), "named twice")),
            None => Ok(()),
        }
    }
}

/// Lets people in from the lobby.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Admit {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whom.
    pub users: LobbyUsers,
}

impl Fields for Admit {
    fn check(&self) -> Result<(), Invalid> {
        self.users.check()
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

/// Turns people away from the lobby.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deny {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whom.
    pub users: LobbyUsers,
}

impl Fields for Deny {
    fn check(&self) -> Result<(), Invalid> {
        self.users.check()
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

/// Makes somebody else host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TransferHost {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whom.
    pub user_id: UserId,
}

/// What a host can make somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GivenRole {
    /// Helps the host.
    Cohost,
    /// Takes part.
    Member,
}

impl From<GivenRole> for Role {
    fn from(role: GivenRole) -> Self {
        match role {
            GivenRole::Cohost => Self::Cohost,
            GivenRole::Member => Self::Member,
        }
    }
}

/// Makes somebody a cohost, or takes that back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetRole {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whom.
    pub user_id: UserId,
    /// What they are from now on; the host is made by `transfer_host`.
    pub role: GivenRole,
}

/// Changes lock, rules, title or end; what is left out stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UpdateMeeting {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whether it takes nobody in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// The rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyChange>,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub title: Option<String>,
    /// 1–1440: minutes by which it ends later; it lasts at most 24 hours in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_MINUTES)))]
    pub extend_minutes: Option<u32>,
}

impl Fields for UpdateMeeting {
    fn check(&self) -> Result<(), Invalid> {
        check_text("title", self.title.as_deref())?;
        check_range("extend_minutes", self.extend_minutes, &(1..=MAX_MINUTES))
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

of_a_meeting!(AllowSpeech, TransferHost, SetRole);

requests! {
    /// Requests of `moderate`.
    ModerateRequest on "moderate" {
        /// Mutes one or everybody.
        Mute = "mute",
        /// Gives the right to speak back.
        AllowSpeech = "allow_speech",
        /// Puts somebody out.
        Remove = "remove",
        /// Lets people in from the lobby.
        Admit = "admit",
        /// Turns people away from the lobby.
        Deny = "deny",
        /// Makes somebody else host.
        TransferHost = "transfer_host",
        /// Makes somebody a cohost, or takes that back.
        SetRole = "set_role",
        /// Changes lock, rules, title or end.
        UpdateMeeting = "update_meeting",
    }
}

impl From<MuteMode> for SpeechMode {
    fn from(mode: MuteMode) -> Self {
        match mode {
            MuteMode::Soft => Self::Soft,
            MuteMode::Hard => Self::Hard,
        }
    }
}
