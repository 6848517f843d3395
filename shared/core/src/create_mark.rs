//! The record of a create request that made no meeting of its own: the caller took the request back before it
//! arrived, or the call merged with a call of the same two users.

use crate::actions::Action;
use crate::cause::Cause;
use crate::decide::Command;
use crate::decision::Decision;
use crate::outgoing::Outgoing;
use crate::refusal::Refusal;
use switchboard_protocol::address::UserId;
use switchboard_protocol::code::EndReason;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::MeetingId;

/// The record of a create request that made no meeting. It is stored in the place of the meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateMark {
    /// Id that the meeting would have had, derived from the create request.
    pub meeting_id: MeetingId,
    /// Account of the caller.
    pub caller: UserId,
    /// Time of the mark, in milliseconds since the epoch.
    pub at_ms: i64,
    /// Reason for which the meeting does not exist.
    pub kind: MarkKind,
}

/// Reason for which a create request made no meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkKind {
    /// `destroy_meeting` with its `create_id` arrived before the create request.
    TakenBack,
    /// The call merged with this meeting (T16, T17).
    MergedInto(MeetingId),
}

impl CreateMark {
    /// Revision of every mark. A mark is written once.
    pub const REV: u64 = 1;

    /// Returns the reason of the end that clients see.
    #[must_use]
    pub fn end_reason(&self) -> EndReason {
        match self.kind {
            MarkKind::TakenBack => EndReason::Cancelled,
            MarkKind::MergedInto(_) => EndReason::Merged,
        }
    }

    /// Decides a command on the meeting that was never made. A `destroy_meeting` of the caller is answered by
    /// `meeting_ended`; every other command is refused with the error `meeting_ended`.
    #[must_use]
    pub fn decide(&self, command: &Command) -> Decision {
        let cause = Cause::request(&command.by, &command.request_id);
        let is_callers = command.by.user() == self.caller;
        if let Action::Destroy { text } | Action::TakeBack { text } = &command.action
            && is_callers
        {
            return self.taken_back(command, &cause, text.clone());
        }
        let refusal = Refusal::meeting_ended(self.end_reason());
        let refused = Some(refusal.code);
        let answer = Some(Outgoing::answer(&command.by, &cause, refusal.into_body()));
        Decision { answer, refused, ..Decision::default() }
    }

    /// Returns the answer to the request that takes the create request back.
    fn taken_back(&self, command: &Command, cause: &Cause, text: Option<String>) -> Decision {
        let reason = self.end_reason();
        let body = Body::MeetingEnded { reason, sip: reason.sip(), duration_ms: 0, text };
        Decision { answer: Some(Outgoing::answer(&command.by, cause, body)), ..Decision::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, START_MS, command, create, downlinks, opening};
    use crate::{Action, CreateMark, Decision, MarkKind};
    use switchboard_protocol::code::{Code, EndReason};
    use switchboard_protocol::object::Mode;

    #[test]
    fn a_create_that_was_taken_back_before_it_came_is_cancelled() {
        let opening = opening(create(Mode::Direct, &["bob"]));
        let mark = CreateMark {
            meeting_id: opening.meeting_id.clone(),
            caller: opening.by.user(),
            at_ms: START_MS,
            kind: MarkKind::TakenBack,
        };
        assert_eq!(mark.meeting_id, Call::open(&opening).meeting.id);
        assert_eq!(mark.end_reason(), EndReason::Cancelled);
        let late = mark.decide(&command("alice.phone", "c1", "create", Action::CreateAgain));
        assert_eq!(late.refused, Some(Code::MeetingEnded));
        assert_eq!(downlinks(&late), ["alice.phone= error cancelled"]);
        let repeat = mark.decide(&command("alice.phone", "r1", "r1", Action::Destroy { text: None }));
        assert_eq!(repeat.refused, None);
        assert_eq!(downlinks(&repeat), ["alice.phone= meeting_ended cancelled"]);
        for decision in [late, repeat] {
            let only_answer = Decision {
                answer: decision.answer.clone(),
                refused: decision.refused,
                ..Decision::default()
            };
            assert_eq!(decision, only_answer, "the mark changes nothing and has no other effect");
        }
        let stranger = mark.decide(&command("mallory", "r1", "r1", Action::Destroy { text: None }));
        assert_eq!(
            stranger.refused,
            Some(Code::MeetingEnded),
            "only the caller takes the create request back"
        );
    }
}
