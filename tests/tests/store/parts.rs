//! The meetings of a user: group meetings by their part items, a direct call by the slot.

use crate::fixture::{commit, direct, meeting, next, take, user, write};
use crate::server::Server;
use futures::future::join_all;
use std::collections::BTreeSet;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::Mode;
use switchboard_service::ports::Commit;

// Proves: sync-finds
#[tokio::test]
async fn a_user_finds_every_group_meeting_and_the_direct_call() {
    let Server { table, .. } = Server::shared().await;
    let (alice, bob) = (user("alice"), user("bob"));
    assert_eq!(table.meetings_of(&alice).await.expect("an answer"), BTreeSet::new(), "never seen");
    let mut expected = BTreeSet::new();
    for _ in 0..3 {
        let group = meeting(Mode::Group, &bob, std::slice::from_ref(&alice));
        write(&table, &Commit { parts: group.new_parts(), ..commit(&group) }).await;
        expected.insert(group.id.clone());
    }
    assert_eq!(
        table.meetings_of(&bob).await.expect("an answer"),
        expected,
        "the caller is a participant too"
    );

    let call = meeting(Mode::Direct, &alice, &[user("carol")]);
    assert!(call.new_parts().is_empty(), "a direct call is found by the slot");
    write(&table, &Commit { slots: vec![take(&alice)], ..commit(&call) }).await;
    table.register_device(&crate::fixture::device(&alice, "phone"), None, 1).await.expect("an answer");
    expected.insert(call.id.clone());
    assert_eq!(table.meetings_of(&alice).await.expect("an answer"), expected);
    let found = table.meetings(&expected).await.expect("an answer");
    let ids: BTreeSet<MeetingId> = found.into_iter().map(|loaded| loaded.meeting.id).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_part_is_written_only_with_its_commit() {
    let Server { table, .. } = Server::shared().await;
    let (alice, group) = (user("alice"), direct());
    write(&table, &commit(&group)).await;
    write(&table, &commit(&next(&group, "another user"))).await;
    let late = next(&group, "late");
    table.commit(&Commit { parts: vec![alice.clone()], ..commit(&late) }).await.expect("an answer");
    assert_eq!(table.meetings_of(&alice).await.expect("an answer"), BTreeSet::new());
}

#[tokio::test]
async fn a_part_item_is_not_found_under_a_prefix_of_its_user_id() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let longer = format!("{alice}2").parse().expect("letters and digits");
    let group = direct();
    write(&table, &Commit { parts: vec![longer], ..commit(&group) }).await;
    assert_eq!(table.meetings_of(&alice).await.expect("an answer"), BTreeSet::new());
}

#[tokio::test]
async fn meetings_are_read_in_batches_and_missing_ones_left_out() {
    let Server { table, .. } = Server::shared().await;
    assert_eq!(table.meetings(&BTreeSet::new()).await.expect("an answer"), []);
    let there: Vec<_> = (0..110).map(|_| direct()).collect();
    let commits: Vec<_> = there.iter().map(commit).collect();
    join_all(commits.iter().map(|commit| write(&table, commit))).await;
    let mut asked: BTreeSet<MeetingId> = there.iter().map(|meeting| meeting.id.clone()).collect();
    asked.extend((0..20).map(|_| direct().id));
    let found = table.meetings(&asked).await.expect("an answer");
    let found: BTreeSet<MeetingId> = found.into_iter().map(|loaded| loaded.meeting.id).collect();
    assert_eq!(found, there.into_iter().map(|meeting| meeting.id).collect());
}
