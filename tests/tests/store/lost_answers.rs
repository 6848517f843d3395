//! Writes whose answer gets lost: the SDK repeats them, and each recognises that it was stored before.

use crate::devices::{connects, first, seen_times};
use crate::fixture::{
    START_MS, commit, device, direct, holder, invitee, leg, loaded, mark, next, pending, take, user, write,
};
use crate::server::Server;
use crate::stack::workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use switchboard_core::{AvailabilityChange, CreateMark, MAX_TOLD_AGAIN, RingLog};
use switchboard_protocol::object::{CallView, Direction, Media, Mode, Reach, WhoMayCall};
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{
    Commit, CommitResult, DeviceSession, DeviceWrite, Due, RingsWrite, SlotWrite, StoreError, Stored,
};

/// Number of attempts of the SDK.
const ATTEMPTS: usize = 3;

/// A write, with the functions of `shared/service/src/dynamodb` that build it.
struct Write {
    name: &'static str,
    functions: &'static [&'static str],
}

const WRITES: [Write; 15] = [
    Write { name: "commit", functions: &["commit_one"] },
    Write {
        name: "commit with slots, parts and a create mark",
        functions: &[
            "commit_in_transaction",
            "meeting_write",
            "slot_write",
            "part_write",
            "part_removal",
            "mark_write",
            "rings_write",
        ],
    },
    Write { name: "create mark", functions: &["put_mark_once"] },
    Write { name: "part of a user", functions: &["keep_part"] },
    Write { name: "effects done", functions: &["write_legs"] },
    Write { name: "count of a repeat", functions: &["count_retelling"] },
    Write { name: "claim of a channel", functions: &["claim_channel"] },
    Write { name: "correction of the index", functions: &["correct_due"] },
    Write { name: "postponement in the index", functions: &["postpone"] },
    Write { name: "connect", functions: &["device_connected", "device_update", "remove_devices"] },
    Write { name: "disconnect", functions: &["device_disconnected", "device_update"] },
    Write { name: "registration", functions: &["register_device"] },
    Write { name: "block", functions: &["block_user", "settings_update"] },
    Write { name: "other settings", functions: &["settings_update"] },
    Write { name: "call history", functions: &["write_batch"] },
];

// Proves: own-write
#[tokio::test]
async fn every_write_whose_answer_gets_lost_recognises_that_it_is_stored() {
    let (server, lost) = Server::losing_answers().await;
    for Write { name, .. } in &WRITES {
        for answers in 1..ATTEMPTS {
            perform(name, &server.table, || lost.lose(answers)).await;
            assert!(lost.are_all_lost(), "{name}: all {answers} answers were lost");
        }
    }
}

// Proves: own-write
#[tokio::test]
async fn a_commit_without_any_answer_is_found_by_reading() {
    let (Server { table, .. }, lost) = Server::losing_answers().await;
    let create = direct();
    lost.lose(ATTEMPTS);
    write(&table, &commit(&create)).await;
    let (second, mark) = (next(&create, "second"), mark());
    lost.lose(ATTEMPTS);
    write(&table, &Commit { mark: Some(&mark), slots: vec![take(&second.host)], ..commit(&second) }).await;
    let taken_back = CreateMark { meeting_id: next(&direct(), "never made").id, ..mark };
    lost.lose(ATTEMPTS);
    let outcome = table.put_mark(&taken_back).await.expect("an answer");
    assert!(matches!(outcome, CommitResult::Done), "{outcome:?}");

    let phone = first(&device(&user("bob"), "phone"), START_MS);
    lost.lose(ATTEMPTS);
    let failed = table.device_connected(&phone, Some(1)).await;
    assert!(matches!(failed, Err(StoreError::Unavailable { .. })), "the invocation is repeated: {failed:?}");
    assert_eq!(table.device_connected(&phone, Some(1)).await.expect("an answer"), DeviceWrite::Repeated);
}

#[tokio::test]
async fn a_commit_of_another_function_is_not_taken_for_the_own_one() {
    let (Server { table, .. }, lost) = Server::losing_answers().await;
    let create = direct();
    write(&table, &commit(&create)).await;
    let second = next(&create, "the same content");
    write(&table, &commit(&second)).await;
    lost.lose(1);
    let outcome = table.commit(&commit(&second)).await.expect("an answer");
    assert!(matches!(outcome, CommitResult::Lost(Some(_))), "{outcome:?}");
}

