//! The loop of every change of a meeting: load, decide, commit; then the effects.

use crate::effects::PENDING_MS;
use crate::effects::report::InvocationReport;
use crate::error::ServeError;
use crate::ports::{Commit, CommitResult, Loaded, Meetings, Pending, Ports, SlotWrite};
use crate::service::Service;
use std::time::Duration;
use switchboard_core::cause::Cause;
use switchboard_core::{
    Command, Connection, Decision, MediaSeen, Meeting, Now, Refusal, SlotChange, connection, decide,
    media_seen,
};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;

/// Limit of decisions for one change, if another commit comes first each time.
const ATTEMPTS: u32 = 6;

/// The parts of a commit that the decision does not contain.
pub struct CommitTerms<'a> {
    /// Meeting that the decision was made from; `None` for a new meeting.
    pub seen: Option<&'a Loaded>,
    /// Cause of the decision.
    pub cause: Cause,
    /// Record of a create request that was merged into this meeting, written in the same commit.
    pub mark: Option<&'a Meeting>,
    /// Call slots to change, with their conditions.
    pub slots: Vec<SlotWrite>,
    /// Whether `wake` repeats the effects if this process crashes before they are done. Set if no terminal would retry.
    pub guarded: bool,
    /// Time of this invocation.
    pub now: Now,
}

impl<P: Ports> Service<P> {
    /// Reads the meeting `id`. Refused with `meeting_not_found` for an unknown id.
    pub async fn load(&self, id: &MeetingId) -> Result<Loaded, ServeError> {
        self.table.meeting(id).await?.ok_or_else(|| meeting_not_found().into())
    }

    /// Applies `command` to the meeting `id`: one read, one write, then the effects.
    ///
    /// If another commit comes first, decides again on its result. Refused with `meeting_not_found` for an unknown id.
    pub async fn change(
        &self,
        id: &MeetingId,
        command: &Command,
        now: Now,
    ) -> Result<InvocationReport, ServeError> {
        let loaded = self.load(id).await?;
        self.change_loaded(loaded, command, now).await
    }

    /// Applies `command` to a meeting that was read before.
    pub async fn change_loaded(
        &self,
        loaded: Loaded,
        command: &Command,
        now: Now,
    ) -> Result<InvocationReport, ServeError> {
        let cause = Cause::Request { client_id: command.by.clone(), request_id: command.request_id.clone() };
        let decided = |meeting: &Meeting| decide(meeting, command, now);
        self.apply(loaded, Some(&cause), decided, now).await.map(|(report, _)| report)
    }

    /// Applies the connection state of a device to the meeting in which it may have a seat.
    pub async fn apply_connection(
        &self,
        loaded: Loaded,
        device: &ClientId,
        seen: Connection,
        now: Now,
    ) -> Result<(InvocationReport, Loaded), ServeError> {
        self.apply(loaded, None, |meeting| connection(meeting, device, seen, now), now).await
    }

    /// Applies the RTC service's statement about the users in the media.
    pub async fn apply_media_seen(
        &self,
        loaded: Loaded,
        seen: &MediaSeen,
        now: Now,
    ) -> Result<(InvocationReport, Loaded), ServeError> {
        self.apply(loaded, None, |meeting| media_seen(meeting, seen, now), now).await
    }

    /// Decides, commits and runs the effects. Returns the meeting as committed. `cause` is `None` if no terminal asked for
    /// the change.
    pub async fn apply(
        &self,
        mut loaded: Loaded,
        cause: Option<&Cause>,
        decided: impl Fn(&Meeting) -> Decision,
        now: Now,
    ) -> Result<(InvocationReport, Loaded), ServeError> {
        for attempt in 1..=ATTEMPTS {
            let decision = decided(&loaded.meeting);
            let Some(next) = decision.next.clone() else {
                let report = self.run_effects(Some(&loaded.meeting), decision, false, now).await;
                return Ok((report, loaded));
            };
            let deadline = Cause::Deadline { meeting_id: next.id.clone(), rev: next.rev };
            let guarded = self.has_media_acts(&decision) || decision.is_asked_for_by_nobody(cause);
            let terms = CommitTerms {
                seen: Some(&loaded),
                mark: None,
                cause: cause.filter(|cause| next.remembers(cause, next.rev)).cloned().unwrap_or(deadline),
                slots: decision.slots.iter().map(overwrite).collect(),
                guarded,
                now,
            };
            match self.commit(&next, terms).await? {
                CommitResult::Done => {
                    let report = self.run_effects(Some(&loaded.meeting), decision, guarded, now).await;
                    return Ok((report, Loaded { meeting: next, ..loaded }));
                }
                CommitResult::Lost(Some(newer)) => loaded = *newer,
                CommitResult::Lost(None) | CommitResult::SlotTaken | CommitResult::Conflict => {
                    back_off(attempt, next.id.as_str(), cause).await;
                    loaded = self.table.meeting(&next.id).await?.ok_or(ServeError::Contended)?;
                }
            }
        }
        Err(ServeError::Contended)
    }

    /// Writes one decision.
    pub async fn commit(&self, next: &Meeting, terms: CommitTerms<'_>) -> Result<CommitResult, ServeError> {
        let due_ms = terms.now.ms + PENDING_MS;
        let pending = terms.guarded.then_some(Pending { cause: terms.cause, due_ms });
        let others = terms.seen.into_iter().flat_map(|seen| seen.pending.values());
        let deadlines = others
            .chain(&pending)
            .map(|pending| pending.due_ms)
            .chain(next.next_deadline_ms(terms.now.rtc_tells));
        let commit = Commit {
            next,
            seen_rev: terms.seen.map_or(0, |seen| seen.meeting.rev),
            slots: terms.slots,
            due_at_ms: deadlines.min(),
            pending,
            parts: next.new_parts(),
            mark: terms.mark,
        };
        Ok(self.table.commit(&commit).await?)
    }
}

/// Returns the refusal for an unknown meeting id.
#[must_use]
pub fn meeting_not_found() -> Refusal {
    Refusal::new(Code::MeetingNotFound, "unknown meeting; check `meeting_id`")
}

/// A user who accepts is in this call from now on, so the slot is taken from any other meeting.
fn overwrite(change: &SlotChange) -> SlotWrite {
    match change {
        SlotChange::Claim(user) => SlotWrite::Overwrite(user.clone()),
        SlotChange::Free(user) => SlotWrite::Free(user.clone()),
    }
}

/// Waits before the next attempt: longer each time, and for different causes differently long, so that two functions do not
/// conflict again.
pub async fn back_off(attempt: u32, meeting: &str, cause: Option<&Cause>) {
    let base_ms = 8_u64 << attempt;
    let sender = match cause {
        Some(Cause::Request { client_id, .. }) => client_id.as_str(),
        _ => "",
    };
    let seed = meeting.bytes().chain(sender.bytes());
    let spread = seed.fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % base_ms;
    tokio::time::sleep(Duration::from_millis(base_ms + spread)).await;
}
