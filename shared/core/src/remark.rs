//! Words that go with an exit: of the user who declined, or of the host who removed the participant.

use switchboard_protocol::object::RejectReason;

/// Words that go with an exit; all empty for most exits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remark {
    /// Reason that the user gave for declining; `None` for every other exit.
    pub decline: Option<RejectReason>,
    /// Text of the user who declined, or of the host who removed the participant. At most 200 characters.
    pub text: Option<String>,
}

impl Remark {
    /// The words of a user who declines.
    #[must_use]
    pub const fn of_decline(reason: RejectReason, text: Option<String>) -> Self {
        Self { decline: Some(reason), text }
    }

    /// The words of a host who removes a participant.
    #[must_use]
    pub const fn of_host(text: Option<String>) -> Self {
        Self { decline: None, text }
    }
}
