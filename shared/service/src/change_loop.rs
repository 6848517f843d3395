//! The loop of every change of a meeting: load, decide, commit, then run the effects.

use crate::clock;
use crate::effects::PENDING_MS;
use crate::effects::report::InvocationReport;
use crate::error::ServeError;
use crate::inviter::Inviter;
use crate::metrics::{self, Metric};
use crate::ports::{
    Commit, CommitResult, Loaded, MAX_PENDING, Meetings, Pending, Ports, RingsWrite, SlotWrite, Stored, Users,
};
use crate::service::Service;
use std::time::Duration;
use switchboard_core::{
    Cause, Command, CreateMark, Decision, Input, Meeting, Now, Refusal, RtcCapabilities, decide,
};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::{InviteId, MeetingId};

/// Largest number of decisions for one change, if another commit comes first every time.
const ATTEMPTS: u32 = 6;

/// The parts of a commit that are not in the decision.
pub struct CommitTerms<'a> {
    /// Meeting from which the decision was made; `None` for a new meeting.
    pub seen: Option<&'a Loaded>,
    /// Cause of the decision.
    pub cause: Cause,
    /// Record of a create request that is merged into this meeting, written in the same commit.
    pub mark: Option<&'a CreateMark>,
    /// Call slots to change, with their conditions.
    pub slots: Vec<SlotWrite>,
    /// The inviter's invitations, including those of this commit.
    pub rings: Option<RingsWrite>,
    /// True if `wake` must repeat the effects after a crash of this process. Needed for effects that no
    /// terminal would retry.
    pub guarded: bool,
    /// Time of this invocation.
    pub now: Now,
}

impl CommitTerms<'_> {
    /// Returns the mark of pending effects for a guarded commit.
    fn pending(&self) -> Option<Pending> {
        let due_ms = self.now.ms + PENDING_MS;
        self.guarded.then(|| Pending { cause: self.cause.clone(), due_ms })
    }
}

/// A decision that is committed if it changes anything, and whose effects have not run yet.
pub(crate) struct Decided {
    /// Meeting from which the decision was made.
    before: Loaded,
    decision: Decision,
    /// Mark of the commit, if `wake` repeats its effects until they are reported as done.
    pending: Option<Pending>,
}

impl<P: Ports> Service<P> {
    /// Reads the meeting `id`. Refuses with `meeting_not_found` for an unknown id, and with `meeting_ended`
    /// for a create request that made no meeting.
    pub async fn load(&self, id: &MeetingId) -> Result<Loaded, ServeError> {
        match self.table.meeting(id).await? {
            Some(Stored::Meeting(loaded)) => Ok(loaded),
            Some(Stored::Mark(mark)) => Err(Refusal::meeting_ended(mark.end_reason()).into()),
            None => Err(Refusal::meeting_not_found().into()),
        }
    }

    /// Applies `command` to the meeting `id`: one read, one write, then the effects.
    ///
    /// If another commit comes first, decides again on its result. Refuses with `meeting_not_found` for an
    /// unknown id.
    pub async fn change(
        &self,
        id: &MeetingId,
        command: Command,
        now: Now,
    ) -> Result<InvocationReport, ServeError> {
        let stored = self.table.meeting(id).await?.ok_or_else(Refusal::meeting_not_found)?;
        self.change_stored(stored, command, now).await
    }

    /// Applies `command` to a record that the caller has read.
    pub async fn change_stored(
        &self,
        stored: Stored,
        command: Command,
        now: Now,
    ) -> Result<InvocationReport, ServeError> {
        match stored {
            Stored::Meeting(loaded) => {
                self.apply(loaded, &Input::Command(command), now).await.map(|(report, _)| report)
            }
            Stored::Mark(mark) => Ok(self.publish_of_mark(&mark, mark.decide(&command), now).await),
        }
    }

    /// Applies `command` of `inviter` to a record that the caller has read, and counts the invitations.
    /// Refuses with `rate_limited` beyond a limit.
    pub async fn change_and_count(
        &self,
        stored: Stored,
        command: Command,
        inviter: Inviter<'_>,
        now: Now,
    ) -> Result<InvocationReport, ServeError> {
        let Stored::Meeting(loaded) = stored else { return self.change_stored(stored, command, now).await };
        let (input, rtc) = (Input::Command(command), self.rtc_capabilities());
        let decided = self.decide_and_commit_counted(loaded, &input, now, rtc, Some(inviter)).await?;
        let (report, _) = self.run_effects_of(decided, now).await;
        Ok(report)
    }

