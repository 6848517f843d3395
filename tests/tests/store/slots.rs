//! Call slots: a call takes a slot that is free or that names the meeting which was read, an accept overwrites a slot,
//! and only the meeting in a slot frees the slot.

use crate::commits::commit_with_retries;
use crate::creating::present;
use crate::fixture::{
    commit, direct, ended, holder, invitee, loaded, meeting, next, take, user, users, write,
};
use crate::server::Server;
use futures::future::join_all;
use switchboard_core::Meeting;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::Mode;
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{Commit, CommitResult, SlotWrite};

/// A call of `caller` that has the slots of both users.
async fn call(table: &Table, caller: &UserId) -> Meeting {
    let call = meeting(Mode::Direct, caller, &[user("callee")]);
    let slots = vec![take(caller), take(&invitee(&call))];
    write(table, &Commit { slots, ..commit(&call) }).await;
    call
}

#[tokio::test]
async fn a_free_slot_is_taken_and_names_the_meeting() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let call = call(&table, &alice).await;
    for user in [&alice, &invitee(&call)] {
        assert_eq!(holder(&table, user).await.as_deref(), Some(call.id.as_str()));
    }
}

#[tokio::test]
async fn a_taken_slot_refuses_the_whole_commit() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let first = call(&table, &alice).await;
    let bob = user("bob");
    let second = meeting(Mode::Direct, &bob, std::slice::from_ref(&alice));
    let commit = Commit { slots: vec![take(&bob), take(&alice)], ..commit(&second) };
    let outcome = table.commit(&commit).await.expect("an answer");
    assert!(matches!(outcome, CommitResult::SlotTaken), "{outcome:?}");
    assert_eq!(holder(&table, &alice).await.as_deref(), Some(first.id.as_str()));
    assert_eq!(holder(&table, &bob).await, None);
    assert_eq!(table.meeting(&second.id).await.expect("an answer"), None);
}

// Proves: slots
#[tokio::test]
async fn the_slot_of_an_ended_meeting_is_taken_over_from_that_meeting_only() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let dead = call(&table, &alice).await;
    let over = |seen: &Meeting| SlotWrite::Take { user: alice.clone(), seen: Some(seen.id.clone()) };
    let other = direct();
    let mistaken = Commit { slots: vec![over(&direct())], ..commit(&other) };
    let outcome = table.commit(&mistaken).await.expect("an answer");
    assert!(matches!(outcome, CommitResult::SlotTaken), "another meeting holds it: {outcome:?}");
    let living = direct();
    write(&table, &Commit { slots: vec![over(&dead)], ..commit(&living) }).await;
    assert_eq!(holder(&table, &alice).await.as_deref(), Some(living.id.as_str()));
}

#[tokio::test]
async fn a_slot_that_became_free_after_the_read_is_taken() {
    let Server { table, .. } = Server::shared().await;
    let (alice, gone, call) = (user("alice"), direct(), direct());
    let slots = vec![SlotWrite::Take { user: alice.clone(), seen: Some(gone.id) }];
    write(&table, &Commit { slots, ..commit(&call) }).await;
    assert_eq!(holder(&table, &alice).await.as_deref(), Some(call.id.as_str()));
}

#[tokio::test]
async fn an_accept_overwrites_the_slot() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    call(&table, &alice).await;
    let group = meeting(Mode::Group, &user("host"), std::slice::from_ref(&alice));
    write(&table, &commit(&group)).await;
    let accepted = next(&group, "accepted");
    let slots = vec![SlotWrite::Overwrite(alice.clone())];
    write(&table, &Commit { slots, ..commit(&accepted) }).await;
    assert_eq!(holder(&table, &alice).await.as_deref(), Some(group.id.as_str()));
}

// Proves: slots
#[tokio::test]
async fn a_commit_may_require_that_another_meeting_holds_the_slot() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let holding = call(&table, &alice).await;
    let group = meeting(Mode::Group, &user("host"), std::slice::from_ref(&alice));
    write(&table, &commit(&group)).await;
    let require = |user: &UserId, holder: &Meeting| {
        vec![SlotWrite::Require { user: user.clone(), holder: holder.id.clone() }]
    };
    let left = next(&group, "left");
    for slots in [require(&alice, &group), require(&user("nobody"), &holding)] {
        let outcome = table.commit(&Commit { slots, ..commit(&left) }).await.expect("an answer");
        assert!(matches!(outcome, CommitResult::SlotTaken), "{outcome:?}");
        assert_eq!(loaded(&table, &group.id).await.map(|loaded| loaded.meeting), Some(group.clone()));
    }
    write(&table, &Commit { slots: require(&alice, &holding), ..commit(&left) }).await;
    assert_eq!(holder(&table, &alice).await.as_deref(), Some(holding.id.as_str()), "the slot is unchanged");
}

