//! The rules of a meeting, each with its default, and changes of them.

use serde::{Deserialize, Serialize};

/// Who gets in without an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// Nobody.
    #[default]
    Invited,
    /// Whoever a host admits.
    Lobby,
    /// Everybody.
    Open,
}

/// Who may invite.
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

/// What happens when the host goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HostLeavePolicy {
    /// Somebody else becomes host.
    #[default]
    Transfer,
    /// The meeting ends unless the host comes back in time.
    GraceEnd,
    /// The meeting ends.
    End,
    /// It goes on without a host.
    Continue,
}

/// What happens to a call for somebody who is in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BusyPolicy {
    /// `user_busy`, no ring.
    #[default]
    Reject,
    /// It rings all the same.
    Ring,
}

/// The rules of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Policy {
    /// Who gets in without an invitation.
    pub join: JoinPolicy,
    /// Who may invite.
    pub invite: InvitePolicy,
    /// What happens when the host goes.
    pub host_leave: HostLeavePolicy,
    /// What happens to a call for somebody busy.
    pub busy: BusyPolicy,
    /// Whether newcomers start muted.
    pub entry_muted: bool,
}

/// Rules that change; what is left out stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PolicyChange {
    /// Who gets in without an invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinPolicy>,
    /// Who may invite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite: Option<InvitePolicy>,
    /// What happens when the host goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_leave: Option<HostLeavePolicy>,
    /// What happens to a call for somebody busy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy: Option<BusyPolicy>,
    /// Whether newcomers start muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_muted: Option<bool>,
}

impl PolicyChange {
    /// The rules after this change of `present`.
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