/// Every function that builds a write is in [`WRITES`], so that none is without a test.
#[test]
fn every_write_has_a_test() {
    const NEEDLES: [&str; 7] = [
        ".update_item()",
        ".put_item()",
        ".delete_item()",
        ".transact_write_items()",
        ".batch_write_item()",
        "condition_expression(",
        "TransactWriteItem::builder()",
    ];
    let folder = workspace().join("shared/service/src/dynamodb");
    let mut writing = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let mut function = String::new();
        for line in fs::read_to_string(&path).expect("a text").lines() {
            if let Some((_, rest)) = line.split_once("fn ") {
                function = rest.split(['(', '<']).next().unwrap_or_default().to_owned();
            }
            // `key_condition_expression` belongs to a query.
            let is_query = line.contains("key_condition_expression(");
            if !is_query && NEEDLES.iter().any(|needle| line.contains(needle)) {
                writing.insert(function.clone());
            }
        }
    }
    let tested: BTreeSet<String> =
        WRITES.iter().flat_map(|write| write.functions).map(|name| (*name).to_owned()).collect();
    assert_eq!(writing, tested, "add each new write to WRITES, and perform it with lost answers");
}

/// Performs a write. `lose` is called just before it, and the result must be that of a write whose answer arrives.
async fn perform(name: &str, table: &Table, lose: impl Fn()) {
    let call = direct();
    match name {
        "commit" => {
            lose();
            write(table, &commit(&call)).await;
            let second = next(&call, "second");
            lose();
            write(table, &commit(&second)).await;
            assert_eq!(loaded(table, &call.id).await.map(|loaded| loaded.meeting), Some(second));
        }
        "commit with slots, parts and a create mark" => {
            write(table, &Commit { slots: vec![take(&invitee(&call))], ..commit(&call) }).await;
            let (second, mark) = (next(&call, "second"), mark());
            let slots = vec![take(&call.host), SlotWrite::Free(invitee(&call))];
            let parts = vec![call.host.clone()];
            lose();
            let gone_parts = vec![invitee(&call)];
            let user = call.host.clone();
            let rings = Some(RingsWrite { user, log: RingLog::default(), seen_version: 0, at_ms: START_MS });
            let second_commit =
                Commit { slots, parts, gone_parts, rings, mark: Some(&mark), ..commit(&second) };
            write(table, &second_commit).await;
            assert_eq!(table.rings(&call.host).await.expect("an answer").version, 1, "counted once");
            assert_eq!(holder(table, &call.host).await, Some(call.id.to_string()));
            assert_eq!(holder(table, &invitee(&call)).await, None);
            let stored = table.meeting(&mark.meeting_id).await.expect("an answer");
            assert_eq!(stored, Some(Stored::Mark(mark)));
            assert_eq!(loaded(table, &call.id).await.map(|loaded| loaded.meeting), Some(second));
        }
        "create mark" => {
            let mark = mark();
            lose();
            let outcome = table.put_mark(&mark).await.expect("an answer");
            assert!(matches!(outcome, CommitResult::Done), "{outcome:?}");
            let other = table.put_mark(&mark).await.expect("an answer");
            assert!(
                matches!(other, CommitResult::Lost(Some(_))),
                "another write of the same mark: {other:?}"
            );
        }
        "part of a user" => {
            lose();
            table.keep_part(&invitee(&call), &call.id, START_MS, START_MS + 60_000).await.expect("an answer");
            let kept = table.meetings_of(&invitee(&call), START_MS).await.expect("an answer");
            assert_eq!(kept, [call.id].into());
        }
        "effects done" => {
            write(table, &Commit { pending: Some(pending(1, &call)), ..commit(&call) }).await;
            let reached = BTreeMap::from([(leg(&call, &invitee(&call)), Reach::Delivered)]);
            lose();
            let stored = table.mark_effects_done(&call.id, 1, &reached).await.expect("an answer");
            assert_eq!(stored.expect("the record exists").pending, BTreeMap::new());
        }
        "count of a repeat" => {
            for _ in 0..MAX_TOLD_AGAIN {
                lose();
                assert!(
                    table.count_retelling(&call.id, 1, START_MS).await.expect("an answer"),
                    "counted once"
                );
            }
            assert!(!table.count_retelling(&call.id, 1, START_MS).await.expect("an answer"));
        }
        "claim of a channel" => {
            for now_ms in [START_MS, START_MS + 30_000] {
                lose();
                let claim = table.claim_channel(&call.id, now_ms - 30_000, now_ms).await;
                assert!(claim.expect("an answer"), "the write is recognised");
                let other = table.claim_channel(&call.id, now_ms - 29_999, now_ms + 1).await;
                assert!(!other.expect("an answer"), "another one comes too early");
            }
        }
        "correction of the index" => {
            write(table, &Commit { due_at_ms: Some(START_MS), ..commit(&call) }).await;
            lose();
            table.correct_due(&call.id, 1, Some(START_MS + 5)).await.expect("an answer");
            let stored = loaded(table, &call.id).await.expect("the record exists");
            assert_eq!(stored.due_at_ms, Some(START_MS + 5));
        }
        "postponement in the index" => {
            write(table, &Commit { due_at_ms: Some(START_MS), ..commit(&call) }).await;
            let due = Due { meeting_id: call.id.clone(), due_at_ms: START_MS };
            lose();
            table.postpone(&due, START_MS + 5).await.expect("an answer");
            table.postpone(&due, START_MS + 9).await.expect("a newer entry is left alone");
            let stored = loaded(table, &call.id).await.expect("the record exists");
            assert_eq!(stored.due_at_ms, Some(START_MS + 5));
        }
        "connect" => {
            let bob = user("bob");
            for at in 0..10 {
                assert!(connects(table, &first(&device(&bob, &format!("d{at}")), START_MS + at)).await);
            }
            lose();
            let last = first(&device(&bob, "last"), START_MS + 10);
            let outcome = table.device_connected(&last, Some(1)).await.expect("an answer");
            assert_eq!(outcome, DeviceWrite::Repeated);
            assert_eq!(seen_times(table, &bob, START_MS).await.len(), 10, "the longest unseen is forgotten");
        }
        "disconnect" => {
            let connection = first(&device(&user("bob"), "phone"), START_MS);
            assert!(connects(table, &connection).await);
            lose();
            let ended = DeviceSession { at_ms: START_MS + 1, ..connection };
            let outcome = table.device_disconnected(&ended).await.expect("an answer");
            assert_eq!(outcome, DeviceWrite::Repeated);
        }
        "registration" => {
            let phone = device(&user("bob"), "phone");
            lose();
            table.register_device(&phone, Some("Bob"), START_MS).await.expect("an answer");
            assert_eq!(seen_times(table, &phone.user(), START_MS).await, [(phone, START_MS)].into());
        }
        "block" => {
            let (bob, mallory) = (user("bob"), user("mallory"));
            lose();
            let blocked = table.block_user(&bob, &mallory).await.expect("an answer").expect("there is room");
            assert_eq!(blocked.blocked, [mallory].into());
            assert_eq!(table.availability(&bob).await.expect("an answer"), blocked);
        }
        "other settings" => {
            let (bob, mallory) = (user("bob"), user("mallory"));
            table.block_user(&bob, &mallory).await.expect("an answer");
            lose();
            let unblocked = table.unblock_user(&bob, &mallory).await.expect("an answer");
            assert!(unblocked.blocked.is_empty());
            let nobody =
                AvailabilityChange { who: Some(WhoMayCall::Nobody), ..AvailabilityChange::default() };
            lose();
            let changed = table.set_availability(&bob, &nobody).await.expect("an answer");
            assert_eq!(changed.who, WhoMayCall::Nobody);
        }
        "call history" => {
            let bob = user("bob");
            let entry = CallView {
                meeting_id: call.id.clone(),
                direction: Direction::In,
                peers: vec![call.host.clone()],
                mode: Mode::Direct,
                media: Media::Audio,
                reason: "completed".to_owned(),
                sip: Some(200),
                device: None,
                invited_ms: Some(START_MS),
                rang_ms: None,
                answered_ms: None,
                started_ms: None,
                joined_ms: None,
                left_ms: None,
                ended_ms: START_MS,
                duration_ms: 0,
                sent: None,
                decline: None,
                text: None,
                missed: None,
                ext: None,
            };
            lose();
            table.write_calls(&[(bob.clone(), entry.clone())]).await.expect("an answer");
            let (calls, _) = table.calls(&bob, None, 9).await.expect("an answer");
            assert_eq!(calls, [entry]);
        }
        other => panic!("{other} is not performed by any arm of this function"),
    }
}