    /// Applies `command` to a record that the caller has read, and leaves the other calls of its sender.
    /// `is_in_other_call` is `false` if the sender's call slot names no other call.
    ///
    /// The command is committed first, so that the user loses no call if the command loses a race. The answer
    /// is published last, so that the terminal retries after a crash of the function in between; the repeat
    /// then leaves the other calls (decision 17).
    pub async fn change_and_leave_others(
        &self,
        stored: Stored,
        command: Command,
        is_in_other_call: bool,
        now: Now,
    ) -> Result<InvocationReport, ServeError> {
        let Stored::Meeting(loaded) = stored else { return self.change_stored(stored, command, now).await };
        let (id, user) = (loaded.meeting.id.clone(), command.by.user());
        let (input, rtc) = (Input::Command(command), self.rtc_capabilities());
        let mut decided = self.decide_and_commit(loaded, &input, now, rtc).await?;
        let is_applied = decided.decision.refused.is_none();
        let is_repeat = decided.decision.next.is_none();
        let left = if is_applied && (is_in_other_call || is_repeat) {
            self.leave_other_calls(&user, &id, now).await
        } else {
            Ok(())
        };
        if left.is_err() {
            decided.decision.answer = None;
        }
        let (report, _) = self.run_effects_of(decided, now).await;
        left.map(|()| report)
    }

    /// Decides on `input`, commits, and runs the effects. Returns the meeting as committed, with the mark of
    /// effects that are not known to be done.
    pub async fn apply(
        &self,
        loaded: Loaded,
        input: &Input,
        now: Now,
    ) -> Result<(InvocationReport, Loaded), ServeError> {
        self.apply_with(loaded, input, now, self.rtc_capabilities()).await
    }

    /// Does the same as [`apply`](Self::apply), with the capabilities `rtc` instead of those that the RTC
    /// service has: an RTC service that does not answer counts as one that reports no presence.
    pub async fn apply_with(
        &self,
        loaded: Loaded,
        input: &Input,
        now: Now,
        rtc: RtcCapabilities,
    ) -> Result<(InvocationReport, Loaded), ServeError> {
        let decided = self.decide_and_commit(loaded, input, now, rtc).await?;
        Ok(self.run_effects_of(decided, now).await)
    }

    /// Decides on `input`, and commits the decision if it changes anything. The caller runs the effects:
    /// [`run_effects_of`](Self::run_effects_of).
    ///
    /// If another commit comes first, decides again on its result. Changes nothing if a call slot does not
    /// name the meeting that the decision requires.
    pub(crate) async fn decide_and_commit(
        &self,
        loaded: Loaded,
        input: &Input,
        now: Now,
        rtc: RtcCapabilities,
    ) -> Result<Decided, ServeError> {
        self.decide_and_commit_counted(loaded, input, now, rtc, None).await
    }

    /// Does the same as [`decide_and_commit`](Self::decide_and_commit), and counts the invitations of
    /// `inviter`. Refuses with `rate_limited` beyond a limit.
    async fn decide_and_commit_counted(
        &self,
        mut loaded: Loaded,
        input: &Input,
        now: Now,
        rtc: RtcCapabilities,
        mut inviter: Option<Inviter<'_>>,
    ) -> Result<Decided, ServeError> {
        let cause = match input {
            Input::Command(command) => Some(Cause::request(&command.by, &command.request_id)),
            _ => None,
        };
        let mut counted = None;
        for attempt in 1..=ATTEMPTS {
            let decision = decide(&loaded.meeting, input, now, rtc);
            // The future is boxed, since it would otherwise be part of every caller's future.
            let decision = match decision.repeated {
                None => decision,
                Some(_) => Box::pin(self.bound_repeat(decision, &mut counted, &loaded, now)).await?,
            };
            let Some(next) = &decision.next else {
                return Ok(Decided { before: loaded, decision, pending: None });
            };
            let rings = match &inviter {
                Some(inviter) => self.count_rings(inviter, &decision, now).await?,
                None => None,
            };
            let guarded = self.has_rtc_actions(&decision)
                || decision.has_no_retrying_client(cause.as_ref())
                || !next.slots_to_return(next.rev).is_empty();
            let terms = CommitTerms {
                seen: Some(&loaded),
                mark: None,
                cause: Cause::of_revision(cause.clone(), next, next.rev),
                slots: decision.slots.iter().map(SlotWrite::from).collect(),
                rings,
                guarded,
                now,
            };
            let pending = terms.pending();
            // Boxed for the same reason.
            match Box::pin(self.commit_decision(next, terms)).await? {
                CommitResult::Done => return Ok(Decided { before: loaded, decision, pending }),
                CommitResult::SlotTaken => {
                    return Ok(Decided { before: loaded, decision: Decision::default(), pending: None });
                }
                CommitResult::Lost(Some(newer)) => {
                    // A meeting never becomes a create mark.
                    loaded = newer.into_meeting().ok_or(ServeError::Contended)?;
                }
                CommitResult::Lost(None) | CommitResult::Conflict => {
                    back_off(attempt, next.id.as_str(), cause.as_ref()).await;
                    loaded = self.load(&next.id).await?;
                    if let Some(inviter) = &mut inviter {
                        inviter.rings = self.table.rings(&inviter.user).await?;
                    }
                }
            }
        }
        Err(ServeError::Contended)
    }

