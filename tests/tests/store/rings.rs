//! The invitations of a user, which are counted in the transaction that invites.

use crate::fixture::{START_MS, commit, direct, loaded, user};
use crate::server::Server;
use futures::future::join_all;
use switchboard_core::{RingLog, RungUsers};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_service::ports::{Commit, CommitResult, RingsWrite, StoredRings};

fn log(meeting_id: &MeetingId, answered: u32) -> RingLog {
    let users = vec![user("bob"), user("carol")];
    let requests = vec![RungUsers { at_ms: START_MS, meeting_id: meeting_id.clone(), users, answered }];
    RingLog { requests, created: vec![(START_MS, meeting_id.clone())] }
}

fn write_of(inviter: &UserId, log: &RingLog, seen_version: u64) -> RingsWrite {
    RingsWrite { user: inviter.clone(), log: log.clone(), seen_version, at_ms: START_MS }
}

// Proves: rate-limits
#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_of_a_user_at_once_one_is_counted_and_the_others_write_nothing() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    assert_eq!(table.rings(&alice).await.expect("an answer"), StoredRings::default());
    let calls: Vec<_> = (0..8).map(|_| direct()).collect();
    let results = join_all(calls.iter().map(|call| async {
        let rings = Some(write_of(&alice, &log(&call.id, 0), 0));
        table.commit(&Commit { rings, ..commit(call) }).await.expect("an answer")
    }))
    .await;
    let is_done = |result: &&CommitResult| matches!(result, CommitResult::Done);
    assert_eq!(results.iter().filter(is_done).count(), 1, "{results:?}");
    let stored = table.rings(&alice).await.expect("an answer");
    assert_eq!((stored.version, stored.log.requests.len()), (1, 1));
    for (call, result) in calls.iter().zip(&results) {
        let is_stored = loaded(&table, &call.id).await.is_some();
        assert_eq!(is_stored, matches!(result, CommitResult::Done), "a meeting is counted or not made");
    }
}

#[tokio::test]
async fn invitations_are_read_with_those_who_are_called_and_only_for_the_caller() {
    let Server { table, .. } = Server::shared().await;
    let (alice, bob, call) = (user("alice"), user("bob"), direct());
    let written = log(&call.id, 3);
    let rings = Some(write_of(&alice, &written, 0));
    table.commit(&Commit { rings, ..commit(&call) }).await.expect("an answer");
    let read = async |users: &[UserId], caller| {
        table.opening(&call.id, users, caller, START_MS).await.expect("an answer").rings
    };
    let stored = StoredRings { log: written, version: 1 };
    assert_eq!(read(&[alice.clone(), bob.clone()], Some(&alice)).await, stored);
    assert_eq!(read(std::slice::from_ref(&bob), Some(&alice)).await, stored, "as an `invite` reads them");
    assert_eq!(read(&[alice.clone(), bob.clone()], Some(&bob)).await, StoredRings::default());
    assert_eq!(read(std::slice::from_ref(&alice), None).await, StoredRings::default());
}
