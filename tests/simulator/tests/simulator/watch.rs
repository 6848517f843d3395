//! Watches a run: counts events, and records each violation of a promise.

use crate::dice::mix;
use crate::executor::now_ms;
use crate::invocation::{Invocation, current};
use crate::phone::with;
use crate::rtc::Channel;
use crate::world::{START_MS, world};
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{Meeting, Phase};
use switchboard_protocol::id::MeetingId;
use switchboard_service::fake::StoredMeeting;
use switchboard_service::fake::promises::{changes_more_than_time, has_host, has_one_winner, is_revived};

/// Time in milliseconds from the first copy of a request until its terminal gives up: three copies, 3 s each.
const REQUEST_LIFE_MS: i64 = 9_000;
/// Longest delay of a message that a fault delays, in milliseconds.
const LONGEST_DELAY_MS: i64 = 20_000;

/// Longest time in milliseconds for which a channel may be open without a live meeting, counted from the latest of
/// three times: end of the meeting, opening of the channel, last fault. The sweep runs each minute, takes 10 s at most,
/// and closes a channel that is five minutes old.
const LONGEST_OPEN_MS: i64 = 300_000 + 60_000 + 10_000;
/// The same limit for a channel that was open when its meeting ended. A failed close is repeated after a wait that is
/// at most as long as it has failed, thus at most as long as all faults last. If the nudge was lost, the sweep repeats
/// the close.
const LONGEST_AFTER_END_MS: i64 = 120_000 + 60_000 + 10_000;
/// Longest time in milliseconds for which a device may be in a channel without a live meeting, if there are no faults.
const LONGEST_BILLED_MS: i64 = 2_000;

/// Counts and violations of a run.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    pub violations: Vec<String>,
    pub requests: u64,
    pub answered: u64,
    pub refused: u64,
    /// Number of requests without an answer after all copies.
    pub given_up: u64,
    pub invocations: u64,
    pub commits: u64,
    pub gaps: u64,
    pub dead_letters: u64,
    /// Longest time for which a channel was open without a live meeting, in milliseconds.
    pub longest_open_ms: i64,
    /// Longest time for which a device was in a channel without a live meeting, in milliseconds. RTC services charge
    /// for it.
    pub longest_billed_ms: i64,
    /// The same two times, counted from the end of the faults at the earliest.
    pub longest_open_after_faults_ms: i64,
    pub longest_billed_after_faults_ms: i64,
    /// Devices with a lifecycle event that was lost or not stored. `unseen` has those with a callback that was lost.
    pub unheard: BTreeSet<usize>,
    pub unseen: BTreeSet<usize>,
    /// Number of meetings that only their maximum duration ends: an app restarted and forgot its call, and all events
    /// that would notify the service of the restart were lost.
    pub forgotten: u64,
    applied: BTreeSet<(String, String, MeetingId)>,
    nudges: BTreeMap<u64, u64>,
}

impl Watch {
    /// Records a violation, with the time.
    pub fn violate(&mut self, words: &str) {
        let now_ms = now_ms();
        self.violations.push(format!("at {}.{:03} s: {words}", now_ms / 1_000, now_ms % 1_000));
    }

    /// Returns the name of the next nudge for a meeting.
    pub fn next_nudge(&mut self, meeting: u64) -> u64 {
        let number = self.nudges.entry(meeting).or_default();
        *number += 1;
        mix(&[meeting, *number])
    }

    /// Records that the last device left a channel.
    pub fn emptied(&mut self, channel_id: &str) {
        if let Some(since_ms) = orphan_since_ms(channel_id) {
            self.billed(since_ms);
        }
    }

    /// Records that a channel was closed, and checks the time for which it was open.
    pub fn closed(&mut self, channel_id: &str, channel: &Channel) {
        let Some(since_ms) = orphan_since_ms(channel_id) else { return };
        let is_of_its_end = channel.opened_ms < since_ms && !is_over_at_once(channel_id);
        let limit_ms = if is_of_its_end { LONGEST_AFTER_END_MS } else { LONGEST_OPEN_MS };
        let since_ms = since_ms.max(channel.opened_ms);
        if !channel.members.is_empty() {
            self.billed(since_ms);
        }
        let after_faults_ms = now_ms() - since_ms.max(world().faults.until_ms);
        self.longest_open_ms = self.longest_open_ms.max(now_ms() - since_ms);
        self.longest_open_after_faults_ms = self.longest_open_after_faults_ms.max(after_faults_ms);
        if after_faults_ms > limit_ms {
            self.violate(&format!("{channel_id} was open for {after_faults_ms} ms without a live meeting"));
        }
    }

