//! Records that this version cannot read: the error names the record, which is not changed.

use crate::fixture::{START_MS, commit, direct, invitee, leg, next, take, titled, user, write};
use crate::server::{Item, Server};
use aws_sdk_dynamodb::types::AttributeValue;
use switchboard_protocol::object::Reach;
use switchboard_service::ports::{Commit, StoreError};

/// Unexpected forms of a meeting's record.
fn unreadable_attributes() -> Vec<Item> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let number = |value: &str| AttributeValue::N(value.to_owned());
    let one = |name: &str, value: AttributeValue| Item::from([(name.to_owned(), value)]);
    vec![
        one("schema", number("3")),
        one("schema", number("0")),
        one("schema", text("1")),
        one("meeting", text("not a meeting")),
        one("meeting", AttributeValue::M(Item::new())),
        one("pending", AttributeValue::M(one("1", text("not pending")))),
    ]
}

/// Checks that the error names the record.
fn assert_names_record<T: std::fmt::Debug>(outcome: Result<T, StoreError>, key: &str) {
    match outcome {
        Err(StoreError::Unreadable { key: named, .. }) => assert_eq!(named, key),
        other => panic!("{key} cannot be read: {other:?}"),
    }
}

// Proves: unreadable-record
#[tokio::test]
async fn an_unreadable_record_is_an_error_and_is_not_overwritten() {
    let server = Server::shared().await;
    let table = &server.table;
    for attributes in unreadable_attributes() {
        let call = direct();
        write(table, &commit(&call)).await;
        let key = format!("meeting#{}", call.id);
        let item = server.overwrite(&key, "state", attributes).await;

        assert_names_record(table.meeting(&call.id).await, &key);
        assert_names_record(table.meetings(&[call.id.clone()].into()).await, &key);
        assert_names_record(table.opening(&call.id, &[user("alice")], None, START_MS).await, &key);
        let again = titled(&call, "created again");
        assert_names_record(table.commit(&commit(&again)).await, &key);
        let with_slot = Commit { slots: vec![take(&call.host)], ..commit(&again) };
        assert_names_record(table.commit(&with_slot).await, &key);
        assert_eq!(server.item(&key, "state").await, Some(item));
    }
}

// Proves: unreadable-record
#[tokio::test]
async fn a_record_of_a_newer_schema_is_not_changed_by_a_writer_that_read_the_older_one() {
    let server = Server::shared().await;
    let table = &server.table;
    let call = direct();
    write(table, &commit(&call)).await;
    let key = format!("meeting#{}", call.id);
    let newer = Item::from([("schema".to_owned(), AttributeValue::N("3".to_owned()))]);
    let item = server.overwrite(&key, "state", newer).await;

    assert_names_record(table.commit(&commit(&next(&call, "second"))).await, &key);
    let reached = [(leg(&call, &invitee(&call)), Reach::Sent)].into();
    assert_names_record(table.mark_effects_done(&call.id, 1, &reached).await, &key);
    table.correct_due(&call.id, 1, Some(START_MS)).await.expect("no error");
    assert_eq!(server.item(&key, "state").await, Some(item));
}

#[tokio::test]
async fn an_unreadable_slot_is_an_error() {
    let server = Server::shared().await;
    let (table, alice) = (&server.table, user("alice"));
    let key = format!("user#{alice}");
    let broken = Item::from([("slot_meeting".to_owned(), AttributeValue::S("no id!".to_owned()))]);
    let item = server.overwrite(&key, "slot", broken).await;
    assert_names_record(table.slot(&alice).await, &key);
    assert_names_record(
        table.opening(&direct().id, std::slice::from_ref(&alice), None, START_MS).await,
        &key,
    );
    let call = direct();
    table.commit(&Commit { slots: vec![take(&alice)], ..commit(&call) }).await.expect("an answer");
    assert_eq!(server.item(&key, "slot").await, Some(item));
}

#[tokio::test]
async fn an_unreadable_device_is_left_out() {
    let server = Server::shared().await;
    let (table, alice) = (&server.table, user("alice"));
    let phone = crate::fixture::device(&alice, "phone");
    table.register_device(&phone, None, START_MS).await.expect("an answer");
    let odd = Item::from([
        ("device:not a client id".to_owned(), AttributeValue::M(Item::new())),
        (format!("device:{phone}2"), AttributeValue::S("no device".to_owned())),
    ]);
    server.overwrite(&format!("user#{alice}"), "devices", odd).await;
    assert_eq!(
        crate::devices::seen_times(table, &alice, START_MS).await.into_keys().collect::<Vec<_>>(),
        [phone]
    );
}
