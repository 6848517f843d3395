//! The due index: the meetings that a sweep finds, and corrections of the index.

use crate::fixture::{START_MS, commit, direct, ended, loaded, next, pending, write};
use crate::server::Server;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::Meeting;
use switchboard_protocol::id::MeetingId;
use switchboard_service::dynamodb::{DUE_SHARDS, Table};
use switchboard_service::ports::{Commit, Due, DueRange, MAX_DUE};

/// A meeting whose next deadline is at this time.
async fn due_at(table: &Table, due_at_ms: i64) -> Meeting {
    let call = direct();
    write(table, &Commit { due_at_ms: Some(due_at_ms), ..commit(&call) }).await;
    call
}

/// All entries of the index until `until_ms`, page by page.
async fn all_due(table: &Table, until_ms: i64) -> Vec<Due> {
    let (mut all, mut range) = (Vec::new(), Some(DueRange::until(until_ms)));
    while let Some(next) = range {
        let page = table.due(&next).await.expect("an answer");
        assert!(page.due.len() <= MAX_DUE);
        all.extend(page.due);
        range = page.rest;
    }
    all
}

/// Entry of the meeting in the index, if a sweep until `until_ms` finds it.
async fn found_until(table: &Table, until_ms: i64, meeting: &Meeting) -> Option<i64> {
    let due = all_due(table, until_ms).await;
    due.into_iter().find(|due| due.meeting_id == meeting.id).map(|due| due.due_at_ms)
}

// Proves: sweep
#[tokio::test]
async fn a_sweep_finds_due_meetings_in_every_partition_and_no_others() {
    let Server { table, .. } = Server::shared().await;
    let mut calls = Vec::new();
    for at in 0..24 {
        calls.push((due_at(&table, START_MS + at).await, START_MS + at));
    }
    for (call, at) in &calls {
        assert_eq!(found_until(&table, *at, call).await, Some(*at), "due at that millisecond");
        assert_eq!(found_until(&table, *at - 1, call).await, None, "not before");
    }
    // The partition follows from the id's first character. Two dozen random ids miss one of the four partitions once in
    // 250 runs, and practically never share a single one.
    let mine: BTreeSet<&MeetingId> = calls.iter().map(|(call, _)| &call.id).collect();
    let due = all_due(&table, START_MS + 23).await;
    assert_eq!(due.iter().filter(|due| mine.contains(&due.meeting_id)).count(), calls.len());
    let turns = due.windows(2).filter(|pair| pair[0].due_at_ms > pair[1].due_at_ms).count();
    assert!(turns < DUE_SHARDS, "each partition has the earliest first: {due:?}");
}

#[tokio::test]
async fn a_commit_moves_the_index_entry_and_without_a_deadline_removes_it() {
    let Server { table, .. } = Server::shared().await;
    let (early, late) = (START_MS + 1_000, START_MS + 2_000);
    let first = due_at(&table, early).await;
    let second = next(&first, "later");
    write(&table, &Commit { due_at_ms: Some(late), ..commit(&second) }).await;
    assert_eq!(found_until(&table, early, &first).await, None);
    assert_eq!(found_until(&table, late, &first).await, Some(late));
    write(&table, &commit(&ended(&second))).await;
    assert_eq!(found_until(&table, i64::MAX / 2, &first).await, None);
    let loaded = loaded(&table, &first.id).await.expect("the record exists");
    assert_eq!(loaded.due_at_ms, None);
}

#[tokio::test]
async fn the_index_entry_of_an_unchanged_meeting_is_corrected() {
    let Server { table, .. } = Server::shared().await;
    let call = due_at(&table, START_MS).await;
    table.correct_due(&call.id, 1, Some(START_MS + 500)).await.expect("an answer");
    assert_eq!(found_until(&table, START_MS, &call).await, None);
    assert_eq!(found_until(&table, START_MS + 500, &call).await, Some(START_MS + 500));
    let loaded = loaded(&table, &call.id).await.expect("the record exists");
    assert_eq!(
        (loaded.meeting, loaded.due_at_ms),
        (call.clone(), Some(START_MS + 500)),
        "the rest is unchanged"
    );
    table.correct_due(&call.id, 1, None).await.expect("an answer");
    assert_eq!(found_until(&table, i64::MAX / 2, &call).await, None);
}

// Proves: sweep
#[tokio::test]
async fn a_correction_of_an_old_revision_changes_nothing() {
    let Server { table, .. } = Server::shared().await;
    let first = due_at(&table, START_MS).await;
    let second = next(&first, "newer");
    let due_at_ms = Some(START_MS + 700);
    write(&table, &Commit { due_at_ms, pending: Some(pending(2, &first)), ..commit(&second) }).await;
    for stale in [None, Some(START_MS + 1)] {
        table.correct_due(&first.id, 1, stale).await.expect("no error");
        assert_eq!(found_until(&table, START_MS + 700, &first).await, due_at_ms);
    }
}

#[tokio::test]
async fn a_correction_of_an_unknown_meeting_creates_nothing() {
    let Server { table, .. } = Server::shared().await;
    let nobody = direct();
    table.correct_due(&nobody.id, 1, Some(START_MS)).await.expect("no error");
    assert_eq!(table.meeting(&nobody.id).await.expect("an answer"), None);
    assert_eq!(found_until(&table, START_MS, &nobody).await, None);
}

// Proves: sweep
#[tokio::test]
async fn the_rest_of_the_index_begins_after_the_last_entry_that_was_read() {
    let Server { table, .. } = Server::shared().await;
    let calls = [due_at(&table, START_MS + 50_001).await, due_at(&table, START_MS + 50_002).await];
    let entry = |call: &Meeting, at| Due { meeting_id: call.id.clone(), due_at_ms: START_MS + at };
    let after = |at: i64| {
        let first = entry(&calls[0], 50_001);
        (0..DUE_SHARDS).map(|shard| (shard, Due { due_at_ms: START_MS + at, ..first.clone() })).collect()
    };
    let found = async |at: i64| {
        let range = DueRange { until_ms: START_MS + 50_010, after: Some(after(at)) };
        let due = table.due(&range).await.expect("an answer").due;
        calls.iter().filter(|call| due.iter().any(|due| due.meeting_id == call.id)).count()
    };
    assert_eq!(found(50_000).await, 2);
    assert_eq!(found(50_003).await, 0);
    let none = DueRange { until_ms: START_MS + 50_002, after: Some(BTreeMap::new()) };
    assert_eq!(table.due(&none).await.expect("an answer").due, [], "no partition is left");
}
