//! The loop that every change of a meeting goes through: load, decide, commit, then the effects.

use super::{Failure, Outcome};
use crate::aws::Aws;
use crate::cause::Cause;
use crate::config::Config;
use crate::downlink::{About, Outbox, Told};
use crate::id::{IdKey, MeetingId};
use crate::meeting::{Command, Decision, Meeting, Now, Refusal, SlotChange, decide};
use crate::message::code::Code;
use crate::store::{Commit, Loaded, Outcome as Committed, Pending, SlotWrite, Table};
use crate::timer::Timer;
use std::time::Duration;

/// How often a decision is made again because somebody else committed first.
const ATTEMPTS: u32 = 6;
/// Effects that are not reported done by then are done again by `wake`.
const PENDING_MS: i64 = 5_000;

/// Everything a function works with, made once per process.
pub struct Service {
    /// What lasts.
    pub table: Table,
    /// The way out to devices.
    pub outbox: Outbox,
    /// Nudges for deadlines.
    pub timer: Timer,
    /// The secret under which ids are derived.
    pub key: IdKey,
}

/// What a commit needs besides its decision.
pub struct Terms<'a> {
    /// What the decision was made from; `None` for a new meeting.
    pub seen: Option<&'a Loaded>,
    /// What made it.
    pub cause: Cause,
    /// Call slots, with the conditions under which they change.
    pub slots: Vec<SlotWrite>,
    /// Whether nobody would ask again if this process died now: then `wake` repeats the effects.
    pub guarded: bool,
    /// The moment of this invocation.
    pub now: Now,
}

impl Service {
    pub(super) fn new(config: Config, aws: &Aws) -> Self {
        Self {
            table: Table::new(aws.dynamodb(), config.table),
            outbox: Outbox {
                data_plane: aws.data_plane(),
                direct: aws.direct_messages(),
                parents: config.parents,
                key: config.id_key.clone(),
                minter: config.minter,
                channel_prefix: config.channel_prefix,
            },
            timer: Timer { client: aws.sqs(), queue_url: config.wake_queue_url },
            key: config.id_key,
        }
    }

    /// Applies `command` to the meeting `id`: one read, one write, then the effects.
    ///
    /// A lost race decides again on what the winner wrote. Refused with `meeting_not_found` if there is none.
    pub async fn change(&self, id: &MeetingId, command: &Command, now: Now) -> Result<Outcome, Failure> {
        let loaded = self.table.meeting(id).await?;
        let loaded = loaded.ok_or_else(|| Refusal::new(Code::MeetingNotFound, "there is no such meeting"))?;
        self.change_loaded(loaded, command, now).await
    }

    /// The same for a meeting that was read already.
    pub async fn change_loaded(&self, mut loaded: Loaded, command: &Command, now: Now) -> Result<Outcome, Failure> {
        let cause = Cause::Request { client_id: command.by.clone(), request_id: command.request_id.clone() };
        for attempt in 1..=ATTEMPTS {
            let decision = decide(&loaded.meeting, command, now);
            let Some(next) = &decision.next else {
                return Ok(self.perform(Some(&loaded.meeting), decision, false, now).await);
            };
            // An end, and what only time did, would be asked for by nobody again.
            let guarded = next.end().is_some() || decision.refused.is_some();
            let terms = Terms {
                seen: Some(&loaded),
                cause: cause.clone(),
                slots: decision.slots.iter().map(overwriting).collect(),
                guarded,
                now,
            };
            match self.commit(next, terms).await? {
                Committed::Done => return Ok(self.perform(Some(&loaded.meeting), decision, guarded, now).await),
                Committed::Lost(Some(newer)) => loaded = *newer,
                Committed::Lost(None) | Committed::SlotTaken | Committed::Conflict => {
                    back_off(attempt, command).await;
                    let again = self.table.meeting(&loaded.meeting.id).await?;
                    loaded = again.ok_or(Failure::Contended)?;
                }
            }
        }
        Err(Failure::Contended)
    }

