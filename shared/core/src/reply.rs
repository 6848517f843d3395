//! The answer to the sender of a command.

use crate::grant::Grant;
use crate::meeting::Meeting;
use crate::refusal::Refusal;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Body;

/// Result of an action: the answer, or the refusal.
pub(crate) type ReplyResult = Result<Reply, Refusal>;

/// The answer to a command that was applied.
///
/// Answers that show the meeting are built from the committed meeting, so that they show its revision.
#[derive(Clone)]
pub(crate) enum Reply {
    /// The request is never answered.
    Nothing,
    /// This body.
    Body(Body),
    /// A body that shows the committed meeting, at `now_ms`.
    Meeting(fn(&Meeting, i64) -> Body),
    /// The same, with join parameters if the sender has a seat.
    Seat(fn(&Meeting, i64) -> Body),
}

impl Reply {
    /// The answer `ok`.
    pub(crate) const OK: Self = Self::Body(Body::Ok {});

    /// Builds the body and the grant that goes with it; `None` for a request that is never answered.
    pub(crate) fn build(
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
                let grant = participant.filter(|p| p.is_member()).map(|p| Grant::of(meeting, p));
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
