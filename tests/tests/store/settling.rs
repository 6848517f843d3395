//! The reach of offers and the pending effects are written without a change of `rev`: these writes and concurrent commits
//! both last.

use crate::commits::commit_with_retries;
use crate::fixture::{
    START_MS, commit, device, direct, invitee, leg, loaded, meeting, next, pending, user, users, write,
};
use crate::server::Server;
use futures::future::join_all;
use std::collections::BTreeMap;
use switchboard_core::{MAX_TOLD_AGAIN, Meeting};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::{Mode, Reach};
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{Commit, CommitResult, Loaded};

type Reached = BTreeMap<(InviteId, ClientId), Reach>;

/// A call with pending effects, and the leg of the callee's phone.
async fn ringing(table: &Table) -> (Meeting, (InviteId, ClientId)) {
    let call = direct();
    let due_at_ms = Some(pending(1, &call).due_ms);
    write(table, &Commit { pending: Some(pending(1, &call)), due_at_ms, ..commit(&call) }).await;
    let leg = leg(&call, &invitee(&call));
    (call, leg)
}

async fn stored(table: &Table, meeting: &Meeting) -> Loaded {
    loaded(table, &meeting.id).await.expect("the record exists")
}

fn reach(meeting: &Meeting, (invite, device): &(InviteId, ClientId)) -> Option<Reach> {
    meeting.reached.get(invite)?.get(device).copied()
}

// Proves: reach-and-pending
#[tokio::test]
async fn reach_and_finished_effects_are_stored_without_a_new_revision() {
    let Server { table, .. } = Server::shared().await;
    let (call, leg) = ringing(&table).await;
    let reached = Reached::from([(leg.clone(), Reach::Queued)]);
    let given =
        table.mark_effects_done(&call.id, 1, &reached).await.expect("an answer").expect("the record exists");
    let loaded = stored(&table, &call).await;
    assert_eq!(given, loaded, "the present record is returned");
    assert_eq!(reach(&loaded.meeting, &leg), Some(Reach::Queued));
    assert_eq!((loaded.meeting.rev, loaded.pending.len()), (1, 0));
    assert_eq!(loaded.due_at_ms, Some(pending(1, &call).due_ms), "`wake` corrects the index");
    let unreached = Meeting { reached: BTreeMap::new(), ..loaded.meeting };
    assert_eq!(unreached, call, "the rest is unchanged");

    let reached = Reached::from([(leg.clone(), Reach::Delivered)]);
    table.mark_effects_done(&call.id, 1, &reached).await.expect("an answer");
    assert_eq!(reach(&stored(&table, &call).await.meeting, &leg), Some(Reach::Delivered), "once more");
}

#[tokio::test]
async fn only_the_effects_of_the_named_revision_are_marked_done() {
    let Server { table, .. } = Server::shared().await;
    let (call, _) = ringing(&table).await;
    let second = next(&call, "second");
    write(&table, &Commit { pending: Some(pending(2, &call)), ..commit(&second) }).await;
    let loaded = stored(&table, &call).await;
    assert_eq!(loaded.pending.keys().collect::<Vec<_>>(), [&1, &2]);
    let given = table
        .mark_effects_done(&call.id, 1, &Reached::new())
        .await
        .expect("an answer")
        .expect("the record exists");
    assert_eq!(given.pending, [(2, pending(2, &call))].into());
    assert_eq!(given.meeting, second, "the newer record is returned");
    table.mark_effects_done(&call.id, 7, &Reached::new()).await.expect("the effects are done");
    assert_eq!(stored(&table, &call).await.pending.len(), 1);
}

#[tokio::test]
async fn a_commit_decided_earlier_keeps_the_stored_reach() {
    let Server { table, .. } = Server::shared().await;
    let (call, leg) = ringing(&table).await;
    let reached = Reached::from([(leg.clone(), Reach::Sent)]);
    table.mark_effects_done(&call.id, 1, &reached).await.expect("an answer");
    let second = next(&call, "has no reach");
    write(&table, &commit(&second)).await;
    let loaded = stored(&table, &call).await;
    assert_eq!(reach(&loaded.meeting, &leg), Some(Reach::Sent));
    assert_eq!((loaded.meeting.rev, loaded.pending.len()), (2, 0));
}

// Proves: reach-and-pending
#[tokio::test(flavor = "multi_thread")]
async fn a_concurrent_commit_and_reach_update_both_last() {
    let Server { table, .. } = Server::shared().await;
    for _ in 0..16 {
        let (call, leg) = ringing(&table).await;
        let second = next(&call, "at once");
        let commit = Commit { pending: Some(pending(2, &call)), ..commit(&second) };
        let reached = Reached::from([(leg.clone(), Reach::Delivered)]);
        let (outcome, settled) = tokio::join!(
            commit_with_retries(&table, &commit),
            table.mark_effects_done(&call.id, 1, &reached)
        );
        assert!(matches!(outcome, CommitResult::Done), "the commit is not affected: {outcome:?}");
        settled.expect("an answer").expect("the record exists");
        let loaded = stored(&table, &call).await;
        assert_eq!(reach(&loaded.meeting, &leg), Some(Reach::Delivered));
        assert_eq!((loaded.meeting.rev, loaded.pending), (2, [(2, pending(2, &call))].into()));
    }
}

#[tokio::test]
async fn effects_of_an_unknown_meeting_create_nothing() {
    let Server { table, .. } = Server::shared().await;
    let call = direct();
    let reached = Reached::from([(leg(&call, &invitee(&call)), Reach::Sent)]);
    assert_eq!(table.mark_effects_done(&call.id, 1, &reached).await.expect("no error"), None);
    assert_eq!(table.meeting(&call.id).await.expect("an answer"), None);
}

// Proves: largest-request
#[tokio::test]
async fn the_reach_of_every_leg_of_the_largest_ring_is_stored() {
    let Server { table, .. } = Server::shared().await;
    let invited = users(49);
    let group = meeting(Mode::Group, &user("host"), &invited);
    write(&table, &Commit { pending: Some(pending(1, &group)), ..commit(&group) }).await;
    let mut reached = Reached::new();
    for user in &invited {
        let (invite, _) = leg(&group, user);
        reached.extend((0..8).map(|at| ((invite.clone(), device(user, &at.to_string())), Reach::Delivered)));
    }
    let given =
        table.mark_effects_done(&group.id, 1, &reached).await.expect("an answer").expect("the record exists");
    assert!(reached.keys().all(|leg| reach(&given.meeting, leg) == Some(Reach::Delivered)));
    assert!(given.pending.is_empty());
}

// Proves: bounded-repeats
#[tokio::test]
async fn of_many_repeats_at_once_three_are_counted() {
    let Server { table, .. } = Server::shared().await;
    let call = direct();
    let repeats = join_all((0..20).map(|_| table.count_retelling(&call.id, 1, START_MS))).await;
    let counted = repeats.into_iter().filter(|counted| *counted.as_ref().expect("an answer")).count();
    assert_eq!(counted, MAX_TOLD_AGAIN);
    assert!(table.count_retelling(&call.id, 2, START_MS).await.expect("an answer"), "another revision");
}
