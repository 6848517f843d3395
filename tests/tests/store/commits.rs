//! Concurrent commits of one revision: one wins, and the others get the record that it wrote.

use crate::creating::present;
use crate::fixture::{commit, direct, invitee, loaded, mark, next, take, write};
use crate::server::Server;
use futures::future::join_all;
use switchboard_core::Meeting;
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{Commit, CommitResult, SlotWrite, Stored};

/// Number of concurrent writers.
const WRITERS: usize = 32;

/// Commits, and retries while another transaction works on the same items.
pub async fn commit_with_retries(table: &Table, commit: &Commit<'_>) -> CommitResult {
    loop {
        match table.commit(commit).await.expect("the table answers") {
            CommitResult::Conflict => tokio::task::yield_now().await,
            outcome => return outcome,
        }
    }
}

// Proves: commit-race
#[tokio::test]
async fn a_commit_of_an_old_revision_writes_nothing_and_returns_the_newer_record() {
    let Server { table, .. } = Server::shared().await;
    let first = direct();
    write(&table, &commit(&first)).await;
    let second = next(&first, "second");
    write(&table, &commit(&second)).await;
    let late = next(&first, "late");
    let outcome = table.commit(&commit(&late)).await.expect("an answer");
    assert_eq!(present(outcome), second);
    let outcome = table.commit(&Commit { slots: vec![take(&late.host)], ..commit(&late) }).await;
    assert_eq!(present(outcome.expect("an answer")), second, "the same in a transaction");
    assert_eq!(table.slot(&late.host).await.expect("an answer"), None, "the slot is still free");
    assert_eq!(loaded(&table, &first.id).await.map(|loaded| loaded.meeting), Some(second));
}

/// Runs one commit of the same revision for each writer at once, each with the slots that `slots` gives.
async fn race(slots: impl Fn(usize, &Meeting) -> Vec<SlotWrite>) {
    let Server { table, .. } = Server::shared().await;
    let first = direct();
    write(&table, &commit(&first)).await;
    let racers: Vec<Meeting> = (0..WRITERS).map(|at| next(&first, &format!("racer {at}"))).collect();
    let commits: Vec<Commit<'_>> = racers
        .iter()
        .enumerate()
        .map(|(at, racer)| Commit { slots: slots(at, racer), ..commit(racer) })
        .collect();
    let outcomes = join_all(commits.iter().map(|commit| commit_with_retries(&table, commit))).await;
    let won: Vec<usize> = (0..WRITERS).filter(|at| matches!(outcomes[*at], CommitResult::Done)).collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    let winner = &racers[won[0]];
    for outcome in outcomes.into_iter().filter(|outcome| !matches!(outcome, CommitResult::Done)) {
        assert_eq!(present(outcome), *winner);
    }
    let stored = loaded(&table, &first.id).await.expect("the record exists");
    assert_eq!(stored.meeting, *winner);
}

// Proves: commit-race
#[tokio::test(flavor = "multi_thread")]
async fn of_32_concurrent_commits_of_one_revision_exactly_one_wins() {
    race(|_, _| Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_concurrent_commits_with_slots_exactly_one_wins() {
    race(|_, racer| vec![SlotWrite::Overwrite(invitee(racer))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_concurrent_commits_with_and_without_slots_exactly_one_wins() {
    race(|at, racer| if at % 2 == 0 { vec![SlotWrite::Overwrite(racer.host.clone())] } else { Vec::new() })
        .await;
}

#[tokio::test]
async fn a_commit_with_an_existing_mark_writes_nothing() {
    let Server { table, .. } = Server::shared().await;
    let (first, mark) = (direct(), mark());
    write(&table, &commit(&first)).await;
    let second = next(&first, "second");
    write(&table, &Commit { mark: Some(&mark), ..commit(&second) }).await;
    let stored = table.meeting(&mark.meeting_id).await.expect("an answer");
    assert_eq!(stored, Some(Stored::Mark(mark.clone())));
    let outcome = table.put_mark(&mark).await.expect("an answer");
    assert!(matches!(outcome, CommitResult::Lost(Some(stored)) if *stored == Stored::Mark(mark.clone())));

    let third = next(&second, "third");
    let outcome = table.commit(&Commit { mark: Some(&mark), ..commit(&third) }).await.expect("an answer");
    assert!(
        matches!(outcome, CommitResult::Lost(None)),
        "the caller has to read and decide again: {outcome:?}"
    );
    let slots = vec![take(&third.host), SlotWrite::Free(invitee(&third))];
    let outcome = table.commit(&Commit { mark: Some(&mark), slots, ..commit(&third) }).await;
    assert!(matches!(outcome, Ok(CommitResult::Lost(None))), "the same with slot writes: {outcome:?}");
    let stored = loaded(&table, &first.id).await.expect("the record exists");
    assert_eq!(stored.meeting, second);
    assert_eq!(table.slot(&third.host).await.expect("an answer"), None);
}
