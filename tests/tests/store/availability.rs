//! The settings of a user about calls of others.

use crate::fixture::{START_MS, direct, user, users};
use crate::server::Server;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use std::collections::BTreeSet;
use switchboard_core::{Availability, AvailabilityChange};
use switchboard_protocol::limits::MAX_BLOCKED;
use switchboard_protocol::object::WhoMayCall;

#[tokio::test]
async fn settings_are_read_as_they_were_written_and_an_empty_list_is_one() {
    let Server { table, .. } = Server::shared().await;
    let (alice, bob) = (user("alice"), user("bob"));
    assert_eq!(table.availability(&bob).await.expect("an answer"), Availability::default());
    let change = AvailabilityChange {
        who: Some(WhoMayCall::Allowed),
        allowed: Some([alice.clone()].into()),
        do_not_disturb_until_ms: Some(Some(START_MS)),
    };
    let set = table.set_availability(&bob, &change).await.expect("an answer");
    assert_eq!(set, Availability::default().with(&change));
    assert_eq!(table.availability(&bob).await.expect("an answer"), set);
    // The read of a create request returns the settings of the callees.
    let view = table.opening(&direct().id, &[alice.clone(), bob.clone()], Some(&alice), START_MS).await;
    assert_eq!(view.expect("an answer").users[&bob].availability, set);
    let view = table.opening(&direct().id, &[alice.clone(), bob.clone()], Some(&bob), START_MS).await;
    assert_eq!(view.expect("an answer").users[&bob].availability, Availability::default());

    let ended = AvailabilityChange {
        who: Some(WhoMayCall::Everyone),
        allowed: Some(BTreeSet::new()),
        do_not_disturb_until_ms: Some(None),
    };
    assert_eq!(table.set_availability(&bob, &ended).await.expect("an answer"), Availability::default());
    let nothing = table.set_availability(&bob, &AvailabilityChange::default()).await;
    assert_eq!(nothing.expect("an answer"), Availability::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_blocked_at_once_are_all_blocked_and_none_is_lost_by_unblocking_another() {
    let Server { table, .. } = Server::shared().await;
    let (bob, others) = (user("bob"), users(8));
    join_all(others.iter().map(|other| table.block_user(&bob, other))).await;
    let blocked = table.availability(&bob).await.expect("an answer").blocked;
    assert_eq!(blocked, others.iter().cloned().collect());
    let left = table.unblock_user(&bob, &others[0]).await.expect("an answer").blocked;
    assert_eq!(left, others[1..].iter().cloned().collect());
    for other in &others[1..] {
        table.unblock_user(&bob, other).await.expect("an answer");
    }
    assert_eq!(table.unblock_user(&bob, &others[0]).await.expect("an answer"), Availability::default());
}

#[tokio::test]
async fn a_full_list_takes_no_other_user_and_repeats_the_known_ones() {
    let server = Server::shared().await;
    let (table, bob, others) = (&server.table, user("bob"), users(MAX_BLOCKED));
    let full = AttributeValue::Ss(others.iter().map(ToString::to_string).collect());
    server.overwrite(&format!("user#{bob}"), "settings", [("blocked".to_owned(), full)].into()).await;
    assert_eq!(table.block_user(&bob, &user("one-more")).await.expect("an answer"), None);
    let again = table.block_user(&bob, &others[7]).await.expect("an answer").expect("blocked before");
    assert_eq!(again.blocked.len(), MAX_BLOCKED);
}
