//! The meetings of a user: group meetings by their part items, a direct call by the slot.

use crate::fixture::{START_MS, commit, direct, ended, meeting, next, take, user, users, write};
use crate::server::Server;
use futures::future::join_all;
use std::collections::BTreeSet;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::Mode;
use switchboard_service::dynamodb::MAX_MEETINGS_OF_USER;
use switchboard_service::ports::{Commit, SlotWrite};

// Proves: sync-finds
#[tokio::test]
async fn a_user_finds_every_group_meeting_and_the_direct_call() {
    let Server { table, .. } = Server::shared().await;
    let (alice, bob) = (user("alice"), user("bob"));
    assert_eq!(table.meetings_of(&alice, START_MS).await.expect("an answer"), BTreeSet::new(), "never seen");
    let mut expected = BTreeSet::new();
    for _ in 0..3 {
        let group = meeting(Mode::Group, &bob, std::slice::from_ref(&alice));
        write(&table, &Commit { parts: group.new_parts(), ..commit(&group) }).await;
        expected.insert(group.id.clone());
    }
    assert_eq!(
        table.meetings_of(&bob, START_MS).await.expect("an answer"),
        expected,
        "the caller is a participant too"
    );

    let call = meeting(Mode::Direct, &alice, &[user("carol")]);
    assert!(call.new_parts().is_empty(), "a direct call is found by the slot");
    write(&table, &Commit { slots: vec![take(&alice)], ..commit(&call) }).await;
    table.register_device(&crate::fixture::device(&alice, "phone"), None, 1).await.expect("an answer");
    expected.insert(call.id.clone());
    assert_eq!(table.meetings_of(&alice, START_MS).await.expect("an answer"), expected);
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
    assert_eq!(table.meetings_of(&alice, START_MS).await.expect("an answer"), BTreeSet::new());
}

#[tokio::test]
async fn the_newest_meetings_are_found_however_many_invitations_there_were() {
    let Server { table, .. } = Server::shared().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let mut groups = Vec::new();
    for at in 0..MAX_MEETINGS_OF_USER + 30 {
        let group = meeting(Mode::Group, &bob, std::slice::from_ref(&alice));
        let now_ms = START_MS + i64::try_from(at).expect("small");
        write(&table, &Commit { parts: vec![alice.clone()], now_ms, ..commit(&group) }).await;
        groups.push(group.id);
    }
    let call = meeting(Mode::Direct, &alice, &[user("carol")]);
    write(&table, &Commit { slots: vec![take(&alice)], ..commit(&call) }).await;
    let newest = groups.split_off(30);
    let expected: BTreeSet<MeetingId> = newest.into_iter().chain([call.id.clone()]).collect();
    assert_eq!(table.meetings_of(&alice, START_MS).await.expect("an answer"), expected);
    let days_later_ms = START_MS + 2 * 24 * 3_600 * 1_000;
    let left = table.meetings_of(&alice, days_later_ms).await.expect("an answer");
    assert_eq!(left, [call.id].into(), "items that expired do not count, though they are still there");
}

#[tokio::test]
async fn a_user_who_goes_out_does_not_find_the_meeting_any_more() {
    let Server { table, .. } = Server::shared().await;
    let (host, guests) = (user("host"), users(99));
    let group = meeting(Mode::Group, &host, &guests[..49]);
    write(&table, &Commit { parts: group.new_parts(), ..commit(&group) }).await;
    let more = next(&group, "more");
    write(&table, &Commit { parts: guests[49..].to_vec(), ..commit(&more) }).await;
    let end = ended(&more);
    let slots = vec![SlotWrite::Free(host.clone())];
    write(&table, &Commit { slots, gone_parts: guests.clone(), ..commit(&end) }).await;
    let mut left = 0;
    for guest in &guests {
        left += table.meetings_of(guest, START_MS).await.expect("an answer").len();
    }
    // The meeting and the freed slot take two of the hundred items of a transaction. The last part expires.
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_part_item_is_not_found_under_a_prefix_of_its_user_id() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let longer = format!("{alice}2").parse().expect("letters and digits");
    let group = direct();
    write(&table, &Commit { parts: vec![longer], ..commit(&group) }).await;
    assert_eq!(table.meetings_of(&alice, START_MS).await.expect("an answer"), BTreeSet::new());
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
