//! Create requests: each makes its meeting once.

use crate::fixture::{commit, direct, loaded, next, pending, titled, write};
use crate::server::Server;
use switchboard_core::Meeting;
use switchboard_service::ports::{Commit, CommitResult, Loaded};

// Proves: lossless-record
#[tokio::test]
async fn a_meeting_is_read_as_it_was_written() {
    let Server { table, .. } = Server::shared().await;
    let meeting = direct();
    assert_eq!(table.meeting(&meeting.id).await.expect("an answer"), None);
    let pending = pending(1, &meeting);
    let due_at_ms = Some(pending.due_ms);
    write(&table, &Commit { pending: Some(pending.clone()), due_at_ms, ..commit(&meeting) }).await;
    let loaded = loaded(&table, &meeting.id).await;
    assert_eq!(loaded, Some(Loaded { meeting, pending: [(1, pending)].into(), due_at_ms }));
}

// Proves: create-once
#[tokio::test]
async fn a_second_create_returns_the_existing_meeting() {
    let Server { table, .. } = Server::shared().await;
    let first = direct();
    write(&table, &commit(&first)).await;
    let second = titled(&first, "second");
    let outcome = table.commit(&commit(&second)).await.expect("an answer");
    assert_eq!(present(outcome), first);
    assert_eq!(loaded(&table, &first.id).await.map(|loaded| loaded.meeting), Some(first));
}

#[tokio::test]
async fn a_revision_of_an_unknown_meeting_is_not_written() {
    let Server { table, .. } = Server::shared().await;
    let meeting = next(&direct(), "never created");
    let outcome = table.commit(&commit(&meeting)).await.expect("an answer");
    assert!(matches!(outcome, CommitResult::Lost(None)), "{outcome:?}");
    assert_eq!(table.meeting(&meeting.id).await.expect("an answer"), None);
}

/// The meeting that the table already had.
pub fn present(outcome: CommitResult) -> Meeting {
    match outcome {
        CommitResult::Lost(Some(stored)) => stored.into_meeting().expect("a meeting").meeting,
        other => panic!("the commit was not lost: {other:?}"),
    }
}
