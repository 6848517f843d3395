//! Call history: newest first, page by page, each call once.

use crate::fixture::{START_MS, direct, user, users};
use crate::server::{Item, Server};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{CallView, Direction, Media, MediaFlags, Mode};
use switchboard_service::ports::StoreError;

/// A call with `peer` that ended at this time.
fn call(peer: &UserId, ended_ms: i64) -> CallView {
    CallView {
        meeting_id: direct().id,
        direction: Direction::Out,
        peers: vec![peer.clone()],
        mode: Mode::Direct,
        media: Media::Audio,
        reason: "completed".to_owned(),
        sip: Some(200),
        device: Some("GID@@@alice.phone".parse().expect("a client ID")),
        invited_ms: None,
        rang_ms: None,
        answered_ms: None,
        started_ms: Some(ended_ms - 1_000),
        joined_ms: Some(ended_ms - 1_000),
        left_ms: Some(ended_ms),
        ended_ms,
        duration_ms: 1_000,
        sent: Some(MediaFlags { audio: true, ..MediaFlags::default() }),
        decline: None,
        text: Some("Wrong number".to_owned()),
        ext: None,
        missed: None,
    }
}

#[tokio::test]
async fn calls_are_read_newest_first_in_pages_that_join_without_a_gap() {
    let Server { table, .. } = Server::shared().await;
    let (alice, bob) = (user("alice"), user("bob"));
    assert_eq!(table.calls(&alice, None, 10).await.expect("an answer"), (Vec::new(), None));
    // Two calls ended in the same millisecond, and one at a time with one digit less.
    let times = [999_999_999_999, START_MS, START_MS, START_MS + 1, START_MS + 2];
    let mut expected: Vec<CallView> = times.map(|at| call(&bob, at)).to_vec();
    let written: Vec<_> = expected.iter().map(|call| (alice.clone(), call.clone())).collect();
    for time in ["once", "twice"] {
        table.write_calls(&written).await.unwrap_or_else(|error| panic!("{time}: {error}"));
    }
    expected.sort_by(|a, b| (b.ended_ms, b.meeting_id.as_str()).cmp(&(a.ended_ms, a.meeting_id.as_str())));

    let (all, _) = table.calls(&alice, None, 50).await.expect("an answer");
    assert_eq!(all, expected);
    let (mut paged, mut from) = (Vec::new(), None);
    loop {
        let (page, next) = table.calls(&alice, from.as_ref(), 2).await.expect("an answer");
        assert!(page.len() <= 2, "{page:?}");
        paged.extend(page);
        let Some(next) = next else { break };
        // The cursor goes to the terminal and comes back as text.
        from = Some(next.to_string().parse().expect("a cursor"));
    }
    assert_eq!(paged, expected);
    assert_eq!(
        table.meetings_of(&alice, START_MS).await.expect("an answer"),
        BTreeSet::new(),
        "an ended meeting is not live"
    );
}

#[tokio::test]
async fn each_user_of_the_largest_meeting_gets_a_history_entry() {
    let Server { table, .. } = Server::shared().await;
    let everybody = users(100);
    let past = call(&everybody[0], START_MS);
    let written: Vec<_> = everybody.iter().map(|user| (user.clone(), past.clone())).collect();
    table.write_calls(&written).await.expect("an answer");
    for user in &everybody {
        assert_eq!(table.calls(user, None, 10).await.expect("an answer").0, std::slice::from_ref(&past));
    }
}

#[tokio::test]
async fn an_invented_cursor_is_not_an_error() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    table.write_calls(&[(alice.clone(), call(&user("bob"), START_MS))]).await.expect("an answer");
    let just_after = format!("{}.x", START_MS + 1);
    for (cursor, found) in [("0.x", 0), ("-1.x", 0), (&*just_after, 1), ("9223372036854775807.x", 1)] {
        let cursor = cursor.parse().expect("a cursor");
        let (calls, _) = table.calls(&alice, Some(&cursor), 10).await.expect("an answer");
        assert_eq!(calls.len(), found, "{cursor}");
    }
}

#[tokio::test]
async fn an_unreadable_history_entry_is_an_error_with_its_key() {
    let server = Server::shared().await;
    let alice = user("alice");
    let broken = Item::from([("call".to_owned(), AttributeValue::S("not a call".to_owned()))]);
    server.overwrite(&format!("user#{alice}"), "call#001795366084000#m", broken).await;
    let outcome = server.table.calls(&alice, None, 10).await;
    assert!(
        matches!(&outcome, Err(StoreError::Unreadable { key, .. }) if key.contains("call#001795366084000#m")),
        "{outcome:?}"
    );
}
