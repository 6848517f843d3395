//! The effects of a commit: RTC calls, downlinks, the next wake, the call history, and the mark that the
//! effects are done.

pub mod downlinks;
mod history;
#[cfg(test)]
mod largest;
pub mod push;
pub mod report;
pub(crate) mod rtc_actions;
pub mod timer;

use crate::error_chain::ErrorChain;
use crate::metrics::{self, Metric};
use crate::ports::{Loaded, Meetings, OutcomeBus, Pending, Ports};
use crate::service::Service;
use downlinks::{DownlinkContext, PublishReport};
use push::{invitations_in_answer, push_wanted};
use report::InvocationReport;
use switchboard_core::{CreateMark, Decision, Meeting, Now, RtcAction};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::Reach;

/// Milliseconds after which `wake` repeats effects that are not reported as done.
pub(crate) const PENDING_MS: i64 = 5_000;

impl<P: Ports> Service<P> {
    /// Runs the effects of a decision, after its commit if there is one.
    ///
    /// For a new meeting (`before` is `None`) the answer is published first, so that the caller does not wait
    /// until phones confirm. Otherwise the answer is published last, so that the terminal retries if the
    /// function crashes before the answer.
    pub async fn run_effects(
        &self,
        before: Option<&Loaded>,
        decision: Decision,
        guarded: bool,
        now: Now,
    ) -> InvocationReport {
        self.run_effects_and_mark(before, decision, guarded, now).await.0
    }

    /// Does the same as [`run_effects`](Self::run_effects), and returns whether the effects are marked as done.
    pub(crate) async fn run_effects_and_mark(
        &self,
        before: Option<&Loaded>,
        mut decision: Decision,
        guarded: bool,
        now: Now,
    ) -> (InvocationReport, bool) {
        let Some(after) = decision.next.take().or_else(|| before.map(|before| before.meeting.clone())) else {
            return (InvocationReport::default(), false);
        };
        let after = &after;
        let committed = before.is_none_or(|before| before.meeting.rev < after.rev);
        let report = InvocationReport::of(after, &decision, committed.then_some(after.rev));
        let report = InvocationReport { refused: decision.refused, ..report };
        if committed {
            count_commit(before, after, &decision);
        }
        let invited = if decision.is_told_again { invitations_in_answer(&decision) } else { Vec::new() };
        let next = Some(after).filter(|_| committed);
        let scheduled = self.schedule_next(before, next, guarded, now);
        let slots_returned = self.return_slots(next, now).await;
        let run = if before.is_none() { EffectRun::AfterCreate } else { EffectRun::AfterDecision };
        // The future is boxed, since it would otherwise be part of every caller's future.
        let (done, ()) =
            futures::join!(Box::pin(self.call_rtc_and_publish(after, decision, run, now)), scheduled);
        metrics::record_time(Metric::ReceivedToLastDownlink);
        let history_written = self.write_call_history(next).await;
        let is_marked = history_written
            && slots_returned
            && done.is_complete()
            && (guarded || done.has_offers)
            && self.mark_effects_done(after, after.rev, &done, now).await;
        // A repeated request rings again, since the first run may have crashed before the offers or before
        // this report.
        let push_wanted = push_wanted(
            after,
            |p, invite| if committed { p.standing.is_from(after.rev) } else { invited.contains(invite) },
            &done.published.reached,
        );
        let report = InvocationReport { push_wanted, ..done.add_to(report) };
        self.put_report(&report, now).await;
        (report, is_marked)
    }

