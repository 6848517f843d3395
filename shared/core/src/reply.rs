//! The answer to the sender of a command.

use super::{Grant, Meeting, Refusal};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Body;

/// Result of a command: its answer, or the refusal.
pub(super) type Outcome = Result<Reply, Refusal>;

/// The answer to a command that was applied.
///
/// The answers that show the meeting are built from the committed meeting, so that they show its revision.
#[derive(Clone)]
pub(super) enum Reply {
    /// The request is never answered.
    Nothing,
    /// This body, whatever the commit made.
    Body(Body),
    /// The committed meeting, at `now_ms`.
    Meeting(fn(&Meeting, i64) -> Body),
    /// The committed meeting, at `now_ms`, with join parameters for the sender.
    Seat(fn(&Meeting, i64) -> Body),
}

impl Reply {
    /// Builds the body, and the grant that goes with it; `None` for a request that is never answered.
    pub(super) fn build(
        self,
        meeting: &Meeting,
        by: &ClientId,
        now_ms: i64,
    ) -> Option<(Body, Option<Grant>)> {
        match self {
            Self::Nothing => None,
            Self::Body(body) => Some((body, None)),
            Self::Meeting(build) => Some((build(meeting, now_ms), None)),
            Self::Seat(build) => {
                let participant = meeting.participants.get(&by.user());
                let grant = participant.filter(|p| p.state.is_member()).map(|p| Grant::of(meeting, p));
                Some((build(meeting, now_ms), grant))
            }
        }
    }
}

impl From<Body> for Reply {
    fn from(body: Body) -> Self {
        Self::Body(body)
    }
}

impl From<Option<Body>> for Reply {
    fn from(body: Option<Body>) -> Self {
        body.map_or(Self::Nothing, Self::Body)
    }
}
