//! Rules of a meeting with their defaults, and changes of rules.

use serde::{Deserialize, Serialize};

/// Access of users without an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// Such users have no access.
    #[default]
    Invited,
    /// A host admits users from the lobby.
    Lobby,
    /// All users join at once.
    Open,
}

/// Users who may invite others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum InvitePolicy {
    /// Host and cohosts.
    #[default]
    Host,
    /// Every member.
    Any,
}

/// Consequence of the host's leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HostLeavePolicy {
    /// Another member becomes host.
    #[default]
    Transfer,
    /// The meeting ends unless the host comes back in time.
    GraceEnd,
    /// The meeting ends.
    End,
    /// The meeting continues without a host.
    Continue,
}

/// Treatment of an invitee who is in another call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BusyPolicy {
    /// The invitation ends with `user_busy` and does not ring.
    #[default]
    Reject,
    /// The invitation rings.
    Ring,
}

/// Rules of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Policy {
    /// Access of users without an invitation.
    pub join: JoinPolicy,
    /// Users who may invite others.
    pub invite: InvitePolicy,
    /// Consequence of the host's leaving.
    pub host_leave: HostLeavePolicy,
    /// Treatment of an invitee who is in another call.
    pub busy: BusyPolicy,
    /// True if newcomers start with a soft mute.
    pub entry_muted: bool,
}

/// A change of rules. A rule that is left out does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PolicyChange {
    /// Access of users without an invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinPolicy>,
    /// Users who may invite others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite: Option<InvitePolicy>,
    /// Consequence of the host's leaving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_leave: Option<HostLeavePolicy>,
    /// Treatment of an invitee who is in another call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy: Option<BusyPolicy>,
    /// True if newcomers start with a soft mute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_muted: Option<bool>,
}

impl PolicyChange {
    /// Returns the rules `present` with this change applied.
    #[must_use]
    pub fn over(self, present: Policy) -> Policy {
        Policy {
            join: self.join.unwrap_or(present.join),
            invite: self.invite.unwrap_or(present.invite),
            host_leave: self.host_leave.unwrap_or(present.host_leave),
            busy: self.busy.unwrap_or(present.busy),
            entry_muted: self.entry_muted.unwrap_or(present.entry_muted),
        }
    }
}