    /// Repeats the effects of an earlier commit that were not reported as done. Returns `false` if they are
    /// still not done.
    pub async fn repeat_effects(&self, loaded: &Loaded, rev: u64, pending: &Pending, now: Now) -> bool {
        let meeting = &loaded.meeting;
        let decision =
            switchboard_core::repeat_effects(meeting, rev, &pending.cause, now, self.rtc_capabilities());
        let report = InvocationReport::of(meeting, &decision, Some(rev));
        let slots_returned = self.return_slots_of(meeting, rev, now).await;
        let done = Box::pin(self.call_rtc_and_publish(meeting, decision, EffectRun::AgainByWake, now)).await;
        if !done.is_complete() {
            tracing::error!(
                meeting.id = %meeting.id, rev, failed = ?done.media_failed,
                "RTC calls for the meeting failed again; `wake` will repeat them, after ten minutes at the latest"
            );
        }
        let marked = self.write_call_history(Some(meeting)).await
            && slots_returned
            && done.is_complete()
            && self.mark_effects_done(meeting, rev, &done, now).await;
        let push_wanted = push_wanted(meeting, |p, _| p.standing.is_from(rev), &done.published.reached);
        self.put_report(&InvocationReport { push_wanted, ..done.add_to(report) }, now).await;
        marked
    }

    /// Publishes the answer of a decision on a create request that made no meeting.
    pub async fn publish_of_mark(&self, mark: &CreateMark, decision: Decision, now: Now) -> InvocationReport {
        let report =
            InvocationReport { refused: decision.refused, ..InvocationReport::of_mark(mark, &decision) };
        let context = DownlinkContext {
            meeting_id: Some(mark.meeting_id.clone()),
            rev: Some(CreateMark::REV),
            now_ms: now.ms,
        };
        let published = self.publisher.publish_all(decision.answer.into_iter().collect(), &context).await;
        let report = report.with_published(&published);
        self.put_report(&report, now).await;
        report
    }

    /// Counts the report, and puts it on the event bus in functions whose results Lambda does not forward.
    async fn put_report(&self, report: &InvocationReport, now: Now) {
        metrics::count_report(report);
        if !self.is_forwarded {
            self.put(report, now).await;
        }
    }

    /// Puts the report about another call than that of the request on the event bus, in functions whose results
    /// Lambda forwards. In all others, the effects of that call's commit have put it there.
    pub(crate) async fn put_report_of_other_call(&self, report: &InvocationReport, now: Now) {
        if self.is_forwarded {
            self.put(report, now).await;
        }
    }

    async fn put(&self, report: &InvocationReport, now: Now) {
        if let Some(bus) = self.outcomes.as_ref().filter(|_| report.is_news()) {
            Box::pin(bus.put(&report.to_value(), now.ms)).await;
        }
    }

    /// Calls the RTC service and publishes the downlinks.
    ///
    /// Rights and removals come first, since downlinks contain whether they are enforced. The channel is
    /// closed at the same time as the downlinks are published, since no downlink depends on it.
    async fn call_rtc_and_publish(
        &self,
        meeting: &Meeting,
        mut decision: Decision,
        run: EffectRun,
        now: Now,
    ) -> EffectsReport {
        let actions = std::mem::take(&mut decision.rtc_actions);
        let mut rtc = self.run_rtc_actions(meeting, &actions, now).await;
        rtc.correct(&mut decision, run == EffectRun::AgainByWake);
        // The channel of a new meeting was created before its commit.
        let has_token =
            decision.answer.iter().chain(&decision.notices).any(|outgoing| outgoing.grant.is_some());
        if has_token && run != EffectRun::AfterCreate {
            self.ensure_channel(meeting, now).await;
        }
        let answer_first = run != EffectRun::AfterDecision;
        let (published, closed) = futures::join!(
            self.publish(meeting, decision, answer_first, now),
            self.close_if_ended(meeting, &actions, now)
        );
        if !closed {
            rtc.failed.push("close");
        }
        EffectsReport { actions, media_failed: rtc.failed, ..published }
    }

