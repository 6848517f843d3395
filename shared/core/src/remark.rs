//! The remark of an exit: reason and text of the user who declined, or text of the host who removed the
//! participant.

use switchboard_protocol::address::UserId;
use switchboard_protocol::object::RejectReason;

/// The remark of an exit. Most exits have an empty remark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remark {
    /// Reason that the user gave for declining; `None` for every other exit.
    pub decline: Option<RejectReason>,
    /// Text of the user who declined, or of the host who removed the participant. At most 200 characters.
    pub text: Option<String>,
    /// Account of the member of the host set who removed or banned the participant; `None` stands for the
    /// host.
    pub by: Option<UserId>,
}

impl Remark {
    /// Creates the remark of a user who declines.
    #[must_use]
    pub const fn of_decline(reason: RejectReason, text: Option<String>) -> Self {
        Self { decline: Some(reason), text, by: None }
    }

    /// Creates the remark of `by`, a member of the host set, who removes a participant.
    #[must_use]
    pub const fn of_host(by: UserId, text: Option<String>) -> Self {
        Self { decline: None, text, by: Some(by) }
    }
}
