//! A decision, and how a change becomes one: the state to commit with its new revision, the notices that are read from
//! it, and the answer.

use crate::cause::Cause;
use crate::change::{Change, SlotChange};
use crate::meeting::Meeting;
use crate::notices::notices;
use crate::outgoing::{Outgoing, ReplyResult};
use crate::rtc_actions::{RtcAction, rtc_actions};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::UserOrAll;

/// Result of deciding one input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// The state to commit over the one that was decided from; `None` if nothing changed.
    pub next: Option<Meeting>,
    /// Call slots to change in the same commit.
    pub slots: Vec<SlotChange>,
    /// Calls of the RTC service's management API.
    pub rtc_actions: Vec<RtcAction>,
    /// Notices to devices.
    pub notices: Vec<Outgoing>,
    /// The answer to the sender; `None` for requests that are never answered.
    pub answer: Option<Outgoing>,
    /// The code, where the answer is a refusal.
    pub refused: Option<Code>,
}

impl Change {
    /// The decision on a request of the device `by`, with its answer.
    pub(crate) fn into_answered_decision(self, by: &ClientId, cause: &Cause, reply: ReplyResult) -> Decision {
        match reply {
            Ok(reply) => {
                let now_ms = self.now.ms;
                let answer = |meeting: &Meeting| Outgoing::reply(by, cause, reply, meeting, now_ms);
                if self.is_changed {
                    let decision = self.into_decision(Some(cause));
                    Decision { answer: decision.next.as_ref().and_then(answer), ..decision }
                } else {
                    Decision { answer: answer(&self.meeting), ..Decision::default() }
                }
            }
            Err(refusal) => {
                let code = refusal.code;
                let answer = Some(Outgoing::answer(by, cause, refusal.into_body()));
                Decision { answer, refused: Some(code), ..self.into_decision(None) }
            }
        }
    }

    /// The state to commit, if anything changed, with the effects that follow; not yet the answer. `request` is the request
    /// that was applied.
    pub(crate) fn into_decision(mut self, request: Option<&Cause>) -> Decision {
        if !self.is_changed {
            return Decision::default();
        }
        self.fit_record();
        let cause = Cause::of_revision(request.cloned(), &self.meeting, self.rev);
        let mut meeting = self.meeting;
        meeting.rev = self.rev;
        let notices = notices(&meeting, self.rev, &cause, self.now.ms, self.rtc);
        if notices.iter().any(|notice| notice.prev_rev.is_some()) {
            meeting.notified_rev = self.rev;
        }
        let rtc_actions = rtc_actions(&meeting, self.rev);
        Decision { next: Some(meeting), slots: self.slots, rtc_actions, notices, ..Decision::default() }
    }
}

impl Decision {
    /// Returns whether no client would retry if the effects of this commit were lost: an end, and what a deadline or an event
    /// changed. A request that changed nothing itself is not kept as applied, so its repeat would not repeat the notices
    /// of a deadline either.
    #[must_use]
    pub fn has_no_retrying_client(&self, cause: Option<&Cause>) -> bool {
        let Some(next) = &self.next else { return false };
        let is_requested = cause.is_some_and(|cause| cause.made(next, next.rev));
        next.end().is_some() || (!self.notices.is_empty() && !is_requested)
    }

    /// Drops the notices that repeat the answer to the same device.
    pub(crate) fn drop_echoes(&mut self, by: &ClientId) {
        let Some(answer) = &self.answer else { return };
        self.notices.retain(|notice| notice.to != *by || !is_same_news(&notice.body, &answer.body));
    }
}

/// Returns whether two bodies have the same type and are about the same user.
fn is_same_news(a: &Body, b: &Body) -> bool {
    match (a, b) {
        (Body::ParticipantUpdated { participant: a }, Body::ParticipantUpdated { participant: b }) => {
            a.user_id == b.user_id
        }
        (
            Body::SpeechChanged { user_id: a @ UserOrAll::User(_), .. },
            Body::SpeechChanged { user_id: b @ UserOrAll::User(_), .. },
        ) => a == b,
        _ => a.kind() == b.kind(),
    }
}
