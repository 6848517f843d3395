//! Holding the RTC service's channels against our meetings, once a sweep: callbacks get lost, closes fail, and a
//! create may die between making the channel and committing the meeting (T49, T50).

use futures::StreamExt;
use futures::stream;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use switchboard_core::{MediaSeen, Now};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::ParticipantState;
use switchboard_service::serve::{Failure, Service};
use switchboard_service::store::Due;

/// A channel without a meeting is closed when it is this old: its create may still be on its way.
const LEAKED_MS: i64 = 300_000;
/// Meetings, and channels, that one sweep looks at. Those left over have their turn in the next ones.
const AT_ONCE: usize = 100;
const IN_FLIGHT: usize = 8;

/// When this process first saw a channel whose age the RTC service does not tell.
static FIRST_SEEN: Mutex<BTreeMap<MeetingId, i64>> = Mutex::new(BTreeMap::new());

/// Corrects meetings that have no channel, closes channels that have no meeting, and counts the latter.
pub(crate) async fn reconcile(live: &[Due], service: &Service, now: Now) -> usize {
    let Some(channels) = service.open_channels(now).await else { return 0 };
    let channels: BTreeMap<MeetingId, Option<i64>> = channels
        .into_iter()
        .filter_map(|channel| Some((service.meeting_of_channel(&channel.id)?, channel.created_ms)))
        .collect();
    let live: BTreeSet<&MeetingId> = live.iter().map(|due| &due.meeting_id).collect();

    let roomless = turn(live.iter().filter(|id| !channels.contains_key(**id)).copied(), now);
    stream::iter(roomless)
        .map(async |id| note(id, without_channel(id, service, now).await))
        .buffer_unordered(IN_FLIGHT)
        .count()
        .await;

    let since = since(&channels, now);
    let leaked = turn(leaked(&since, &live, now), now);
    stream::iter(leaked)
        .map(async |id| note(id, close(id, service, now).await).unwrap_or(false))
        .buffer_unordered(IN_FLIGHT)
        .filter(|closed| futures::future::ready(*closed))
        .count()
        .await
}

/// T49: whoever is thought to be in the media of a meeting without a channel is not. The RTC service is asked once more
/// about this very meeting, since somebody may have come in meanwhile.
async fn without_channel(id: &MeetingId, service: &Service, now: Now) -> Result<(), Failure> {
    let Some(loaded) = service.table.meeting(id).await? else { return Ok(()) };
    if !loaded.meeting.members().any(|p| p.state == ParticipantState::Joined) {
        return Ok(());
    }
    let Some(users) = service.in_media(&loaded.meeting, now).await else { return Ok(()) };
    let seen = MediaSeen::Present { users, rev: loaded.meeting.rev };
    service.note_media(loaded, &seen, now).await.map(|_| ())
}

/// T50. The index may lag behind, the meeting itself does not.
async fn close(id: &MeetingId, service: &Service, now: Now) -> Result<bool, Failure> {
    let lives = service.table.meeting(id).await?.is_some_and(|loaded| loaded.meeting.end().is_none());
    if lives || !service.close_channel(id, now).await {
        return Ok(false);
    }
    tracing::warn!(meeting.id = %id, "a channel without a meeting was closed");
    Ok(true)
}

/// Channels without a live meeting that are no longer on their way to one.
fn leaked<'a>(
    since: &'a BTreeMap<MeetingId, i64>,
    live: &BTreeSet<&MeetingId>,
    now: Now,
) -> impl Iterator<Item = &'a MeetingId> {
    let old = since.iter().filter(move |(_, since_ms)| *since_ms + LEAKED_MS <= now.ms);
    old.map(|(id, _)| id).filter(|id| !live.contains(id))
}

/// Since when each channel is known to exist.
fn since(channels: &BTreeMap<MeetingId, Option<i64>>, now: Now) -> BTreeMap<MeetingId, i64> {
    let mut first_seen = FIRST_SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    first_seen.retain(|id, _| channels.contains_key(id));
    let mut since = |(id, created_ms): (&MeetingId, &Option<i64>)| {
        let since_ms = created_ms.unwrap_or_else(|| *first_seen.entry(id.clone()).or_insert(now.ms));
        (id.clone(), since_ms)
    };
    channels.iter().map(&mut since).collect()
}

/// As many as one sweep looks at, others in every minute.
fn turn<'a>(ids: impl Iterator<Item = &'a MeetingId>, now: Now) -> Vec<&'a MeetingId> {
    let ids: Vec<&MeetingId> = ids.collect();
    let minute = usize::try_from(now.ms / 60_000).unwrap_or_default();
    let start = if ids.is_empty() { 0 } else { minute.wrapping_mul(AT_ONCE) % ids.len() };
    ids.iter().cycle().skip(start).take(ids.len().min(AT_ONCE)).copied().collect()
}

fn note<T>(id: &MeetingId, result: Result<T, Failure>) -> Option<T> {
    result
        .inspect_err(|error| tracing::error!(meeting.id = %id, %error, "a channel could not be looked at"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> MeetingId {
        name.parse().expect("an id")
    }

    fn at(ms: i64) -> Now {
        Now { ms, ..Now::default() }
    }

    #[test]
    fn a_channel_whose_age_is_not_told_is_as_old_as_it_was_seen() {
        let channels = BTreeMap::from([(id("told"), Some(5)), (id("untold"), None)]);
        let first = since(&channels, at(1_000));
        assert_eq!((first[&id("told")], first[&id("untold")]), (5, 1_000));
        assert_eq!(since(&channels, at(301_000))[&id("untold")], 1_000);
        since(&BTreeMap::new(), at(302_000));
        assert_eq!(since(&channels, at(400_000))[&id("untold")], 400_000, "it was gone meanwhile");
    }

    #[test]
    fn t50_a_channel_is_left_over_when_it_is_five_minutes_old_and_no_meeting_is_live() {
        let (live, dead, fresh) = (id("live"), id("dead"), id("fresh"));
        let since = BTreeMap::from([(live.clone(), 0), (dead.clone(), 0), (fresh.clone(), 1)]);
        let leaked = |ms| leaked(&since, &BTreeSet::from([&live]), at(ms)).collect::<Vec<_>>();
        assert!(leaked(LEAKED_MS - 1).is_empty(), "a create may still be on its way");
        assert_eq!(leaked(LEAKED_MS), [&dead]);
        assert_eq!(leaked(LEAKED_MS + 1), [&dead, &fresh]);
    }

    #[test]
    fn what_one_sweep_leaves_has_its_turn_in_the_next_ones() {
        let ids: Vec<MeetingId> = (0..250).map(|number| id(&format!("m{number}"))).collect();
        let mut seen = BTreeSet::new();
        for minute in 0..3 {
            let turn = turn(ids.iter(), at(minute * 60_000));
            assert_eq!(turn.len(), AT_ONCE);
            seen.extend(turn);
        }
        assert_eq!(seen.len(), ids.len());
        assert_eq!(turn([].iter(), at(0)).len(), 0);
        assert_eq!(turn(ids[..3].iter(), at(60_000)).len(), 3);
    }
}
