//! The limit of repeats: how often repeats of one request run its effects for others again (decision 41).

use crate::error::ServeError;
use crate::ports::{Loaded, Meetings, Ports};
use crate::service::Service;
use switchboard_core::{Decision, Now};
use switchboard_protocol::downlink::Body;

impl<P: Ports> Service<P> {
    /// Returns `decision` with the effects of the request that its input repeats, or without them beyond the
    /// limit. `counted` has the result of an earlier attempt of this invocation, so that each repeat counts
    /// once.
    ///
    /// A repeat repairs a crash between a commit and its effects, so effects that are known to be pending may
    /// run at any time.
    pub(crate) async fn bound_repeat(
        &self,
        decision: Decision,
        counted: &mut Option<bool>,
        loaded: &Loaded,
        now: Now,
    ) -> Result<Decision, ServeError> {
        let Some(repeated) = &decision.repeated else { return Ok(decision) };
        let is_pending = loaded.pending.contains_key(&repeated.rev);
        let may_run = match *counted {
            Some(may_run) => may_run,
            None if repeated.is_late && !is_pending => false,
            None => self.table.count_retelling(&loaded.meeting.id, repeated.rev, now.ms).await?,
        };
        *counted = Some(may_run);
        Ok(if may_run { decision.tell_again() } else { alone(decision, is_pending) })
    }
}

/// Returns a decision on a repeat without the repeated effects. If these are pending, the RTC service may not
/// have set a right yet, and this repeat does not ask it.
fn alone(mut decision: Decision, is_pending: bool) -> Decision {
    decision.repeated = None;
    let body = decision.answer.as_mut().map(|answer| &mut answer.body);
    if let Some(Body::SpeechChanged { enforced, .. }) = body {
        *enforced &= !is_pending;
    }
    decision
}