    fn billed(&mut self, since_ms: i64) {
        let after_faults_ms = now_ms() - since_ms.max(world().faults.until_ms);
        self.longest_billed_ms = self.longest_billed_ms.max(now_ms() - since_ms);
        self.longest_billed_after_faults_ms = self.longest_billed_after_faults_ms.max(after_faults_ms);
        if world().faults.is_empty() && now_ms() - since_ms > LONGEST_BILLED_MS {
            self.violate(&format!(
                "a device was in a channel for {after_faults_ms} ms after the end of its meeting"
            ));
        }
    }
}

/// Returns `true` if the meeting of a channel ended in its first revision, as a call to a busy user does. Such a
/// meeting requires no channel: if an earlier copy of its request opened one, the sweep closes it.
fn is_over_at_once(channel_id: &str) -> bool {
    let world = world();
    let Some(id) = world.service.meeting_of_channel(channel_id) else { return false };
    let table = world.table();
    let end = table.meetings.get(&id).and_then(|stored| stored.meeting.end());
    end.is_some_and(|end| end.rev == 1)
}

/// Returns the time since which the meeting of a channel is over; 0 for an unknown meeting, `None` for a live one.
pub fn orphan_since_ms(channel_id: &str) -> Option<i64> {
    let world = world();
    let id = world.service.meeting_of_channel(channel_id)?;
    let table = world.table();
    match table.meetings.get(&id).map(|stored| stored.meeting.end()) {
        Some(Some(end)) => Some(end.at_ms - START_MS),
        Some(None) => None,
        None => Some(0),
    }
}

fn violate(words: &str) {
    world().trace(|| format!("VIOLATION: {words}"));
    world().watch.borrow_mut().violate(words);
}

/// Checks a commit.
pub fn committed(before: Option<&StoredMeeting>, after: &Meeting) {
    let world = world();
    world.watch.borrow_mut().commits += 1;
    let invocation = current();
    world.trace(|| {
        let by = invocation.as_ref().map_or("", |invocation| invocation.name.as_str());
        let people = after.participants.values().map(|p| format!(" {}={:?}", p.user_id, p.state()));
        let phase = match after.phase {
            Phase::Ended(end) => format!("ended {:?}", end.reason),
            phase => format!("{phase:?}"),
        };
        format!(
            "    commit by {by}: {} rev {} {phase}{}",
            &after.id.as_str()[..6],
            after.rev,
            people.collect::<String>()
        )
    });
    if !has_one_winner(after) {
        violate(&format!("an invitation of {} has two winners", after.id));
    }
    if !has_host(after) {
        violate(&format!("the group {} has members and no host among them", after.id));
    }
    let Some(before) = before else { return };
    if is_revived(&before.meeting, after) {
        violate(&format!("the meeting {} ended and has another end now", after.id));
    }
    let Some(invocation) = invocation else { return };
    let rtc = world.service.rtc_capabilities();
    if let Some((by, request)) = &invocation.request
        && changes_more_than_time(before, after, invocation.now, rtc)
    {
        let key = (by.to_string(), request.clone(), after.id.clone());
        if !world.watch.borrow_mut().applied.insert(key) {
            violate(&format!("{} was applied twice to {}", invocation.name, after.id));
        }
    }
}

/// Checks the result of a function.
pub fn finished<T, E: std::fmt::Debug>(invocation: &Invocation, result: Option<&Result<T, E>>) {
    world().watch.borrow_mut().invocations += 1;
    if let Some(Err(error)) = result
        && !invocation.is_hit.get()
    {
        violate(&format!("{} failed without a fault: {error:?}", invocation.name));
    }
}

/// Checks the result of a function that served a request: without a fault, it answers.
pub fn served<T, E: std::fmt::Debug>(
    invocation: &Invocation,
    is_answered: bool,
    result: Option<&Result<T, E>>,
) {
    finished(invocation, result);
    if !matches!(result, Some(Ok(_))) {
        world().watch.borrow_mut().dead_letters += 1;
    }
    if is_answered && !invocation.is_hit.get() && !invocation.is_answered.get() {
        violate(&format!("{} was served without an answer", invocation.name));
    }
}

/// Checks a request that its terminal gave up. Only a fault or a lost connection is a reason to give up.
pub fn unanswered(phone: usize, kind: &str, request: &str) {
    let world = world();
    world.watch.borrow_mut().given_up += 1;
    let linked_ms = with(phone, |phone| if phone.is_linked { phone.linked_ms } else { now_ms() });
    let sent_ms = now_ms() - REQUEST_LIFE_MS;
    let quiet_ms = if world.faults.is_empty() { 0 } else { world.faults.until_ms + LONGEST_DELAY_MS };
    world.trace(|| format!("{kind} {request} of phone {phone} is given up"));
    if linked_ms < sent_ms && quiet_ms < sent_ms {
        violate(&format!("{kind} {request} of phone {phone} has no answer, without a fault"));
    }
}
