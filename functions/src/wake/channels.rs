//! The comparison of the RTC service's channels with the meetings, once in each sweep. They may differ
//! because a callback was lost, a call that closes a channel failed, or a create request crashed between
//! creating the channel and committing the meeting (T49, T50).

use futures::StreamExt;
use futures::stream;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use switchboard_core::{ChannelPresence, Input, Now, RTC_CLOCK_LEEWAY_MS};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::ParticipantState;
use switchboard_service::error_chain::ErrorChain;
use switchboard_service::ports::{Due, DueRange, Meetings, Ports, Stored};
use switchboard_service::{ServeError, Service};

/// Age in milliseconds from which a channel without a meeting is closed. Before that age, its create request
/// may still be running. The age is measured with two clocks.
const LEAKED_MS: i64 = 180_000 + RTC_CLOCK_LEEWAY_MS;
/// Largest number of meetings, and of channels, that one sweep checks. Later sweeps check the others.
const MAX_CHECKED: usize = 100;
const IN_FLIGHT: usize = 8;

/// Memory of a process about the channels of the RTC service, kept between its sweeps.
#[derive(Debug, Default)]
pub struct ChannelAges {
    /// Times at which this process first saw channels whose age the RTC service does not report, by meeting.
    first_seen: Mutex<BTreeMap<MeetingId, i64>>,
    /// The live meetings that the next sweep compares with the channels. One sweep reads at most
    /// [`MAX_DUE`](switchboard_service::ports::MAX_DUE) of them.
    live: Mutex<Option<DueRange>>,
}

/// The differences that one comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) struct Mismatches {
    /// Channels of this deployment that had no live meeting and were closed.
    pub(super) channels_without_meeting: usize,
    /// Live meetings whose record has members in the media, and whose channel did not exist.
    pub(super) meetings_without_channel: usize,
}

/// Corrects meetings without a channel, and closes channels without a meeting. Returns the number of each.
pub(super) async fn reconcile<P: Ports>(
    live: &[Due],
    ages: &ChannelAges,
    service: &Service<P>,
    now: Now,
) -> Mismatches {
    let Some(channels) = service.open_channels(now).await else { return Mismatches::default() };
    let channels: BTreeMap<MeetingId, Option<i64>> = channels
        .into_iter()
        .filter_map(|channel| Some((service.meeting_of_channel(&channel.id)?, channel.created_ms)))
        .collect();
    let live: BTreeSet<&MeetingId> = live.iter().map(|due| &due.meeting_id).collect();

    let without = checked(live.iter().filter(|id| !channels.contains_key(**id)).copied(), now);
    let meetings_without_channel = stream::iter(without)
        .map(async |id| log_error(id, without_channel(id, service, now).await).unwrap_or(false))
        .buffer_unordered(IN_FLIGHT)
        .filter(|corrected| futures::future::ready(*corrected))
        .count()
        .await;

    let since = ages.since(&channels, now);
    let leaked = checked(leaked(&since, &live, now), now);
    let channels_without_meeting = stream::iter(leaked)
        .map(async |id| log_error(id, close(id, service, now).await).unwrap_or(false))
        .buffer_unordered(IN_FLIGHT)
        .filter(|closed| futures::future::ready(*closed))
        .count()
        .await;
    Mismatches { channels_without_meeting, meetings_without_channel }
}

/// T49: no user of a meeting without a channel is in the media. The function asks the RTC service once more
/// about this meeting, since a user may have joined in the meantime. Returns whether the channel is missing
/// although members were in the media.
async fn without_channel<P: Ports>(
    id: &MeetingId,
    service: &Service<P>,
    now: Now,
) -> Result<bool, ServeError> {
    let Some(Stored::Meeting(loaded)) = service.table.meeting(id).await? else { return Ok(false) };
    if !loaded.meeting.members().any(|p| p.state() == ParticipantState::Joined) {
        return Ok(false);
    }
    let Some(users) = service.in_media(&loaded.meeting, now).await else { return Ok(false) };
    // If there are users, the channel was created after the list of channels was read.
    let is_missing = users.is_empty();
    let seen = Input::Presence(ChannelPresence::Exactly { users, rev: loaded.meeting.rev });
    service.apply(loaded, &seen, now).await?;
    if is_missing {
        tracing::warn!(meeting.id = %id, "channel of the meeting missing; its members have to reach the media again");
    }
    Ok(is_missing)
}

/// T50: closes the channel unless its meeting is live. The function reads the meeting, since the index of
/// deadlines may lag behind.
async fn close<P: Ports>(id: &MeetingId, service: &Service<P>, now: Now) -> Result<bool, ServeError> {
    let is_live = service.table.meeting(id).await?.is_some_and(|stored| stored.is_live());
    if is_live || !service.close_channel(id, now).await {
        return Ok(false);
    }
    tracing::warn!(meeting.id = %id, "channel without a live meeting closed");
    Ok(true)
}