    /// Writes one decision.
    pub async fn commit(&self, next: &Meeting, terms: Terms<'_>) -> Result<Committed, Failure> {
        let due_ms = terms.now.ms + PENDING_MS;
        let pending = terms.guarded.then(|| Pending { cause: terms.cause, due_ms });
        let others = terms.seen.into_iter().flat_map(|seen| seen.pending.values());
        let deadlines = others.chain(&pending).map(|pending| pending.due_ms).chain(next.next_deadline_ms(terms.now.rtc_tells));
        let commit = Commit {
            next,
            seen_rev: terms.seen.map_or(0, |seen| seen.meeting.rev),
            slots: terms.slots,
            due_at_ms: deadlines.min(),
            pending,
            parts: Vec::new(),
        };
        Ok(self.table.commit(&commit).await?)
    }

    /// Does what a committed decision wants done.
    ///
    /// A new meeting (`before` is `None`) answers first, since its caller should not wait for phones to confirm;
    /// everywhere else the answer comes last, so that a death before it makes the terminal ask again.
    pub async fn perform(&self, before: Option<&Meeting>, decision: Decision, guarded: bool, now: Now) -> Outcome {
        let Some(after) = decision.next.as_ref().or(before) else { return Outcome::default() };
        let about = About { meeting_id: Some(after.id.clone()), rev: Some(after.rev), now_ms: now.ms };
        let outcome = Outcome {
            meeting_id: Some(after.id.clone()),
            rev: Some(after.rev),
            state: Some(after.phase.name()),
            refused: decision.refused,
            ..Outcome::default()
        };
        let (mut first, mut last) = (decision.tells, Vec::new());
        match decision.answer {
            Some(answer) if before.is_none() => first.insert(0, answer),
            Some(answer) => last.push(answer),
            None => {}
        }
        let timer = self.arm(before, decision.next.as_ref(), guarded, now);
        let (told, ()) = futures::join!(self.outbox.tell_all(first, &about), timer);
        let answered = self.outbox.tell_all(last, &about).await;
        if let Some(next) = &decision.next {
            self.settle(next, guarded, &told).await;
        }
        outcome.told(&told).told(&answered)
    }

    /// Asks to be woken at what comes next, unless that was asked for already.
    async fn arm(&self, before: Option<&Meeting>, next: Option<&Meeting>, guarded: bool, now: Now) {
        let Some(next) = next else { return };
        let deadline = next.next_deadline_ms(now.rtc_tells);
        let due = if guarded { Some(now.ms + PENDING_MS) } else { deadline };
        let known = before.and_then(|before| before.next_deadline_ms(now.rtc_tells));
        if let Some(due) = due.filter(|due| guarded || known != Some(*due)) {
            self.timer.arm(&next.id, due, now.ms).await;
        }
    }

    /// After the fan-out: how far it got, and that nothing is left to do. Losing this write costs a repetition.
    async fn settle(&self, next: &Meeting, guarded: bool, told: &Told) {
        if !guarded && told.reached.is_empty() {
            return;
        }
        if let Err(error) = self.table.settle(&next.id, next.rev, &told.reached).await {
            tracing::warn!(%error, "the effects could not be marked as done; they will be repeated");
        }
    }
}

/// Whoever accepts is in this call from now on, whatever held the slot before.
fn overwriting(change: &SlotChange) -> SlotWrite {
    match change {
        SlotChange::Claim(user) => SlotWrite::Overwrite(user.clone()),
        SlotChange::Free(user) => SlotWrite::Free(user.clone()),
    }
}

/// Waits a little longer each time, and a little differently for each sender, so that two do not meet again.
async fn back_off(attempt: u32, command: &Command) {
    let base_ms = 8_u64 << attempt;
    let seed = command.by.as_str().bytes().chain(command.request_id.as_str().bytes());
    let spread = seed.fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % base_ms;
    tokio::time::sleep(Duration::from_millis(base_ms + spread)).await;
}