    async fn publish(
        &self,
        meeting: &Meeting,
        decision: Decision,
        answer_first: bool,
        now: Now,
    ) -> EffectsReport {
        let context = DownlinkContext::of(meeting, now);
        let (mut first, mut last) = (decision.notices, Vec::new());
        match decision.answer {
            Some(answer) if answer_first => first.insert(0, answer),
            Some(answer) => last.push(answer),
            None => {}
        }
        let has_offers = first.iter().any(|outgoing| outgoing.offered_invitation().is_some());
        let cause = first.first().map(|outgoing| outgoing.cause.clone());
        let published = self.publisher.publish_all(first, &context).await;
        if let Some(cause) = cause.filter(|_| has_offers) {
            let waiting = meeting.queued_notices(&published.best_reach(), &cause);
            self.publisher.publish_all(waiting, &context).await;
        }
        let answer_published = self.publisher.publish_all(last, &context).await;
        EffectsReport { published, answer_published, has_offers, ..EffectsReport::default() }
    }

    /// Marks the effects of revision `rev` as done and stores the reach of the offers. Returns `false` if the
    /// write failed; then `wake` repeats the effects.
    ///
    /// If the meeting has changed in the meantime, two messages may have arrived in the wrong order. An offer
    /// may have reached the broker's queue after the notice that it is closed, so that notice is published
    /// again with another id. A call that takes a right away may have overtaken one that returns it, or the
    /// reverse, so the current right is set again.
    async fn mark_effects_done(&self, meeting: &Meeting, rev: u64, done: &EffectsReport, now: Now) -> bool {
        let stored = match self.table.mark_effects_done(&meeting.id, rev, &done.published.reached).await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::warn!(
                    meeting.id = %meeting.id, rev, error = %ErrorChain(&error),
                    "effects of the commit not marked as done; `wake` will repeat them"
                );
                return false;
            }
        };
        let unconfirmed: Vec<&(InviteId, ClientId)> = done
            .published
            .reached
            .iter()
            .filter(|((invite, _), reach)| {
                **reach != Reach::Delivered && !done.published.withheld.contains(invite)
            })
            .map(|(offer, _)| offer)
            .collect();
        if let Some(stored) = stored.filter(|stored| stored.meeting.rev > meeting.rev) {
            let closings = stored.meeting.repeat_closings(&unconfirmed);
            self.publisher.publish_all(closings, &DownlinkContext::of(&stored.meeting, now)).await;
            let overtaken = stored.meeting.superseded_rights(&done.actions, rev);
            self.run_rtc_actions(&stored.meeting, &overtaken, now).await;
        }
        true
    }
}

/// Counts what a commit changed.
fn count_commit(before: Option<&Loaded>, after: &Meeting, decision: &Decision) {
    Metric::MeetingsCreated.count(usize::from(before.is_none()));
    let is_accepted = matches!(&decision.answer, Some(answer) if answer.body.kind() == "invitation_accepted");
    Metric::InvitationsAccepted.count(usize::from(is_accepted));
    Metric::MeetingsEnded.count(usize::from(after.end().is_some_and(|end| end.rev == after.rev)));
}

/// The occasion for running effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EffectRun {
    /// Directly after the commit of a new meeting.
    AfterCreate,
    /// Directly after any other decision, with or without a commit.
    AfterDecision,
    /// Repeated by `wake`, since the function that committed did not report them as done.
    AgainByWake,
}

/// Result of the effects of one decision.
#[derive(Debug, Default)]
struct EffectsReport {
    /// Result of all downlinks except an answer that is published last.
    published: PublishReport,
    /// Result of the answer, if it is published last.
    answer_published: PublishReport,
    /// `true` if any downlink is an offer.
    has_offers: bool,
    /// Calls to the RTC service that the decision requires.
    actions: Vec<RtcAction>,
    /// Names of calls to the RTC service that failed.
    media_failed: Vec<&'static str>,
}

impl EffectsReport {
    /// Returns whether no effect has to be repeated. Failed downlinks are not repeated, because a `sync` of
    /// the device repairs them.
    fn is_complete(&self) -> bool {
        self.media_failed.is_empty()
    }

    fn add_to(self, report: InvocationReport) -> InvocationReport {
        let report = report.with_published(&self.published).with_published(&self.answer_published);
        InvocationReport { media_failed: self.media_failed, ..report }
    }
}
