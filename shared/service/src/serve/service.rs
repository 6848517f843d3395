//! The loop that every change of a meeting goes through: load, decide, commit; then the effects.

use super::{Failure, Outcome, Rtc};
use crate::aws::Aws;
use crate::bus::Bus;
use crate::config::{Config, environment};
use crate::downlink::Outbox;
use crate::store::{Commit, Loaded, Outcome as Committed, Pending, SlotWrite, Table};
use crate::timer::Timer;
use std::time::Duration;
use switchboard_core::cause::Cause;
use switchboard_core::{
    Command, Connection, Decision, Meeting, Now, Refusal, SlotChange, connection, decide,
};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::id::{IdKey, MeetingId};

/// How often a decision is made again because somebody else committed first.
const ATTEMPTS: u32 = 6;
/// Effects that are not reported done by then are done again by `wake`.
pub(super) const PENDING_MS: i64 = 5_000;

/// Everything a function works with, made once per process.
pub struct Service {
    /// What lasts.
    pub table: Table,
    /// The way out to devices.
    pub outbox: Outbox,
    /// Nudges for deadlines.
    pub timer: Timer,
    /// The management of the RTC service, where it is configured.
    pub rtc: Option<Rtc>,
    /// Where outcomes are told, for functions whose results nobody else tells.
    pub bus: Option<Bus>,
    /// The secret under which ids are derived.
    pub key: IdKey,
}

/// What a commit needs besides its decision.
pub struct Terms<'a> {
    /// What the decision was made from; `None` for a new meeting.
    pub seen: Option<&'a Loaded>,
    /// What made it.
    pub cause: Cause,
    /// The mark of a request that came to nothing of its own, written in the same commit.
    pub mark: Option<&'a Meeting>,
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
            rtc: config.control.map(|control| Rtc::new(control, config.id_key.clone(), instance())),
            bus: config.outcome_bus.map(|name| aws.bus(name)),
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
    pub async fn change_loaded(
        &self,
        loaded: Loaded,
        command: &Command,
        now: Now,
    ) -> Result<Outcome, Failure> {
        let cause = Cause::Request { client_id: command.by.clone(), request_id: command.request_id.clone() };
        let decided = |meeting: &Meeting| decide(meeting, command, now);
        self.apply(loaded, Some(&cause), decided, now).await.map(|(outcome, _)| outcome)
    }

    /// Applies what the broker knows of a device to the meeting in which it may have a seat.
    pub async fn note_connection(
        &self,
        loaded: Loaded,
        device: &ClientId,
        seen: Connection,
        now: Now,
    ) -> Result<(Outcome, Loaded), Failure> {
        self.apply(loaded, None, |meeting| connection(meeting, device, seen, now), now).await
    }

    /// Decides, commits and performs; gives the meeting as it was committed. `cause` is `None` for what no terminal
    /// asked for.
    pub async fn apply(
        &self,
        mut loaded: Loaded,
        cause: Option<&Cause>,
        decided: impl Fn(&Meeting) -> Decision,
        now: Now,
    ) -> Result<(Outcome, Loaded), Failure> {
        for attempt in 1..=ATTEMPTS {
            let decision = decided(&loaded.meeting);
            let Some(next) = decision.next.clone() else {
                let outcome = self.perform(Some(&loaded.meeting), decision, false, now).await;
                return Ok((outcome, loaded));
            };
            let deadline = Cause::Deadline { meeting_id: next.id.clone(), rev: next.rev };
            let guarded = self.has_media_acts(&decision) || decision.is_asked_for_by_nobody(cause);
            let terms = Terms {
                seen: Some(&loaded),
                mark: None,
                cause: cause.filter(|cause| next.remembers(cause, next.rev)).cloned().unwrap_or(deadline),
                slots: decision.slots.iter().map(overwriting).collect(),
                guarded,
                now,
            };
            match self.commit(&next, terms).await? {
                Committed::Done => {
                    let outcome = self.perform(Some(&loaded.meeting), decision, guarded, now).await;
                    return Ok((outcome, Loaded { meeting: next, ..loaded }));
                }
                Committed::Lost(Some(newer)) => loaded = *newer,
                Committed::Lost(None) | Committed::SlotTaken | Committed::Conflict => {
                    back_off(attempt, next.id.as_str(), cause).await;
                    loaded = self.table.meeting(&next.id).await?.ok_or(Failure::Contended)?;
                }
            }
        }
        Err(Failure::Contended)
    }

    /// Writes one decision.
    pub async fn commit(&self, next: &Meeting, terms: Terms<'_>) -> Result<Committed, Failure> {
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

/// What tells this process from others that run at the same moment.
fn instance() -> String {
    environment("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_else(|| std::process::id().to_string())
}

/// Whoever accepts is in this call from now on, whatever held the slot before.
fn overwriting(change: &SlotChange) -> SlotWrite {
    match change {
        SlotChange::Claim(user) => SlotWrite::Overwrite(user.clone()),
        SlotChange::Free(user) => SlotWrite::Free(user.clone()),
    }
}

/// Waits a little longer each time, and a little differently for each cause, so that two do not meet again.
pub async fn back_off(attempt: u32, meeting: &str, cause: Option<&Cause>) {
    let base_ms = 8_u64 << attempt;
    let asked = match cause {
        Some(Cause::Request { client_id, .. }) => client_id.as_str(),
        _ => "",
    };
    let seed = meeting.bytes().chain(asked.bytes());
    let spread = seed.fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % base_ms;
    tokio::time::sleep(Duration::from_millis(base_ms + spread)).await;
}
