//! Functions that serve requests.

use std::fmt;

/// A function that serves requests. Each function has a topic of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// Creates meetings.
    CreateMeeting,
    /// Creates and cancels invitations.
    Invite,
    /// Serves the answers of invitees.
    Answer,
    /// Serves members: join, media, hands, leave.
    Attend,
    /// Serves the host and the cohosts.
    Moderate,
    /// Ends meetings.
    Destroy,
    /// Serves requests for the present state and for past calls.
    Sync,
    /// Serves the settings of users about calls of others.
    Settings,
}

impl Function {
    /// Returns the function's name, which is the last level of its topic.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateMeeting => "create-meeting",
            Self::Invite => "invite",
            Self::Answer => "answer",
            Self::Attend => "attend",
            Self::Moderate => "moderate",
            Self::Destroy => "destroy",
            Self::Sync => "sync",
            Self::Settings => "settings",
        }
    }

    /// Returns `true` if the function's topic is under the bulk parent.
    #[must_use]
    pub const fn is_bulk(self) -> bool {
        matches!(self, Self::Sync)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