    /// Runs the effects of a decision. Returns the meeting as committed, with the mark of effects that are not known to be done.
    async fn run_effects_of(&self, decided: Decided, now: Now) -> (InvocationReport, Loaded) {
        let Decided { before, decision, pending } = decided;
        let next = decision.next.clone();
        let (report, is_marked) =
            self.run_effects_and_mark(Some(&before), decision, pending.is_some(), now).await;
        let Some(meeting) = next else { return (report, before) };
        let rev = meeting.rev;
        let mut after = Loaded { meeting, ..before };
        after.pending.extend(pending.map(|pending| (rev, pending)));
        after.due_at_ms = after.next_due_ms(self.rtc_capabilities());
        if is_marked {
            after.pending.remove(&rev);
        }
        (report, after)
    }

    /// Commits one decision: the state `next` with its call slots, its deadline for the index and, if the
    /// commit is guarded, the mark that makes `wake` repeat the effects.
    pub async fn commit_decision(
        &self,
        next: &Meeting,
        terms: CommitTerms<'_>,
    ) -> Result<CommitResult, ServeError> {
        let pending = terms.pending();
        let others = terms.seen.into_iter().flat_map(|seen| seen.pending.values());
        let deadlines = others
            .chain(&pending)
            .map(|pending| pending.due_ms)
            .chain(next.next_deadline_ms(self.rtc_capabilities()));
        let commit = Commit {
            next,
            seen_rev: terms.seen.map_or(0, |seen| seen.meeting.rev),
            slots: terms.slots,
            due_at_ms: deadlines.min(),
            pending,
            parts: next.new_parts(),
            gone_parts: next.gone_parts(),
            forgotten: terms.seen.map(|seen| forgotten(&seen.meeting, next)).unwrap_or_default(),
            dropped_pending: terms.seen.map(beyond_bound).unwrap_or_default(),
            mark: terms.mark,
            now_ms: terms.now.ms,
            rings: terms.rings,
        };
        let result = self.table.commit(&commit).await?;
        match &result {
            CommitResult::Done => metrics::record_time(Metric::ReceivedToCommit),
            CommitResult::Lost(_) | CommitResult::Conflict => Metric::CommitConflicts.count(1),
            CommitResult::SlotTaken => {}
        }
        Ok(result)
    }
}

/// Returns the offers whose reach is in `seen` and not needed by `next`.
fn forgotten(seen: &Meeting, next: &Meeting) -> Vec<(InviteId, ClientId)> {
    let offers = seen.reached.iter().filter(|(invite, _)| !next.reached.contains_key(*invite));
    offers
        .flat_map(|(invite, devices)| devices.keys().map(|device| (invite.clone(), device.clone())))
        .collect()
}

/// Returns the oldest pending marks, which are dropped to make room for one more.
fn beyond_bound(seen: &Loaded) -> Vec<u64> {
    let count = (seen.pending.len() + 1).saturating_sub(MAX_PENDING);
    let dropped: Vec<u64> = seen.pending.keys().take(count).copied().collect();
    if !dropped.is_empty() {
        tracing::error!(
            meeting.id = %seen.meeting.id, revs = ?dropped,
            "pending effects of old commits dropped: the meeting has too many; they are not repeated"
        );
    }
    dropped
}

/// Waits before the next attempt. Each wait is longer than the one before, and the waits of different causes
/// differ, so that two functions do not conflict again.
pub async fn back_off(attempt: u32, meeting: &str, cause: Option<&Cause>) {
    let base_ms = 8_u64 << attempt;
    let sender = match cause {
        Some(Cause::Request { client_id, .. }) => client_id.as_str(),
        _ => "",
    };
    let seed = meeting.bytes().chain(sender.bytes());
    let spread = seed.fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % base_ms;
    clock::wait(Duration::from_millis(base_ms + spread)).await;
}