// Proves: slots
#[tokio::test]
async fn only_its_holder_frees_a_slot_and_freeing_never_fails_the_commit() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let first = call(&table, &alice).await;
    let bob = invitee(&first);
    let other = meeting(Mode::Group, &user("host"), std::slice::from_ref(&alice));
    let slots = vec![SlotWrite::Overwrite(alice.clone())];
    write(&table, &Commit { slots, ..commit(&other) }).await;

    let end = ended(&first);
    let nobody = user("nobody");
    let slots = [&alice, &bob, &nobody].map(|user| SlotWrite::Free(user.clone())).to_vec();
    write(&table, &Commit { slots: slots.clone(), ..commit(&end) }).await;
    assert_eq!(loaded(&table, &end.id).await.map(|loaded| loaded.meeting), Some(end.clone()));
    assert_eq!(holder(&table, &alice).await.as_deref(), Some(other.id.as_str()), "names another meeting");
    assert_eq!(holder(&table, &bob).await, None, "held by this meeting");

    let again = table.commit(&Commit { slots, ..commit(&end) }).await.expect("an answer");
    assert_eq!(present(again), end, "the commit is lost even if no slot is left to free");
}

#[tokio::test]
async fn a_taken_slot_refuses_the_commit_even_beside_a_slot_that_cannot_be_freed() {
    let Server { table, .. } = Server::shared().await;
    let (alice, bob) = (user("alice"), user("bob"));
    call(&table, &alice).await;
    call(&table, &bob).await;
    let third = direct();
    let slots = vec![SlotWrite::Free(alice), take(&bob)];
    let outcome = table.commit(&Commit { slots, ..commit(&third) }).await.expect("an answer");
    assert!(matches!(outcome, CommitResult::SlotTaken), "{outcome:?}");
    assert_eq!(table.meeting(&third.id).await.expect("an answer"), None);
}

// Proves: slots
#[tokio::test(flavor = "multi_thread")]
async fn of_32_concurrent_claims_of_one_slot_exactly_one_succeeds() {
    let Server { table, .. } = Server::shared().await;
    let wanted = user("wanted");
    let calls: Vec<Meeting> =
        (0..32).map(|_| meeting(Mode::Direct, &user("caller"), std::slice::from_ref(&wanted))).collect();
    let commits: Vec<Commit<'_>> = calls
        .iter()
        .map(|call| Commit { slots: vec![take(&call.host), take(&wanted)], ..commit(call) })
        .collect();
    let outcomes = join_all(commits.iter().map(|commit| commit_with_retries(&table, commit))).await;
    let mut won = 0;
    for (call, outcome) in calls.iter().zip(outcomes) {
        let stored = table.meeting(&call.id).await.expect("an answer");
        if matches!(outcome, CommitResult::Done) {
            won += 1;
            assert_eq!(holder(&table, &wanted).await.as_deref(), Some(call.id.as_str()));
        } else {
            assert!(matches!(outcome, CommitResult::SlotTaken), "{outcome:?}");
            assert_eq!((stored, holder(&table, &call.host).await), (None, None), "nothing was written");
        }
    }
    assert_eq!(won, 1);
}

// Proves: largest-request
#[tokio::test]
async fn the_end_of_the_largest_meeting_fits_into_one_transaction() {
    let Server { table, .. } = Server::shared().await;
    let everybody = users(100);
    let mut group = meeting(Mode::Group, &everybody[0], &everybody[1..50]);
    write(&table, &commit(&group)).await;
    for half in everybody.chunks(50) {
        group = next(&group, "a participant was added");
        let slots = half.iter().cloned().map(SlotWrite::Overwrite).collect();
        write(&table, &Commit { slots, ..commit(&group) }).await;
    }
    let end = ended(&group);
    let slots = everybody.iter().cloned().map(SlotWrite::Free).collect();
    write(&table, &Commit { slots, ..commit(&end) }).await;
    let holders = join_all(everybody.iter().map(|user| holder(&table, user))).await;
    let left: Vec<String> = holders.into_iter().flatten().collect();
    // One transaction has at most a hundred items. A slot that names an ended meeting makes no user busy.
    assert!(left.len() <= 1 && left.iter().all(|id| *id == end.id.as_str()), "{left:?}");
}