/// Returns the channels without a live meeting that are old enough to be closed.
fn leaked<'a>(
    since: &'a BTreeMap<MeetingId, i64>,
    live: &BTreeSet<&MeetingId>,
    now: Now,
) -> impl Iterator<Item = &'a MeetingId> {
    let old = since.iter().filter(move |(_, since_ms)| *since_ms + LEAKED_MS <= now.ms);
    old.map(|(id, _)| id).filter(|id| !live.contains(id))
}

impl ChannelAges {
    /// Returns the range of live meetings that this sweep reads.
    pub(super) fn next_live(&self) -> DueRange {
        let next = self.live.lock().unwrap_or_else(PoisonError::into_inner).take();
        next.unwrap_or(DueRange::until(i64::MAX))
    }

    /// Keeps the range of the other live meetings for the next sweep; after the last of them, the next sweep
    /// begins anew.
    pub(super) fn remember_live(&self, rest: Option<DueRange>) {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }

    /// Returns the time since which each channel is known to exist.
    fn since(&self, channels: &BTreeMap<MeetingId, Option<i64>>, now: Now) -> BTreeMap<MeetingId, i64> {
        let mut first_seen = self.first_seen.lock().unwrap_or_else(PoisonError::into_inner);
        first_seen.retain(|id, _| channels.contains_key(id));
        let mut since = |(id, created_ms): (&MeetingId, &Option<i64>)| {
            let since_ms = created_ms.unwrap_or_else(|| *first_seen.entry(id.clone()).or_insert(now.ms));
            (id.clone(), since_ms)
        };
        channels.iter().map(&mut since).collect()
    }
}

/// Returns the ids that this sweep checks. If there are too many, the ids change every minute.
fn checked<'a>(ids: impl Iterator<Item = &'a MeetingId>, now: Now) -> Vec<&'a MeetingId> {
    let ids: Vec<&MeetingId> = ids.collect();
    let minute = usize::try_from(now.ms / 60_000).unwrap_or_default();
    let start = if ids.is_empty() { 0 } else { minute.wrapping_mul(MAX_CHECKED) % ids.len() };
    ids.iter().cycle().skip(start).take(ids.len().min(MAX_CHECKED)).copied().collect()
}

fn log_error<T>(id: &MeetingId, result: Result<T, ServeError>) -> Option<T> {
    result
        .inspect_err(|error| {
            tracing::error!(
                meeting.id = %id, error = %ErrorChain(error),
                "channel of the meeting not checked; a later sweep will retry"
            );
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> MeetingId {
        name.parse().expect("an id")
    }

    fn at(ms: i64) -> Now {
        Now { ms }
    }

    #[test]
    fn a_channel_of_unknown_age_is_as_old_as_its_first_sighting() {
        let channels = BTreeMap::from([(id("dated"), Some(5)), (id("undated"), None)]);
        let ages = ChannelAges::default();
        let first = ages.since(&channels, at(1_000));
        assert_eq!((first[&id("dated")], first[&id("undated")]), (5, 1_000));
        assert_eq!(ages.since(&channels, at(301_000))[&id("undated")], 1_000);
        ages.since(&BTreeMap::new(), at(302_000));
        assert_eq!(ages.since(&channels, at(400_000))[&id("undated")], 400_000, "it was gone meanwhile");
    }

    #[test]
    fn t50_a_channel_is_left_over_when_it_is_five_minutes_old_and_no_meeting_is_live() {
        let (live, dead, fresh) = (id("live"), id("dead"), id("fresh"));
        let since = BTreeMap::from([(live.clone(), 0), (dead.clone(), 0), (fresh.clone(), 1)]);
        let leaked = |ms| leaked(&since, &BTreeSet::from([&live]), at(ms)).collect::<Vec<_>>();
        assert!(leaked(LEAKED_MS - 1).is_empty(), "its create request may still be running");
        assert_eq!(leaked(LEAKED_MS), [&dead]);
        assert_eq!(leaked(LEAKED_MS + 1), [&dead, &fresh]);
    }

    #[test]
    fn ids_left_by_one_sweep_are_checked_by_the_next_ones() {
        let ids: Vec<MeetingId> = (0..250).map(|number| id(&format!("m{number}"))).collect();
        let mut seen = BTreeSet::new();
        for minute in 0..3 {
            let checked = checked(ids.iter(), at(minute * 60_000));
            assert_eq!(checked.len(), MAX_CHECKED);
            seen.extend(checked);
        }
        assert_eq!(seen.len(), ids.len());
        assert_eq!(checked([].iter(), at(0)).len(), 0);
        assert_eq!(checked(ids[..3].iter(), at(60_000)).len(), 3);
    }
}
