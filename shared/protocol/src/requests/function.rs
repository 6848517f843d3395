//! Functions that serve requests.

use std::fmt;

/// A function that serves requests. Its requests have a topic of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// Creates meetings.
    CreateMeeting,
    /// Makes and cancels invitations.
    Invite,
    /// Takes the answers of invitees.
    Answer,
    /// Serves members: joining, media, hands, leaving.
    Attend,
    /// Serves the host and the cohosts.
    Moderate,
    /// Ends meetings.
    Destroy,
    /// Reads the present state and past calls.
    Sync,
    /// Keeps the settings of users: who may call them.
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
